# SPDX-License-Identifier: BSD-2-Clause
"""What is the development kernel's own: its words, its needs, its cost, its size."""
import subprocess
from pathlib import Path

import pytest
from sdks import ROOT
from systems import BY_NAME, System, boot, build, qemu_command, read_until, said

BANNER = "Quoll development kernel, not seL4: for testing only"
COST = System(Path(__file__).parent / "cost")
HOSTILE = System(Path(__file__).parent / "hostile")
TIME_USED = System(Path(__file__).parent / "time_used")


def run(sdk, system, config="debug", **how):
    return boot(build(sdk, system, config) / "loader.img", **how)


@pytest.mark.parametrize("config", ["release", "benchmark"])
def test_only_debug_speaks(devkit, config):
    assert run(devkit, BY_NAME["fault_alone"], config, until="only\n", patience=1) == [BANNER]


def test_fault_without_a_parent(devkit):
    """The kernel says so, and the others go on."""
    assert run(devkit, BY_NAME["fault_alone"]) == [
        BANNER,
        "| faulty: init",
        "faulty: refused: send on handle 300",
        "faulty: fault: write 0x4000008, not permitted; pc 0x200000 esr 0x93c0804f",
        "| other: init",
        "| end",
    ]


def test_needs_el2(devkit):
    image = build(devkit, BY_NAME["preempt"]) / "loader.img"
    command = [word.replace(",virtualization=on", "") for word in qemu_command(image)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as qemu:
        try:
            assert read_until(qemu.stdout, "\n") == [
                "loader: must start at EL2 (qemu -machine virt,virtualization=on)"]
        finally:
            qemu.kill()


def test_cost_of_a_notification(devkit):
    """Instructions, those of both programs included."""
    costs = [int(line.split()[-1]) for line in said(run(devkit, COST))]
    assert costs[0] < 450 and costs[1] < 300, costs


def test_time_that_a_child_has_used(devkit):
    assert said(run(devkit, TIME_USED, "benchmark")) == ["at first: little", "then: as long as it ran"]


def test_size():
    """Kernel, library, tool and instruments, without what is shared with quoll."""
    files = subprocess.run(["git", "ls-files", "devkit"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split()
    lines = sum(len((ROOT / file).read_text().splitlines()) for file in files)
    assert lines <= 5000


def test_hostile(devkit):
    """Every system call, every class of argument: no harm to kernel and neighbour."""
    lines = run(devkit, HOSTILE, seconds=120)
    assert said(lines) == [
        "hostile: tried all classes",
        "hostile: tried at random",
        "neighbour: wrong 0",
        "neighbour: was woken often",
        "parent: saw its faults",
    ]
    assert not [line for line in lines if line.startswith("kernel:")]
