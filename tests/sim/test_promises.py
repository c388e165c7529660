# SPDX-License-Identifier: BSD-2-Clause
"""The simulator keeps what the conformance suite asks of kernels (tests/conformance): the
promises that need no protected calls, no instructions and no devices of the machine."""
import shutil

import pytest

import simulator

SUITE = simulator.ROOT / "tests" / "conformance"


@pytest.mark.parametrize("name", ["budget_out", "budget_saved", "channel_order", "child_none", "coalesce", "console",
                                  "deferred_notify", "init_first", "no_preempt", "preempt"])
def test_promise_is_kept(tmp_path, name):
    folder = SUITE / "systems" / name
    for source in folder.glob("*.c"):
        simulator.compile_checked([source, SUITE / "defaults.c"], tmp_path / f"{source.stem}.elf", "-I",
                                  simulator.ROOT / "tests" / "sim" / "conformance")
    shutil.copy(folder / f"{name}.system", tmp_path / "system.system")
    done = simulator.run(tmp_path, "--until", 20)
    said = [line[2:] for line in done.lines if line.startswith("| ") and line != "| end"]
    expected = (folder / "expected").read_text().splitlines()
    assert said == [line for line in expected if not line.startswith("console ")]
