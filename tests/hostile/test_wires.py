# SPDX-License-Identifier: BSD-2-Clause
"""Hostile wires: what a host on the network can do to the web server and the echo server in the
simulator, while another one is served, every byte right. (QEMU: tests/system/webserver and floods.)"""
import random
import struct

import pytest

import peer
from peer import BROADCAST, ECHO, HONEST, WEB

FILES = {"/small": b"good" * 100, "/large": random.Random(5).randbytes(60000)}
LIAR = (bytes.fromhex("525400000066"), bytes([10, 0, 2, 102]))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    import harness
    folder = tmp_path_factory.mktemp("site")
    for path, content in FILES.items():
        (folder / path[1:]).write_bytes(content)
    return harness.make_disk(folder, tmp_path_factory.mktemp("disk") / "site.img")


@pytest.fixture
def host(site):
    host = peer.Host("asan", site)
    host.wait_for(b"serving 2 files")
    yield host
    host.stop()
    assert b"sim: " not in host.said and b"FAILED" not in host.said and b"ERROR" not in host.said, host.said[-3000:]


def assert_served(host):
    for path, content in FILES.items():
        answer = host.get(path)
        assert answer.startswith(b"HTTP/1.1 200 ") and answer.partition(b"\r\n\r\n")[2] == content
    payload = random.Random(6).randbytes(1400)
    assert host.echo(payload) == payload


def put_all(host, frames, every=500):
    for n, frame in enumerate(frames):
        host.put(frame)
        if n % every == 0:
            assert_served(host)
    assert_served(host)


def arp(to, kind=1):
    return BROADCAST + LIAR[0] + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x800, 6, 4, kind) + LIAR[0] + LIAR[1] + \
        bytes(6) + to[1]


def dhcp(kind):
    """An offer or an acknowledgement that nobody has asked for."""
    message = struct.pack(">BBBBIHH", 2, 1, 6, 0, 7, 0, 0x8000) + bytes(4) + bytes([10, 0, 2, 200]) + LIAR[1] + \
        bytes(4) + WEB[0] + bytes(10 + 192) + b"\x63\x82\x53\x63" + bytes([53, 1, kind, 54, 4]) + LIAR[1] + b"\xff"
    return peer.udp((BROADCAST, b"\xff" * 4), 68, message, 67, LIAR)


def valid():
    """One of each that a decent host might send."""
    for to in (WEB, ECHO):
        yield arp(to)
        yield arp(to, 2)
        yield peer.udp(to, 7, b"x" * 100, 7000, LIAR)
        yield peer.ip(to, 1, b"\x08\0" + struct.pack(">H", peer.checksum(b"\x08\0" + bytes(62))) + bytes(60), LIAR)
        for flags in (peer.SYN, peer.ACK, peer.FIN | peer.ACK, peer.RST, 0xff, 0):
            yield peer.tcp(to, 5000, flags, 1, 1, b"GET / HTTP/1.1\r\n\r\n" if flags else b"", me=LIAR)
    for kind in (2, 5, 6):
        yield dhcp(kind)


def test_frames_of_every_length_and_type(host):
    chance = random.Random(1)
    kinds = [0x0800, 0x0806, 0x86dd, 0x8100, 0, 0x05dc, 0xffff]
    frames = []
    for size in range(1515):
        to = chance.choice([WEB[0], ECHO[0], BROADCAST, b"\x01\x00\x5e\0\0\1"])
        frame = to + LIAR[0] + struct.pack(">H", chance.choice(kinds)) + chance.randbytes(1514)
        frames.append(frame[:size])
    put_all(host, [frame for frame in frames if frame])


def test_malformed_packets(host):
    """Every byte of the headers of all valid ones, then several at once."""
    chance = random.Random(2)
    frames = []
    for frame in valid():
        for at in range(12, min(len(frame), 62)):
            frames.append(frame[:at] + bytes([frame[at] ^ chance.choice([1, 0x80, 0xff])]) + frame[at + 1:])
        for _ in range(50):
            damaged = bytearray(frame)
            for _ in range(chance.randrange(1, 8)):
                damaged[chance.randrange(12, len(frame))] = chance.randrange(256)
            frames.append(bytes(damaged[:chance.randrange(14, len(frame) + 1)]))
    chance.shuffle(frames)
    put_all(host, frames)


def test_malformed_requests(host):
    chance = random.Random(3)
    request = b"GET /small HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3\r\nConnection: close\r\n\r\n"
    for n in range(60):
        damaged = bytearray(request)
        for _ in range(chance.randrange(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.choice(b"\0\r\n :/%\x7f\xff" + b"A9")
        answer = host.talk(bytes(damaged) + b"\r\n\r\n", seconds=0.5)
        assert answer == b"" or answer.startswith(b"HTTP/1."), (damaged, answer[:80])
        if n % 20 == 0:
            assert_served(host)
    assert_served(host)


def test_slow_and_half_open_connections(host):
    for n in range(100):
        host.put(peer.tcp(WEB, 6000 + n, peer.SYN, n, me=LIAR))
    slow = [host.connect() for _ in range(10)]
    for byte in b"GET /small HTTP/1.1\r\nHo":
        for connection in slow:
            host.send(connection, bytes([byte]))
    assert_served(host)
    for byte in b"st: x\r\nConnection: close\r\n\r\n":
        for connection in slow:
            host.send(connection, bytes([byte]))

    def bodies():
        return [c.data.partition(b"\r\n\r\n")[2] for c in slow]

    host.until(lambda: bodies() == [FILES["/small"]] * 10, lambda: [host.send_again(c) for c in slow])
    assert bodies() == [FILES["/small"]] * 10


def test_floods(host):
    """As fast as the wire takes them."""
    flood = [arp(WEB), arp(HONEST), peer.udp(ECHO, 7, b"x" * 1400, 9, LIAR), peer.udp(WEB, 9, b"x" * 1400, 9, LIAR),
             *[peer.tcp(WEB, 10000 + n, peer.ACK, n, n, me=LIAR) for n in range(100)]]
    put_all(host, flood * 60, every=1500)
    assert host.came > 60 * 100 // 4  # most of the flood was looked at: segments for nobody are reset
