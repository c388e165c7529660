# SPDX-License-Identifier: BSD-2-Clause
"""Clients that use up their time, their stack, or would run what they wrote: whoever does not
depend on them is served on time."""
import re

PAGE = 4096
STACK = 32 << 10


def test_a_start_without_end_costs_nobody_above_it(boot):
    """steady checks 158 timeouts, each within 5 ms, for a second."""
    boot("exhaustion").wait_for("steady: 100 periods, 58 single, worst [0-9]+ us late", "steady: ok")


def test_a_stack_that_is_used_up_ends_in_the_guard(boot):
    machine = boot("exhaustion").wait_for("deep: well again", "steady: ok")
    top = int(re.search(r"deep: stack ends at (0x\w+)", machine.text)[1], 16)
    wrote = [int(at, 16) for at in re.findall(r"deep wrote (0x\w+) at pc 0x2\w+: begins life 2", machine.text)]
    assert wrote == [top - STACK - 8]


def test_nothing_that_was_written_runs(boot):
    machine = boot("exhaustion").wait_for("code: gave it up", "steady: ok")
    assert "NOT STOPPED" not in machine.text
    faults = re.findall(r"code (fetched code|wrote) (0x\w+) at pc (0x\w+): begins life (\d)", machine.text)
    assert [(what, life) for what, _, _, life in faults] == [
        ("fetched code", "2"), ("fetched code", "3"), ("fetched code", "4"), ("wrote", "5")]
    assert all(at == pc for what, at, pc, _ in faults if what == "fetched code")
