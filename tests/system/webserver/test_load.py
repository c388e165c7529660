# SPDX-License-Identifier: BSD-2-Clause
"""Many files over many connections, every byte compared; alone and under a flood."""
import hashlib
import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

import harness

HTTPLOAD = Path(__file__).parent / "httpload.c"
UDPLOAD = harness.ROOT / "bench" / "udpload.c"


@pytest.fixture(scope="module")
def machine(sdk, many_disk, tmp_path_factory):
    machine = harness.WebMachine(tmp_path_factory.mktemp("machine"), harness.image(sdk), many_disk)
    yield machine.wait_for("web: serving 1000 files")
    machine.stop()


def load(machine, folder, connections, requests, close_every=0):
    done = subprocess.run([harness.tool(HTTPLOAD), str(machine.http), folder, str(connections),
                           str(requests), str(close_every)],
                          capture_output=True, text=True, timeout=150)
    answered, failed, _, _ = done.stdout.split()
    assert (int(answered), int(failed)) == (requests, 0), done.stderr[-3000:]


def test_all_files_are_equal_by_sha256(machine, many_files):
    for path in sorted(many_files.rglob("*.bin"))[::25] + list(many_files.rglob("file-[0127].bin")):
        status, headers, body = machine.get("/" + str(path.relative_to(many_files)))
        assert status == 200
        assert int(headers["Content-Length"]) == path.stat().st_size
        assert hashlib.sha256(body).digest() == hashlib.sha256(path.read_bytes()).digest()


def test_ten_thousand_requests_over_64_connections(machine, many_files):
    load(machine, many_files, 64, 10000)


def test_connections_that_come_and_go(machine, many_files):
    load(machine, many_files, 32, 1000, close_every=1)


def test_while_echo_is_flooded(machine, many_files):
    flood = subprocess.Popen([harness.tool(UDPLOAD), str(machine.udp), "512", "1000000000", "64"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        load(machine, many_files, 64, 3000)
        assert flood.poll() is None
    finally:
        flood.kill()
        flood.wait()


def test_udp_echo(machine):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", machine.udp))
        s.settimeout(10)
        for size in (0, 1, 133, 150, 151, 192, 511, 1472):
            data = os.urandom(size)
            s.send(data)
            assert s.recv(4096) == data


def test_tcp_echo_of_many_at_once(machine):
    data = os.urandom(1 << 20)
    results = []

    def connect():
        """One after the other: QEMU's user network listens with a backlog of one."""
        s = socket.create_connection(("127.0.0.1", machine.tcp), timeout=60)
        s.sendall(b"?")
        assert s.recv(1) == b"?"
        return s

    def talk(s):
        with s:
            sender = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
            sender.start()
            results.append(harness.read_all(s) == data)
            sender.join()

    threads = [threading.Thread(target=talk, args=[connect()]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8


def test_the_counters_say_what_happened(machine):
    counters = machine.counters()
    assert counters["web"][0]["wakeups"] > 1000
    for name, (_, links) in counters.items():
        for link in links:
            assert link["broken"] == 0, name
            assert link["refused"] == 0, name
    assert counters["supervisor"][0]["resets"] == 0
