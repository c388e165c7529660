# SPDX-License-Identifier: BSD-2-Clause
"""The last look at the composed system finds what must not be, whoever composed it."""

import pathlib
import subprocess

import pytest
from conftest import ROOT
from test_system import GOOD, with_copying

AT_CLIENT = "system.yaml:8:3: "
BROKEN = [
    ("second_writer", [
        "system.yaml: web-to-clock_virt has 2 writers, not one",
        "system.yaml:4:3: clock_virt may not write web-to-clock_virt"]),
    ("no_writer", ["system.yaml: web-to-clock_virt has 0 writers, not one"]),
    ("writable_lives", [
        "system.yaml: lives has 2 writers, not one", AT_CLIENT + "web may not write lives"]),
    ("driver_sees_data", ["system.yaml:5:3: nic_driver may not read nic-pool"]),
    ("client_sees_pool", [AT_CLIENT + "web may not read nic-pool"]),
    ("copier_writes_pool", [AT_CLIENT + "web_nic_copy may not write nic-pool"]),
    ("copier_writes_tx", [AT_CLIENT + "web_nic_copy may not write web-nic-tx"]),
    ("virtualiser_writes_rx", ["system.yaml:5:3: nic_rx may not write web-nic-rx"]),
    ("other_client_sees_data", ["system.yaml:9:3: echo may not read web-nic-rx"]),
    ("other_copier_sees_data", ["system.yaml:9:3: echo_nic_copy may not read web-nic-rx"]),
    ("client_sees_device", [AT_CLIENT + "web may not read mmio-9000000"]),
    ("virtualiser_sees_rings", ["system.yaml:5:3: nic_rx may not read nic_driver-dma"]),
    ("eavesdropper", ["system.yaml:9:3: echo may not read web-to-clock_virt"]),
    ("unasked_observer", ["system.yaml:9:3: echo may not read web-counters"]),
    ("overlap", [AT_CLIENT + "web: lives and web-nic-rx overlap"]),
    ("misaligned", [AT_CLIENT + "web: lives at 0x10a0b010 is misplaced"]),
    ("over_the_program", [AT_CLIENT + "web: lives at 0x200000 is misplaced"]),
    ("into_the_stack", [AT_CLIENT + "web: lives at 0xfffffff000 is misplaced"]),
    ("many_channels", [
        "system.yaml:5:3: nic_rx: 63 links and interrupts; the Microkit has at most 62"]),
    ("client_above_virtualiser", [
        AT_CLIENT + "web (priority 120) must be below web_nic_copy (110)",
        AT_CLIENT + "web (priority 120) must be below nic_tx (120)",
        AT_CLIENT + "web (priority 120) must be below disk_virt (120)",
        AT_CLIENT + "web (priority 120) must be below console_tx (120)"]),
    ("above_the_supervisor", [
        "system.yaml:4:3: clock_driver (priority 200) must be below supervisor (200)"]),
]
# With the copying virtualiser, which may write what clients receive.
BROKEN_COPYING = [
    ("copying_writes_tx", ["system.yaml:5:3: nic_rx may not write web-nic-tx"]),
    ("sending_writes_rx", ["system.yaml:5:3: nic_tx may not write web-nic-rx"]),
    ("other_client_sees_data", ["system.yaml:9:3: echo may not read web-nic-rx"]),
    ("client_sees_pool", [AT_CLIENT + "web may not read nic-pool"]),
    ("driver_sees_received", ["system.yaml:5:3: nic_driver may not read web-nic-rx"]),
]


@pytest.fixture(scope="module")
def break_system(tmp_path_factory):
    """The command's own files with another main()."""
    out = tmp_path_factory.mktemp("break")
    files = [f for f in [*(ROOT / "tool").glob("*.c"), *(ROOT / "tool/lib").glob("*.c")]
             if f.name not in ("main.c", "board.c")]
    files += [ROOT / "block/gpt.c", ROOT / "block/gpt_reader.c"]
    (out / "board.c").write_text('#include "board.h"\nconst struct board boards[] = {'
                                 '{"qemu_virt_aarch64", "linux,dummy-virt"}};\n'
                                 'const size_t board_count = 1;\n')
    subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-g", "-fsanitize=address,undefined",
                    "-fno-sanitize-recover=all", f"-I{ROOT}/tool", f"-I{ROOT}/include", f"-I{ROOT}",
                    str(pathlib.Path(__file__).parent / "break_system.c"), str(out / "board.c"),
                    *map(str, files), "-o", str(out / "break_system"), "-lyaml", "-lfdt", "-lelf"],
                   check=True)
    return str(out / "break_system")


def judge(tool, break_system, text, how):
    (tool.directory / "system.yaml").write_text(text)
    done = subprocess.run([break_system, "check", *map(str, tool.arguments(how))],
                          cwd=tool.directory, capture_output=True, text=True,
                          env={"ASAN_OPTIONS": "detect_leaks=0"})
    assert done.returncode == 1
    return done.stderr.splitlines()


@pytest.mark.parametrize("how, messages", BROKEN, ids=[b[0] for b in BROKEN])
def test_broken(tool, break_system, how, messages):
    assert judge(tool, break_system, GOOD, how) == messages


@pytest.mark.parametrize("how, messages", BROKEN_COPYING, ids=[b[0] for b in BROKEN_COPYING])
def test_broken_with_copying(tool, break_system, how, messages):
    assert judge(tool, break_system, with_copying(GOOD, "virtualiser"), how) == messages
