# SPDX-License-Identifier: BSD-2-Clause
"""Clients that fault: restarted from a clean state, or stopped for good."""


def test_a_faulty_client_is_restarted_clean_and_others_do_not_notice(boot):
    machine = boot("faults")
    machine.wait_for("faulty: well at last", "steady: ok")
    assert [line for line in machine.lines if line.startswith("faulty: ")] == [
        "faulty: life 1, clean", "faulty: life 2, clean", "faulty: life 3, clean",
        "faulty: life 4, clean", "faulty: life 5, clean", "faulty: well at last"]


def test_the_supervisor_says_what_happened(boot):
    machine = boot("faults")
    machine.wait_for(
        r"supervisor: faulty wrote 0x12345678 at pc 0x2\w+: begins life 2",
        r"supervisor: faulty read 0x2468000 at pc 0x2\w+: begins life 3",
        r"supervisor: faulty fetched code 0x3000 at pc 0x3000: begins life 4",
        r"supervisor: faulty gave up: brk, .*: begins life 5")


def test_a_hopeless_client_is_stopped(boot):
    machine = boot("faults")
    machine.wait_for(
        r"supervisor: hopeless wrote 0x87654320 at pc 0x2\w+: stopped for good; faults in a row: 6",
        "steady: ok")
    assert sum("hopeless wrote" in line for line in machine.lines) == 6
