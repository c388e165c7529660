# SPDX-License-Identifier: BSD-2-Clause
"""Drivers, virtualisers and a copier that crash in the middle of it, three times each:
the server goes on, and every byte is right; without copiers, too."""
import subprocess
import time
from pathlib import Path

import pytest

import harness

HTTPLOAD = Path(__file__).parent / "httpload.c"


@pytest.mark.parametrize("programs", [
    ["virtio_blk", "arm_timer", "timer_virt"], ["block_virt"], ["virtio_net", "net_tx_virt"],
    ["net_rx_virt", "net_copier"], ["net_rx_copy_virt"]], ids=" ".join)
def test_crashes_cost_only_time(boot, sdk, many_files, many_disk, tmp_path, programs):
    system = tmp_path / "system.yaml"
    copying = "virtualiser" if "net_rx_copy_virt" in programs else "copiers"
    system.write_text(harness.EXAMPLE.read_text().replace(
        "node: /virtio_mmio@a003e00}", f"node: /virtio_mmio@a003e00, copying: {copying}}}"))
    image = harness.compose(sdk, system, tmp_path, {p: f"crashing_{p}" for p in programs})
    machine = boot(sdk, many_disk, image=image)
    machine.wait_for("web: serving 1000 files")
    crashes = 3 * len(programs)
    end = time.monotonic() + 60
    while machine.text.count("supervisor: ") < crashes and time.monotonic() < end:
        done = subprocess.run([harness.tool(HTTPLOAD), str(machine.http), many_files, "16", "300",
                               "0"], capture_output=True, text=True, timeout=100)
        assert done.stdout.split()[:2] == ["300", "0"], done.stderr[-2000:] + machine.text[-2000:]
    assert machine.text.count("supervisor: ") >= crashes, machine.text[-2000:]
    assert machine.get("/folder-3/file-3.bin")[2] == (many_files / "folder-3/file-3.bin").read_bytes()
