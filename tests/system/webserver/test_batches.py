# SPDX-License-Identifier: BSD-2-Clause
"""What comes at once is passed on at once: a notification per hop for a batch, not per packet.

Counted, not timed: while the machine stands still a batch of datagrams gathers before it; all
of them are there when it goes on.
"""
import socket
import time

import pytest

import harness

BATCH = 32
BATCHES = 20
HOPS = ("nic_driver", "nic_rx", "echo_nic_copy", "echo", "nic_tx")
LOOK = 40  # notifications that one look at the counters takes, over HTTP, at most


@pytest.fixture
def machine(boot, sdk, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("batches")
    machine = boot(sdk, harness.make_disk(tmp_path / "site", tmp_path / "site.img"))
    machine.wait_for("web: serving 1 files", "echo: listening on .*")
    return machine


def unread(port):
    """Bytes that wait in the socket of a UDP port (proc(5), /proc/net/udp)."""
    with open("/proc/net/udp") as file:
        for line in list(file)[1:]:
            fields = line.split()
            if int(fields[1].split(":")[1], 16) == port:
                return int(fields[4].split(":")[1], 16)
    raise AssertionError(f"nobody listens on UDP port {port}")


def echo_batch(machine, s, batch):
    machine.emulator("stop")
    sent = {b"%06d" % (batch * BATCH + n) for n in range(BATCH)}
    for data in sent:
        s.send(data)
    while unread(machine.udp) > 0:
        time.sleep(0.001)
    machine.emulator("cont")
    assert {s.recv(100) for _ in range(BATCH)} == sent


def signals(machine):
    counters = machine.counters()
    return {name: counters[name][0]["signals"] for name in HOPS}


def test_a_batch_takes_a_notification_per_hop(machine):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", machine.udp))
        s.settimeout(20)
        s.send(b"first")  # and all who have to know addresses do
        assert s.recv(100) == b"first"
        before = signals(machine)
        for batch in range(1, BATCHES + 1):
            echo_batch(machine, s, batch)
        after = signals(machine)
    sent = {name: after[name] - before[name] for name in HOPS}
    print("notifications for", BATCHES, "batches:", sent)
    # Nobody notifies more than twice per batch: the next, and whoever waits for room.
    for name in ("echo_nic_copy", "echo"):
        assert BATCHES <= sent[name] <= 2 * BATCHES, sent
    assert sum(sent.values()) <= 2 * len(HOPS) * BATCHES + LOOK, sent
