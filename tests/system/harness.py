# SPDX-License-Identifier: BSD-2-Clause
"""The web server's system in QEMU: make a disk, boot with free ports, talk to it.

Time is the host's here: these tests put the system under load.
"""
import http.client
import json
import os
import socket
import subprocess
import time
from pathlib import Path

from machine import BUILD, EXAMPLE, ROOT, Machine, compose  # noqa: F401

SITE_START = 1 << 20  # of the partition in the disk image (disk.sh)

WEB_MAC = bytes.fromhex("525400000010")
ECHO_MAC = bytes.fromhex("525400000011")


def make(*arguments, **options):
    """Run make at the root, not as a part of the make that may have started us."""
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MICROKIT_SDK")}
    return subprocess.run(["make", "--no-print-directory", "SETUP=no", *arguments], cwd=ROOT,
                          env=environment, text=True, capture_output=True, **options)


def image(sdk):
    """The example's image, as `make` has built it."""
    return sdk.out / "example" / "loader.img"


def tool(source):
    """A load driver in C."""
    program = BUILD / "tests" / source.stem
    program.parent.mkdir(parents=True, exist_ok=True)
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        new = program.with_suffix(f".{os.getpid()}")  # another worker may make it too
        subprocess.run(["gcc", "-std=c17", "-O2", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                        source, "-o", new], check=True)
        new.rename(program)
    return program


def make_disk(folder, path):
    subprocess.run(["sh", ROOT / "examples/webserver/disk.sh", folder, path], check=True,
                   capture_output=True)
    return path


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class WebMachine(Machine):
    """A machine with the web server's disk and network, and its ports on this host."""

    def __init__(self, folder, image, disk, drive_options="", raw_net=False):
        self.http, self.tcp = free_port(), free_port()
        self.udp = free_port(socket.SOCK_DGRAM)
        user = (f"user,id=user,hostfwd=tcp:127.0.0.1:{self.http}-10.0.2.16:80"
                f",hostfwd=udp:127.0.0.1:{self.udp}-10.0.2.17:7"
                f",hostfwd=tcp:127.0.0.1:{self.tcp}-10.0.2.17:7")
        net = ["-netdev", user, "-device", "virtio-net-device,netdev=user,bus=virtio-mmio-bus.31"]
        if raw_net:
            net = self.raw_network(user)
        drive = drive_options or f"if=none,id=disk,format=raw,readonly=on,file={disk}"
        super().__init__(image, folder,
                         ["-drive", drive, "-device",
                          "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0", *net,
                          "-qmp", f"unix:{folder}/qmp,server=on,wait=off"])
        self.qmp_path, self.qmp = folder / "qmp", None

    def emulator(self, command):
        """Tell the emulator, by its machine protocol: "stop", "cont", ..."""
        if self.qmp is None:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(self.qmp_path))
                self.qmp = s.makefile("rw")
            self.qmp.readline()
            self.emulator("qmp_capabilities")
        self.qmp.write(json.dumps({"execute": command}) + "\n")
        self.qmp.flush()
        while "return" not in json.loads(self.qmp.readline()):
            pass

    def raw_network(self, user):
        """A hub on which the test can put any frame, beside the user network."""
        self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire.bind(("127.0.0.1", 0))
        self.wire_to = ("127.0.0.1", free_port(socket.SOCK_DGRAM))
        mine = self.wire.getsockname()[1]
        return ["-netdev", user, "-netdev", "hubport,id=hub1,hubid=0,netdev=user",
                "-netdev", f"socket,id=wire,udp=127.0.0.1:{mine},localaddr=127.0.0.1:{self.wire_to[1]}",
                "-netdev", "hubport,id=hub2,hubid=0,netdev=wire",
                "-netdev", "hubport,id=nic,hubid=0",
                "-device", "virtio-net-device,netdev=nic,bus=virtio-mmio-bus.31"]

    def put(self, frame):
        self.wire.sendto(frame, self.wire_to)

    def worked(self):
        """Seconds that the emulator's threads have had of a processor (proc(5), schedstat)."""
        total = 0
        for thread in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            try:
                total += int(thread.read_text().split()[0])
            except OSError:  # it has ended
                pass
        return total / 1e9

    def let_work(self, seconds):
        """Until the emulator has worked so long, or had time for it: who floods a machine does
        so at the pace that it has on this host, now."""
        enough, end = self.worked() + seconds, time.monotonic() + 4 * seconds
        while self.worked() < enough and time.monotonic() < end:
            time.sleep(seconds / 5)

    def get(self, path, method="GET", headers=None, seconds=30):
        """One request on a connection of its own: status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=seconds)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def connect(self, seconds=30):
        # QEMU's user network listens with a backlog of one; what comes faster waits a
        # second for the host to try again.
        time.sleep(0.02)
        s = socket.create_connection(("127.0.0.1", self.http), timeout=seconds)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def talk(self, data, seconds=30):
        """All that comes back on a connection until the server closes it."""
        with self.connect(seconds) as s:
            s.sendall(data)
            return read_all(s)

    def counters(self):
        """{protection domain: ({counter: value}, [{counter: value} per link])}"""
        status, _, body = self.get("/.quoll/counters.json")
        assert status == 200
        data = json.loads(body)
        return {pd["name"]: (dict(zip(data["counters"], pd["counters"])),
                             [dict(zip(data["link_counters"], link)) for link in pd["links"]])
                for pd in data["pds"]}


def read_all(s):
    data = b""
    while True:
        piece = s.recv(65536)
        if not piece:
            return data
        data += piece
