# SPDX-License-Identifier: BSD-2-Clause
"""Floods through real devices (as QEMU models them), all at once: frames for everybody, for
each client, for nobody and without sense; beginnings of TCP connections; UDP to the echo
server; connections that come and go; and a console that one client never leaves alone.
What is asked for meanwhile is served, every byte right."""
import os
import random
import re
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

import harness

HERE = Path(__file__).parent
HTTPLOAD = HERE.parent / "webserver" / "httpload.c"
REQUESTS = 600
BROADCAST, NOBODY = b"\xff" * 6, bytes.fromhex("525400abcdef")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    chance = random.Random(5)
    for n in range(40):
        (folder / f"{n}.bin").write_bytes(chance.randbytes(int(2 ** chance.uniform(0, 17))))
    return folder


@pytest.fixture(scope="module")
def machine(sdk, site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("machine")
    disk = harness.make_disk(site, folder / "site.img")
    running = harness.WebMachine(folder, harness.compose(sdk, HERE / "system.yaml", folder), disk, raw_net=True)
    yield running.wait_for("web: serving 40 files", seconds=120)
    running.stop()


class Flood(threading.Thread):
    """Calls `send` again and again until told to stop, not faster than the machine can notice."""

    def __init__(self, machine, send):
        super().__init__(daemon=True)
        self.machine, self.send = machine, send(machine)
        self.sent, self.over = 0, threading.Event()

    def run(self):
        while not self.over.is_set():
            try:
                self.send(self.sent)
            except OSError:
                pass
            self.sent += 1
            if self.sent % 20 == 0:
                self.machine.let_work(0.005)


def frames(machine):
    chance = random.Random(6)

    def send(n):
        to = (BROADCAST, harness.WEB_MAC, harness.ECHO_MAC, NOBODY, b"\x01\x00\x5e\x00\x00\x01")[n % 5]
        kind = (0x0800, 0x0806, 0x86dd, chance.randrange(65536))[n // 5 % 4]
        machine.put(to + bytes.fromhex("525400123456") + struct.pack(">H", kind) +
                    chance.randbytes(chance.choice((0, 46, 100, 1500))))
    return send


def datagrams(machine):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setblocking(False)
    return lambda n: s.sendto(os.urandom(n % 1400), ("127.0.0.1", machine.udp))


def connections(machine):
    """Opened, fed a little, and left or dropped."""
    kept = []

    def send(n):
        s = socket.create_connection(("127.0.0.1", machine.tcp), timeout=2)
        s.send(b"x" * (n % 100))
        kept.append(s)
        if len(kept) > 20:
            kept.pop(0).close()
        time.sleep(0.02)
    return send


def echoed(machine, tries=40):
    """How many of the datagrams sent, one at a time, came back: a flood may drop any of them."""
    back = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", machine.udp))
        s.settimeout(1)
        for n in range(tries):
            data = b"%d " % n + os.urandom(500)
            s.send(data)
            try:
                answer = s.recv(2048)
            except TimeoutError:
                continue
            assert answer[answer.index(b" "):] and len(answer) == len(data)
            back += answer == data
    return back


def test_all_floods_at_once(machine, site):
    floods = [Flood(machine, send) for send in (frames, datagrams, connections)]
    chattered = machine.text.count("chatter: no end of this")
    for flood in floods:
        flood.start()
    done = subprocess.run([harness.tool(HTTPLOAD), str(machine.http), site, "8", str(REQUESTS), "0"],
                          capture_output=True, text=True, timeout=280)
    back = echoed(machine)
    for flood in floods:
        flood.over.set()
        flood.join(10)
    answered, failed, _, _ = done.stdout.split()
    print(f"floods: {floods[0].sent} frames, {floods[1].sent} datagrams, {floods[2].sent} connections; "
          f"served meanwhile: {answered} of {REQUESTS} files, {back} of 40 echoes")
    assert (int(answered), int(failed)) == (REQUESTS, 0), done.stderr[-3000:]
    assert back > 0
    assert all(flood.sent > 100 for flood in floods)
    assert machine.text.count("chatter: no end of this") > chattered
    assert not re.search("begins life|stopped for good", machine.text)


def test_afterwards_all_is_as_before(machine, site):
    done = subprocess.run([harness.tool(HTTPLOAD), str(machine.http), site, "8", "200", "0"],
                          capture_output=True, text=True, timeout=200)
    assert done.stdout.split()[:2] == ["200", "0"], done.stderr[-3000:]
    assert echoed(machine) == 40
    counters = machine.counters()
    for name in ("web", "echo", "nic_rx", "nic_tx", "disk_virt", "console_tx"):
        assert all(link["broken"] == 0 for link in counters[name][1]), name
