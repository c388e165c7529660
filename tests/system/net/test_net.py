# SPDX-License-Identifier: BSD-2-Clause
"""Frames cross driver, virtualisers and copier, whatever the device can do and what crashes;
and without copiers, with the copying virtualiser (tests/system/net_copying)."""
import os
import socket

import pytest

CRASHES = 3


class Hosts:
    """The two hosts behind the network card, by their UDP echo."""

    def __init__(self):
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        self.ports = [self.free_port(), self.free_port()]
        for s, port in zip(self.sockets, self.ports):
            s.connect(("127.0.0.1", port))
            s.settimeout(1)

    @staticmethod
    def free_port():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def arguments(self, device=""):
        forwards = ",".join(f"hostfwd=udp:127.0.0.1:{port}-10.0.2.{15 + i}:7"
                            for i, port in enumerate(self.ports))
        return ["-netdev", f"user,id=n0,{forwards}",
                "-device", f"virtio-net-device,netdev=n0,bus=virtio-mmio-bus.31{device}"]

    def echo(self, host, data, tries=1):
        """Whether the very same data come back; each try has a number, so none is taken for another."""
        for number in range(tries):
            sent = number.to_bytes(2, "big") + data
            self.sockets[host].send(sent)
            try:
                while (got := self.sockets[host].recv(4096))[:2] != sent[:2]:
                    pass
                assert got == sent
                return True
            except TimeoutError:
                pass
        return False


@pytest.fixture
def hosts():
    made = Hosts()
    yield made
    for s in made.sockets:
        s.close()


def wait_until_ready(machine):
    machine.wait_for("first: ready, 10.0.2.15 at 52:54:00:00:00:10",
                     "second: ready, 10.0.2.16 at 52:54:00:00:00:11")


@pytest.mark.parametrize("system, device", [
    ("net", ""), ("net", ",event_idx=off"), ("net", ",status=off"), ("net", ",host_mtu=1500"),
    ("net", ",rx_queue_size=1024"), ("net", ",mrg_rxbuf=off,ctrl_vq=off"),
    ("net_copying", ""), ("net_copying", ",rx_queue_size=1024")])
def test_frames_of_all_sizes_come_back_whole(boot, hosts, system, device):
    machine = boot(system, arguments=hosts.arguments(device))
    wait_until_ready(machine)
    assert hosts.echo(0, b"") and hosts.echo(1, b"")
    for size in (*range(0, 260, 13), 500, 1000, 1469, 1470):  # 1514 bytes with all headers
        for host in (0, 1):
            assert hosts.echo(host, os.urandom(size)), f"{size} bytes from host {host}"


@pytest.mark.parametrize("system", ["net", "net_copying"])
def test_many_frames_do_not_use_anything_up(boot, hosts, system):
    machine = boot(system, arguments=hosts.arguments())
    wait_until_ready(machine)
    assert hosts.echo(0, b"") and hosts.echo(1, b"")
    for _ in range(40):  # many times more than there are buffers
        for s in hosts.sockets:
            for _ in range(50):
                s.send(b"\xff" * 18)
        received = 0
        for s in hosts.sockets:
            for _ in range(50):
                received += s.recv(4096) == b"\xff" * 18
        assert received == 100
    assert hosts.echo(0, os.urandom(1470), tries=3)
    assert hosts.echo(1, os.urandom(1470), tries=3)


@pytest.mark.parametrize("device, why", [
    ("virtio-rng-device", "virtio device of type 4 where a network device (type 1) should be"),
    (None, "virtio device of type 0 where a network device (type 1) should be: nothing is plugged in"),
])
def test_another_device_in_its_place_is_refused_by_name(boot, device, why):
    machine = boot("net", arguments=["-device", f"{device},bus=virtio-mmio-bus.31"] if device else [])
    machine.wait_for(f"nic_driver: {why}".replace("(", r"\(").replace(")", r"\)"))


@pytest.mark.parametrize("system, program, domain", [
    ("net", "virtio_net", "nic_driver"), ("net", "net_rx_virt", "nic_rx"),
    ("net", "net_tx_virt", "nic_tx"), ("net", "net_copier", "first_nic_copy"),
    ("net_copying", "virtio_net", "nic_driver"), ("net_copying", "net_rx_copy_virt", "nic_rx")])
def test_whatever_crashes_the_hosts_answer_again(boot, hosts, system, program, domain):
    machine = boot(system, replace={program: f"crashing_{program}"}, arguments=hosts.arguments())
    wait_until_ready(machine)

    def crashes():
        return sum(f"supervisor: {domain} wrote 0x12345678" in line for line in machine.lines)

    for _ in range(4000):
        assert hosts.echo(0, b"x" * 100, tries=20)
        if crashes() == CRASHES:
            break
    assert crashes() == CRASHES
    assert hosts.echo(0, os.urandom(1470), tries=20)
    assert hosts.echo(1, os.urandom(1470), tries=20)
