# SPDX-License-Identifier: BSD-2-Clause
"""Hostile media: partition tables and site images that lie, under the whole web server in the
simulator. Whatever the disk says, nobody faults, and the echo server answers as ever."""
import random
import struct
import subprocess
import zlib

import pytest

import peer
from judging import COLOUR
from matrix import SIM

BLOCK = 512
SITE = 2048 * BLOCK  # where disk.sh puts the partition
ECHOES = 40

# UEFI 2.10, tables 5-5 and 5-6: offset, width.
HEADER = {"signature": (0, 8), "revision": (8, 4), "size": (12, 4), "reserved": (20, 4), "self": (24, 8),
          "other": (32, 8), "first": (40, 8), "last": (48, 8), "entries": (72, 8), "count": (80, 4),
          "entry size": (84, 4)}
ENTRY = {"first": (32, 8), "last": (40, 8), "name": (56, 8)}
LIMITS = (0, 1, 33, 34, 0x7fff, 0x8000, 0xffff, 0x10000, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 63, (1 << 64) - 1)
# POSIX ustar: offset, size.
USTAR = {"name": (0, 100), "size": (124, 12), "mtime": (136, 12), "checksum": (148, 8), "type": (156, 1),
         "magic": (257, 6), "prefix": (345, 155)}


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    import harness
    folder = tmp_path_factory.mktemp("site")
    for n in range(3):
        (folder / f"file{n}").write_bytes(bytes([n]) * 3000)
    return harness.make_disk(folder, tmp_path_factory.mktemp("disk") / "site.img").read_bytes()


def put(image, at, width, value):
    image[at:at + width] = (value & (1 << 8 * width) - 1).to_bytes(width, "little")


def sign(image, header):
    """Both checksums as if all were well, as far as there is something to sign."""
    entries, count, size = struct.unpack_from("<QII", image, header + 72)
    table = bytes(image[entries * BLOCK:entries * BLOCK + min(count * size, 1 << 20)])
    put(image, header + 88, 4, zlib.crc32(table))
    length = min(struct.unpack_from("<I", image, header + 12)[0], BLOCK)
    put(image, header + 16, 4, 0)
    put(image, header + 16, 4, zlib.crc32(bytes(image[header:header + length])))


def tables(disk):
    """Each field of both headers and of the first entry, at each limit, signed; then nonsense."""
    backup = len(disk) - BLOCK
    for name, (at, width) in HEADER.items():
        for value in LIMITS:
            image = bytearray(disk)
            for header in (BLOCK, backup):
                put(image, header + at, width, value)
                sign(image, header)
            yield f"{name} {value:x}", image
    for name, (at, width) in ENTRY.items():
        for value in (*LIMITS, len(disk) // BLOCK - 34, len(disk) // BLOCK - 33, len(disk) // BLOCK):
            image = bytearray(disk)
            for header in (BLOCK, backup):
                table = struct.unpack_from("<Q", image, header + 72)[0] * BLOCK
                put(image, table + at, width, value)
                sign(image, header)
            yield f"entry's {name} {value:x}", image
    yield "zeros", bytearray(len(disk))
    chance = random.Random(4)
    for n in range(10):
        yield f"noise {n}", bytearray(chance.randbytes(34 * BLOCK)) + disk[34 * BLOCK:backup] + chance.randbytes(BLOCK)


def sites(disk):
    """Each field of the first file's header, with a checksum that holds but for its own."""
    first = disk.index(b"ustar", SITE + BLOCK) - 257
    for name, (at, size) in USTAR.items():
        for value in (b"\0", b"7", b"\xff", b"/", b"../", b"x"):
            image = bytearray(disk)
            image[first + at:first + at + size] = (value * size)[:size]
            if name != "checksum":
                image[first + 148:first + 156] = b" " * 8
                image[first + 148:first + 156] = b"%06o\0 " % sum(image[first:first + BLOCK])
            yield f"{name} {value}", image
    for blocks in (0, 1, 2, 5):
        yield f"cut after {blocks} blocks", bytearray(disk[:SITE + blocks * BLOCK] +
                                                     b"\xaa" * (len(disk) - SITE - (blocks + 34) * BLOCK) +
                                                     disk[-34 * BLOCK:])


def frames():
    gateway = (bytes.fromhex("020000000001"), bytes([10, 0, 2, 2]))
    yield peer.BROADCAST + gateway[0] + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + gateway[0] + \
        gateway[1] + bytes(6) + peer.ECHO[1] + bytes(18)
    for n in range(ECHOES):
        yield peer.udp(peer.ECHO, 7, payload(n), me=gateway)


def payload(n):
    return random.Random(n).randbytes(20 + n * 30)


def write_pcap(path):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for n, frame in enumerate(frames()):
            out.write(struct.pack("<IIII", 0, n * 1000, len(frame), len(frame)) + frame)
    return path


def echoes(path):
    """The payloads of all datagrams from the echo server."""
    data, at, found = path.read_bytes(), 24, []
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + length]
        if frame[12:14] == b"\x08\x00" and frame[23] == 17 and frame[26:30] == peer.ECHO[1]:
            found.append(frame[42:34 + struct.unpack_from(">H", frame, 38)[0]])
        at += 16 + length
    return found


def assert_survived(tmp_path, name, image):
    (tmp_path / "disk.img").write_bytes(image)
    pcap = write_pcap(tmp_path / "in.pcap")
    done = subprocess.run(
        [SIM / "quoll-sim-asan", SIM / "asan" / "systems" / "webserver", "--until", "0.3", "--device",
         f"nic=replay={pcap},pcap={tmp_path / 'out.pcap'}", "--device", f"disk=file={tmp_path / 'disk.img'}"],
        capture_output=True, text=True, errors="replace", timeout=60)
    assert done.returncode == 0 and "sim: " not in done.stdout, (name, done.stdout[-2000:] + done.stderr[-2000:])
    assert echoes(tmp_path / "out.pcap") == [payload(n) for n in range(ECHOES)], name
    return COLOUR.sub("", done.stdout)


def test_partition_tables(disk, tmp_path):
    said = [assert_survived(tmp_path, name, image) for name, image in list(tables(disk))[::4]]
    refused = [text for text in said if "serving 3 files" not in text]
    assert len(said) > 40 and len(refused) > len(said) // 2


def test_site_images(disk, tmp_path):
    """The server says what it makes of each, beside that it listens."""
    for name, image in sites(disk):
        assert assert_survived(tmp_path, name, image).count("web: ") >= 2, name


def test_the_unharmed_disk_is_served(disk, tmp_path):
    assert "serving 3 files" in assert_survived(tmp_path, "as it was", disk)
