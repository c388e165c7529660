# SPDX-License-Identifier: BSD-2-Clause
"""Timeouts on the emulated machine's clock; the client checks them itself."""
import pytest


def test_timeouts_come_in_time_and_in_order_beside_a_hasty_client(boot):
    machine = boot("timer")
    machine.wait_for(r"ticker: 100 periods, 58 single, worst \d+ us late", "ticker: ok",
                     r"hasty: 32064 expiries in 50\d ms")
    assert "FAILED" not in machine.text


def test_when_all_is_done_no_timer_runs(sdk, boot):
    if not sdk.is_devkit:
        pytest.skip("seL4 keeps a timer of its own running")
    machine = boot("timer")
    machine.wait_for("ticker: ok", "qemu-system-aarch64: warning: .*no active timers")
