# SPDX-License-Identifier: BSD-2-Clause
"""The web server example in the simulator and in QEMU, beside each other: how soon it answers
after its start, and how fast it serves the same load.

    speed.py --simulator COMMAND --emulator COMMAND

Each COMMAND starts the system without network and disk, which are added here. The load is
small files over one connection that is kept, then a large one; the two take turns, and the
median of the rounds counts. Beside wall-clock times stand the seconds of processor time that
the server's processes used, since others may be at work. The status is 1 if the simulator is
slower in anything by either clock, or takes more than a second to start.
"""
import argparse
import os
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LARGE = 4 << 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Connection:
    """HTTP/1.1 over one connection, as little of it as the example needs."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path):
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.receive()
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise OSError(head)
        length = int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))[15:])
        parts, got = [body], len(body)
        while got < length:
            parts.append(self.receive())
            got += len(parts[-1])
        return b"".join(parts)

    def receive(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise OSError("closed")
        return data


def used_by(pid):
    """Seconds of all its threads."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


class Server:
    def __init__(self, name, command, port):
        self.name, self.port = name, port
        self.begun = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def wait(self, index):
        while True:
            try:
                if Connection(self.port).get("/") == index:
                    return time.monotonic() - self.begun
            except OSError:
                time.sleep(0.005)
            if time.monotonic() > self.begun + 120 or self.process.poll() is not None:
                sys.exit(f"{self.name} does not answer")

    def used(self):
        """By the process and by its children: the simulator's network is one."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(used_by(one) for one in [pid, *children])

    def measure(self, path, times):
        """Seconds on the wall and of processor time, per file."""
        connection = Connection(self.port)
        connection.get(path)
        wall, used = time.monotonic(), self.used()
        for _ in range(times):
            connection.get(path)
        return (time.monotonic() - wall) / times, (self.used() - used) / times

    def stop(self):
        self.process.kill()
        self.process.wait()


def commands(options, disk):
    """Name, port and command of each."""
    port = free_port()
    yield "simulator", port, shlex.split(options.simulator) + [
        "--pace", "--device", f"nic=net=user,forward=tcp:{port}:10.0.2.16:80", "--device", f"disk=file={disk}"]
    port = free_port()
    yield "QEMU", port, shlex.split(options.emulator) + [
        "-drive", f"if=none,id=disk,format=raw,readonly=on,file={disk}",
        "-device", "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0",
        "-netdev", f"user,id=nic,hostfwd=tcp:127.0.0.1:{port}-10.0.2.16:80",
        "-device", "virtio-net-device,netdev=nic,bus=virtio-mmio-bus.31"]


def rounds(servers, options):
    """For each server: by load, the medians of both clocks."""
    loads = {"small": ("/style.css", options.small), "large": ("/large", options.large)}
    taken = {(server.name, load): [] for server in servers for load in loads}
    for _ in range(options.rounds):
        for load, (path, times) in loads.items():
            for server in servers:
                taken[server.name, load].append(server.measure(path, times))
    return {key: [statistics.median(column) for column in zip(*values)] for key, values in taken.items()}


def report(starts, medians):
    """The table; whether the simulator is nowhere slower."""
    rows = {name: [starts[name], 1 / medians[name, "small"][0], 1 / medians[name, "small"][1],
                   LARGE / medians[name, "large"][0] / (1 << 20), LARGE / medians[name, "large"][1] / (1 << 20)]
            for name in starts}
    print(f"{'':12}{'start':>10}{'small files':>24}{'large file':>24}")
    print(f"{'':12}{'s':>10}{'/s':>12}{'/s of CPU':>12}{'MiB/s':>12}{'/s of CPU':>12}")
    for name, row in rows.items():
        print(f"{name:12}{row[0]:10.2f}" + "".join(f"{value:12.0f}" for value in row[1:]))
    ratios = [s / q for s, q in zip(rows["simulator"], rows["QEMU"])]
    print(f"{'ratio':12}" + f"{ratios[0]:10.2f}" + "".join(f"{ratio:12.2f}" for ratio in ratios[1:]))
    return starts["simulator"] <= 1 and min(ratios[1:]) >= 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--emulator", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", type=int, default=200)
    parser.add_argument("--large", type=int, default=4)
    options = parser.parse_args()
    servers, starts = [], {}
    with tempfile.TemporaryDirectory() as folder:
        site, disk = Path(folder) / "site", Path(folder) / "disk.img"
        shutil.copytree(ROOT / "examples" / "webserver" / "site", site)
        (site / "large").write_bytes(os.urandom(LARGE))
        subprocess.run(["sh", "examples/webserver/disk.sh", site, disk], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            for name, port, command in commands(options, disk):
                servers.append(Server(name, command, port))
                starts[name] = servers[-1].wait((site / "index.html").read_bytes())
            medians = rounds(servers, options)
        finally:
            for server in servers:
                server.stop()
    return 0 if report(starts, medians) else 1


if __name__ == "__main__":
    sys.exit(main())
