# SPDX-License-Identifier: BSD-2-Clause
"""Frames that no honest host sends, straight onto the wire, while the server serves."""
import random
import struct

import harness

ME = bytes.fromhex("5254000000ee")
MY_IP = bytes([10, 0, 2, 99])
WEB_IP = bytes([10, 0, 2, 16])


def checksum(data):
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ethernet(payload, kind=0x0800, to=harness.WEB_MAC):
    return to + ME + struct.pack(">H", kind) + payload


def ip(payload, protocol=6, length=None, header=5, fragment=0, version=4, options=b""):
    total = 20 + len(options) + len(payload) if length is None else length
    head = struct.pack(">BBHHHBBH4s4s", version << 4 | header, 0, total, 1, fragment, 64, protocol,
                       0, MY_IP, WEB_IP)
    head = head[:10] + struct.pack(">H", checksum(head + options)) + head[12:]
    return head + options + payload


def tcp(flags, sequence=0, acknowledge=0, data=b"", offset=5, port=80, options=b"", good=True):
    segment = struct.pack(">HHIIBBHHH", 40000, port, sequence, acknowledge, offset << 4, flags,
                          1000, 0, 0) + options + data
    pseudo = MY_IP + WEB_IP + struct.pack(">HH", 6, len(segment))
    value = checksum(pseudo + segment) if good else 1
    return segment[:16] + struct.pack(">H", value) + segment[18:]


def crafted():
    yield ethernet(b"")
    yield ethernet(b"\0" * 3)
    yield harness.WEB_MAC + ME  # shorter than a header
    yield ethernet(ip(b"", length=0))
    yield ethernet(ip(b"", length=65535))
    yield ethernet(ip(b"x" * 100, length=19))
    for header in range(16):
        yield ethernet(ip(tcp(2), header=header))
    yield ethernet(ip(tcp(2), version=6))
    yield ethernet(ip(tcp(2), fragment=0x2000))
    yield ethernet(ip(tcp(2), fragment=0x1fff))
    yield ethernet(ip(b"x", options=b"\x07\x27" + b"\xff" * 38, header=15))
    for offset in range(16):
        yield ethernet(ip(tcp(2, offset=offset)))
        yield ethernet(ip(tcp(2, offset=offset, options=b"\x02\x00" + b"\2\4\0\0" * 9 + b"\0\0")))
        yield ethernet(ip(tcp(2, offset=offset, options=b"\xff" * 40)))
    for flags in range(256):
        yield ethernet(ip(tcp(flags, data=b"GET / HTTP/1.1\r\n\r\n")))
    yield ethernet(ip(tcp(2, good=False)))
    yield ethernet(ip(b"\x08\0" + b"\xff" * 6 + b"x" * 1000, protocol=1))
    yield ethernet(ip(struct.pack(">HHHH", 7, 7, 4, 0), protocol=17))
    yield ethernet(ip(struct.pack(">HHHH", 7, 7, 65535, 0), protocol=17))
    yield ethernet(ip(b"", protocol=255))
    arp = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + ME + MY_IP + bytes(6) + WEB_IP
    for n in range(len(arp)):
        yield ethernet(arp[:n], kind=0x0806)
        yield ethernet(arp[:n] + bytes([arp[n] ^ 0xff]) + arp[n + 1:], kind=0x0806,
                       to=b"\xff" * 6)
    yield ethernet(b"x" * 1500, kind=0x88b5)
    yield ethernet(b"x" * 46, kind=0x8100)


def test_wrong_frames_change_nothing(boot, sdk, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "file").write_bytes(b"good" * 10000)
    machine = boot(sdk, harness.make_disk(tmp_path / "site", tmp_path / "site.img"), raw_net=True)
    machine.wait_for("web: serving 1 files")
    chance = random.Random(1)
    frames = list(crafted())
    for n in range(3000):
        frame = bytearray(chance.choice(frames))
        for _ in range(chance.randrange(1, 6)):
            if len(frame) > 14:
                frame[chance.randrange(14, len(frame))] = chance.randrange(256)
        frames.append(bytes(frame))
    for n, frame in enumerate(frames):
        machine.put(frame)
        if n % 50 == 0:
            machine.let_work(0.01)
        if n % 500 == 0:
            assert machine.get("/file")[2] == b"good" * 10000
    assert machine.get("/file")[2] == b"good" * 10000
    received = sum(link["bytes"] for link in machine.counters()["web"][1])
    assert received > 100000, "the frames did not arrive"
    assert "panic" not in machine.text


def put_syns(machine, count):
    """Not faster than they are taken: who floods a client loses frames, its own and others'."""
    for port in range(count):
        segment = struct.pack(">H", 1024 + port) + tcp(2)[2:16] + bytes(4)
        value = checksum(MY_IP + WEB_IP + struct.pack(">HH", 6, len(segment)) + segment)
        machine.put(ethernet(ip(segment[:16] + struct.pack(">H", value) + segment[18:])))
        if port % 10 == 0:
            machine.let_work(0.005)


def test_half_open_connections(boot, sdk, tmp_path):
    """A hundred of them keep nobody out; thousands keep new peers out for 20 seconds (lwIP's
    limit for them), but take nothing from those who are there."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "file").write_bytes(b"good")
    machine = boot(sdk, harness.make_disk(tmp_path / "site", tmp_path / "site.img"), raw_net=True)
    machine.wait_for("web: serving 1 files")
    put_syns(machine, 100)
    assert machine.get("/file", seconds=15)[2] == b"good"
    with machine.connect() as s:
        s.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
        assert s.recv(65536).endswith(b"good")
        put_syns(machine, 3000)
        s.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert harness.read_all(s).endswith(b"good")
