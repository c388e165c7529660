# SPDX-License-Identifier: BSD-2-Clause
"""The web server with a hostile neighbour (pd_hostile.c), which lies on every link that
it has, all the time, until it is stopped for good: the honest get every byte right."""
import collections
import hashlib
import json
import os
import random
import re
import socket
import subprocess
import threading
from pathlib import Path

import pytest

import harness

HERE = Path(__file__).parent
HTTPLOAD = HERE.parent / "webserver" / "httpload.c"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    chance = random.Random(2)
    for n in range(100):
        (folder / f"{n}.bin").write_bytes(chance.randbytes(int(2 ** chance.uniform(0, 18))))
    return folder


@pytest.fixture(scope="module")
def disk(site, tmp_path_factory):
    """The site's, with a partition more that the hostile client may write."""
    path = harness.make_disk(site, tmp_path_factory.mktemp("disk") / "two.img")
    with open(path, "r+b") as image:
        image.truncate(path.stat().st_size + (2 << 20))
    subprocess.run(["/usr/sbin/sgdisk", "--move-second-header", "--new=2:0:+1M",
                    "--change-name=2:scratch", path], check=True, stdout=subprocess.DEVNULL)
    return path


def site_partition(disk):
    with open(disk, "rb") as image:
        image.seek(harness.SITE_START)
        return hashlib.sha256(image.read(disk.stat().st_size - harness.SITE_START - (3 << 20))).digest()


@pytest.fixture(scope="module")
def world(sdk, disk, tmp_path_factory):
    """The machine under attack, and what the composer says of its system."""
    folder = tmp_path_factory.mktemp("machine")
    image = harness.compose(sdk, HERE / "system.yaml", folder)
    machine = harness.WebMachine(folder, image, disk, raw_net=True,
                                 drive_options=f"if=none,id=disk,format=raw,file={disk}")
    yield machine.wait_for("web: serving 100 files", seconds=120), json.loads(
        (image.parent / "system.json").read_text())
    machine.stop()


def load(machine, site, requests):
    done = subprocess.run([harness.tool(HTTPLOAD), str(machine.http), site, "16", str(requests), "0"],
                          capture_output=True, text=True, timeout=250)
    answered, failed, _, _ = done.stdout.split()
    assert (int(answered), int(failed)) == (requests, 0), done.stderr[-3000:]


class Broadcasts:
    """Frames for everybody, so that the hostile client's receive buffers are looked at too."""

    def __init__(self, machine):
        self.machine, self.end = machine, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.end.wait(0.01):
            self.machine.put(b"\xff" * 6 + bytes.fromhex("5254000000998888") + bytes(100))

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()


def echo(machine):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", machine.udp))
        s.settimeout(10)
        for size in (1, 512, 1472):
            data = os.urandom(size)
            s.send(data)
            assert s.recv(4096) == data


def counted(machine, system, of):
    """What the servers counted on their links to one client, by server."""
    counters = machine.counters()
    links, found = collections.Counter(), {}
    for link in system["links"]:
        for end in (link["up"], link["down"]):
            if link["client"] == of and end["pd"] != of and link["kind"] != "NET_RX_COPIER":
                found[end["pd"]] = counters[end["pd"]][1][links[end["pd"]]]
            links[end["pd"]] += 1
    return found


def test_web_serves_every_byte_right_during_the_attack(world, site, disk):
    machine, system = world
    before = site_partition(disk)
    with Broadcasts(machine):
        load(machine, site, 1500)
        echo(machine)
        machine.wait_for("supervisor: hostile .*: begins life 2", seconds=120)
        load(machine, site, 500)
    assert site_partition(disk) == before


def test_it_is_stopped_in_the_end_and_the_others_go_on(world, site):
    machine, _ = world
    machine.wait_for("supervisor: hostile .*: stopped for good; faults in a row: 6", seconds=240)
    load(machine, site, 500)
    echo(machine)


def test_its_lies_were_refused_and_counted_and_nobody_elses(world):
    machine, system = world
    hostile = counted(machine, system, "hostile")
    assert hostile.keys() == {"console_tx", "clock_virt", "nic_tx", "disk_virt", "hostile_nic_copy"}
    for server, link in hostile.items():
        assert link["refused"] > 0, server
        assert link["broken"] > 0, server
    for client in ("web", "echo"):
        for server, link in counted(machine, system, client).items():
            assert (link["refused"], link["broken"]) == (0, 0), (server, client)


def test_nobody_spoke_in_anothers_name(world):
    """(The kernel's debug output may cut a line in two, but begins none with this.)"""
    machine, _ = world
    assert "hostile: ?[2J?[1;1H?web: all is well????[2J" in machine.text
    assert not any(line.startswith("web: all") for line in machine.lines)
    assert set(re.findall(rb"\x1b[^m]*m?", machine.raw)) <= {b"\x1b[0m", b"\x1b[31m", b"\x1b[32m"}
