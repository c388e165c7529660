# SPDX-License-Identifier: BSD-2-Clause
"""What a system does: the same on the development SDK and on the official one.

Each folder below systems/ says in `expected` what its programs say.
"""
import subprocess

import pytest
from devkit_sdk import HERE, QEMU, read_until

SYSTEMS = sorted(path.parent.name for path in HERE.glob("systems/*/expected"))
BANNER = "Quoll development kernel, not seL4: for testing only"


@pytest.mark.parametrize("name", SYSTEMS)
def test_system(sdk, name):
    expected = (HERE / "systems" / name / "expected").read_text().splitlines()
    assert sdk.said(name) == expected


def test_a_channel_that_is_not_there_is_refused(sdk):
    lines = sdk.boot("hello")
    assert "hello microkit_notify: invalid channel given '3'" in lines
    assert "hello microkit_irq_ack: invalid channel given '70'" in lines


def test_first_line(devkit):
    assert devkit.boot("hello")[0] == BANNER


@pytest.mark.parametrize("config", ["release", "benchmark"])
def test_only_debug_speaks(devkit, config):
    assert devkit.boot("orphan", config=config, until="only\n", patience=1) == [BANNER]


def test_fault_without_a_parent(devkit):
    """The kernel says so, and the others go on."""
    assert devkit.boot("orphan") == [
        BANNER,
        "| faulty: init",
        "faulty: refused: send on handle 300",
        "faulty: fault: write 0x4000008, not permitted; pc 0x200000 esr 0x93c0804f",
        "| other: init",
        "| end",
    ]


def test_needs_el2(devkit):
    image = devkit.build("hello") / "loader.img"
    machine = [word.replace(",virtualization=on", "") for word in QEMU]
    with subprocess.Popen([*machine, "-device", f"loader,file={image},addr=0x70000000,cpu-num=0"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as qemu:
        try:
            assert read_until(qemu.stdout, "\n") == [
                "loader: must start at EL2 (qemu -machine virt,virtualization=on)"]
        finally:
            qemu.kill()


def test_cost_of_a_notification(devkit):
    """Instructions, those of both programs included."""
    costs = [int(line.split()[-1]) for line in devkit.said("cost")]
    assert costs[0] < 450 and costs[1] < 300, costs
