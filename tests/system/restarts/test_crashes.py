# SPDX-License-Identifier: BSD-2-Clause
"""Drivers and virtualisers that crash: their clients' service goes on."""
import pytest


def crashes(machine, name):
    return sum(line.startswith(f"supervisor: {name} wrote 0x12345678") for line in machine.lines)


@pytest.mark.parametrize("program, pd", [("arm_timer", "clock_driver"), ("timer_virt", "clock_virt")])
def test_no_timeout_is_lost_when_a_part_of_the_timer_crashes(boot, program, pd):
    machine = boot("restarts", replace={program: f"crashing_{program}"})
    machine.wait_for(r"ticker: 100 periods, 58 single, worst \d+ us late", "ticker: ok")
    assert crashes(machine, pd) == 3


@pytest.mark.parametrize("program, pd", [("pl011", "console_driver"), ("serial_tx_virt", "console_tx")])
def test_the_console_comes_back_when_a_part_of_it_crashes(boot, program, pd):
    machine = boot("restarts", replace={program: f"crashing_{program}"})
    machine.wait_for("ticker: ok")
    assert crashes(machine, pd) == 3
