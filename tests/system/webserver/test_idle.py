# SPDX-License-Identifier: BSD-2-Clause
"""An idle system is woken by nothing but its clients' own timeouts; the counters show it."""
import time

import pytest

import harness

IDLE = 15  # seconds
SLACK = 6  # wake-ups by which one look at the counters may differ from another (ARP)


@pytest.fixture
def machine(boot, sdk, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("idle")
    machine = boot(sdk, harness.make_disk(tmp_path / "site", tmp_path / "site.img"))
    machine.wait_for("web: serving 1 files", "echo: listening on .*")
    machine.get("/")
    time.sleep(2)  # until what the start has asked for is over
    return machine


def difference(before, after, counter):
    return {name: after[name][0][counter] - before[name][0][counter] for name in after}


def test_only_the_clients_own_timeouts_wake_an_idle_system(machine):
    first = machine.counters()
    second = machine.counters()
    time.sleep(IDLE)
    third = machine.counters()
    look = difference(first, second, "wakeups")
    idle = difference(second, third, "wakeups")
    expired = difference(second, third, "timeouts")
    asked = expired["web"] + expired["echo"]

    # The clients: each wake-up is a timeout of their own.
    for name in ("web", "echo"):
        assert 0 < expired[name] <= IDLE * 1.5
        assert idle[name] <= expired[name] + look[name] + SLACK, name
    # The timer: an expiry and a new request for each timeout.
    assert difference(second, third, "interrupts")["clock_driver"] <= asked + SLACK
    for name in ("clock_driver", "clock_virt"):
        assert idle[name] <= 2 * asked + look[name] + SLACK, name
    # Everybody else: nothing at all.
    others = set(idle) - {"web", "echo", "clock_driver", "clock_virt"}
    assert {name: idle[name] for name in others if idle[name] > look[name] + SLACK} == {}
    assert idle["disk_driver"] == idle["disk_virt"] == 0
