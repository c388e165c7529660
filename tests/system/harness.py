# SPDX-License-Identifier: BSD-2-Clause
"""The web server's system in QEMU, on the development SDK and, where there is one, on
the official one: build the image, make a disk, boot with free ports, read the console.

MICROKIT_SDK_OFFICIAL names an official SDK; without it, ~/microkit-sdk-2.0.1 is
looked for. Time is the host's here (no -icount): these tests put the system under load.
"""
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import time
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
SITE_START = 1 << 20  # of the partition in the disk image (disk.sh)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

WEB_MAC = bytes.fromhex("525400000010")
ECHO_MAC = bytes.fromhex("525400000011")


def official_sdk():
    path = Path(os.environ.get("MICROKIT_SDK_OFFICIAL", Path.home() / "microkit-sdk-2.0.1"))
    return path if (path / "bin" / "microkit").exists() else None


SDKS = [
    pytest.param("devkit", id="devkit"),
    pytest.param("official", id="official", marks=pytest.mark.skipif(
        official_sdk() is None,
        reason="no official Microkit SDK: neither MICROKIT_SDK_OFFICIAL nor ~/microkit-sdk-2.0.1")),
]


def make(*arguments, **options):
    """Run make at the root, not as a part of the make that may have started us."""
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MICROKIT_SDK")}
    return subprocess.run(["make", "--no-print-directory", "SETUP=no", *arguments], cwd=ROOT,
                          env=environment, text=True, capture_output=True, **options)


@lru_cache
def image(sdk):
    """The system image for an SDK, built if need be."""
    where = [f"MICROKIT_SDK={official_sdk()}"] if sdk == "official" else []
    done = make("example", *where)
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(make("-s", "example-path", *where).stdout.strip())


def composed(sdk, replace, folder):
    """The same system with test programs (tests/system/*/pd_NAME.c) in the place of others."""
    where = [f"MICROKIT_SDK={official_sdk()}"] if sdk == "official" else []
    done = make("example", "test-programs", *where)
    assert done.returncode == 0, done.stdout + done.stderr
    out = image(sdk).parent.parent  # the example's, and what was built for this SDK and board
    first = folder / "programs"
    first.mkdir()
    for old, new in replace.items():
        shutil.copy(out / "test-programs" / f"{new}.elf", first / f"{old}.elf")
    programs = [first, out / "example" / "programs", out / "programs"]
    subprocess.run([BUILD / "tool" / "quoll", "build", ROOT / "examples/webserver/system.yaml",
                    "--dtb", BUILD / "boards" / "qemu_virt_aarch64.dtb",
                    "--sdk", official_sdk() if sdk == "official" else BUILD / "devkit",
                    "--config", "debug", *[w for p in programs for w in ("--programs", p)],
                    "-o", folder / "out"], check=True, capture_output=True)
    return folder / "out" / "loader.img"


def tool(source):
    """A load driver in C."""
    program = BUILD / "tests" / source.stem
    program.parent.mkdir(parents=True, exist_ok=True)
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-std=c17", "-O2", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                        source, "-o", program], check=True)
    return program


def make_disk(folder, path):
    subprocess.run(["sh", ROOT / "examples/webserver/disk.sh", folder, path], check=True,
                   capture_output=True)
    return path


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Machine:
    """A running emulator, its console's text and its ports."""

    def __init__(self, folder, sdk, disk, drive_options="", raw_net=False, loader=None):
        self.http, self.tcp = free_port(), free_port()
        self.udp = free_port(socket.SOCK_DGRAM)
        self.console = folder / f"console-{self.http}.txt"
        user = (f"user,id=user,hostfwd=tcp:127.0.0.1:{self.http}-10.0.2.16:80"
                f",hostfwd=udp:127.0.0.1:{self.udp}-10.0.2.17:7"
                f",hostfwd=tcp:127.0.0.1:{self.tcp}-10.0.2.17:7")
        net = ["-netdev", user, "-device", "virtio-net-device,netdev=user,bus=virtio-mmio-bus.31"]
        if raw_net:
            net = self.raw_network(user)
        drive = drive_options or f"if=none,id=disk,format=raw,readonly=on,file={disk}"
        self.process = subprocess.Popen(
            ["qemu-system-aarch64", "-machine", "virt,virtualization=on", "-cpu", "cortex-a53",
             "-m", "size=2G", "-display", "none", "-monitor", "none",
             "-serial", f"file:{self.console}", "-global", "virtio-mmio.force-legacy=false",
             "-drive", drive, "-device", "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0",
             *net, "-device", f"loader,file={loader or image(sdk)},addr=0x70000000,cpu-num=0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

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

    @property
    def text(self):
        if not self.console.exists():
            return ""
        return COLOUR.sub("", self.console.read_bytes().decode("latin-1").replace("\r\n", "\n"))

    def wait_for(self, pattern, seconds=60):
        """Until a whole line of the console matches."""
        end = time.monotonic() + seconds
        while not re.search(rf"^{pattern}$", self.text, re.M):
            if self.process.poll() is not None:
                pytest.fail(f"the emulator ended: {self.process.stderr.read().decode()}")
            if time.monotonic() > end:
                pytest.fail(f"the console did not show '{pattern}'; it showed:\n{self.text[-4000:]}")
            time.sleep(0.05)
        return self

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
        time.sleep(0.005)
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

    def stop(self):
        self.process.kill()
        self.process.wait()


def read_all(s):
    data = b""
    while True:
        piece = s.recv(65536)
        if not piece:
            return data
        data += piece
