# SPDX-License-Identifier: BSD-2-Clause
"""What simulated devices are given: a disk for tests/system/block, the example's disk, and
frames for the network."""
import struct
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BROADCAST = b"\xff" * 6
PEER = bytes.fromhex("020000000001")
# Addresses of the example and of tests/system/net.
HOSTS = [(bytes.fromhex("525400000010"), bytes([10, 0, 2, 15])), (bytes.fromhex("525400000010"), bytes([10, 0, 2, 16])),
         (bytes.fromhex("525400000011"), bytes([10, 0, 2, 16])), (bytes.fromhex("525400000011"), bytes([10, 0, 2, 17]))]
ME = bytes([10, 0, 2, 2])


def disk(path):
    """Two partitions, `site` full of a pattern and `scratch`."""
    with open(path, "wb") as image:
        image.truncate(32 << 20)
    subprocess.run(["sgdisk", "-n", "1:2048:+4M", "-c", "1:site", "-n", "2:0:+8M", "-c", "2:scratch", path],
                   check=True, stdout=subprocess.DEVNULL)
    with open(path, "r+b") as image:
        image.seek(2048 * 512)
        image.write(b"".join(struct.pack("<Q", (i + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1)
                             for i in range((4 << 20) // 8)))


def web_disk(path):
    """The example's disk with its site."""
    subprocess.run(["sh", "examples/webserver/disk.sh", "examples/webserver/site", path], check=True, cwd=ROOT,
                   stdout=subprocess.DEVNULL)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def arp(ip):
    return BROADCAST + PEER + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + PEER + ME + bytes(6) + ip


def udp(mac, ip, port, payload):
    datagram = struct.pack(">HHHH", 4000, port, 8 + len(payload), 0) + payload
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0) + ME + ip
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    return mac + PEER + b"\x08\x00" + header + datagram


def syn(mac, ip, port):
    header = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + ME + ip
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    segment = struct.pack(">HHIIBBHHH", 4001, port, 7, 0, 0x50, 2, 4096, 0, 0)
    pseudo = ME + ip + struct.pack(">BBH", 0, 6, len(segment))
    segment = segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]
    return mac + PEER + b"\x08\x00" + header + segment


def frames():
    for _ in range(3):
        for mac, ip in HOSTS:
            yield arp(ip)
            for size in (1, 100, 1472):
                yield udp(mac, ip, 7, bytes(i & 0xff for i in range(size)))
            yield syn(mac, ip, 80)
        yield BROADCAST + PEER + b"\x88\xb5" + b"nobody's"
        yield b"\x52\x54\x00\x00\x00\x99" + PEER + b"\x08\x00" + b"not ours"


def pcap(path):
    """The frames, 100 microseconds apart."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, frame in enumerate(frames()):
            frame += b"\0" * (60 - len(frame))
            out.write(struct.pack("<IIII", 0, i * 100, len(frame), len(frame)) + frame)


def make(folder):
    """All of it below `folder`; the paths by name."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = {"disk": folder / "disk.img", "site": folder / "site.img", "pcap": folder / "frames.pcap"}
    disk(files["disk"])
    pcap(files["pcap"])
    web_disk(files["site"])
    return files
