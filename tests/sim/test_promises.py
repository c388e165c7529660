# SPDX-License-Identifier: BSD-2-Clause
"""The simulator keeps what the conformance suite asks of kernels (tests/conformance): the
promises that need no instructions, registers or devices of the machine and no words of the
kernel's own. Two that it does not keep: a fault of a protection domain without a parent
ends a run (fault_missing), and a deferred signal to a channel that is not there is found
out when it is sent (refused_channel)."""
import re

import pytest

import simulator

SUITE = simulator.ROOT / "tests" / "conformance"


@pytest.mark.parametrize("name", [
    "budget", "budget_out", "budget_pieces", "budget_saved", "call_blocks", "call_nested", "call_queue", "call_words",
    "channel_order", "child_none", "coalesce", "console", "deferred_answer", "deferred_notify", "fault_answer",
    "init_first", "no_preempt", "passive", "passive_time", "preempt", "restart", "stop", "turns"])
def test_promise_is_kept(tmp_path, name):
    folder = SUITE / "systems" / name
    for source in folder.glob("*.c"):
        simulator.compile_checked([source, SUITE / "defaults.c"], tmp_path / f"{source.stem}.elf", "-I",
                                  simulator.ROOT / "tests" / "sim" / "conformance")
    description = (folder / f"{name}.system").read_text()
    # Where the simulator has regions.
    description = re.sub(r'vaddr="0x([45]000000)"', r'vaddr="0x1\1"', description)
    (tmp_path / "system.system").write_text(description)
    # A loop with nothing in it is found by its use of the processor, which takes a while.
    for mode in [[]] if name == "budget" else [[], ["--processes"]]:
        assert_kept(folder, simulator.run(tmp_path, "--until", 20, *mode))


def assert_kept(folder, done):
    said = [line[2:] for line in done.lines if line.startswith("| ") and line != "| end"]
    expected = (folder / "expected").read_text().splitlines()
    assert said == [line for line in expected if not line.startswith("console ")]
