# SPDX-License-Identifier: BSD-2-Clause
"""Disk images with a GUID partition table, right or wrong (UEFI 2.10, 5.3)."""

import struct
import zlib

BLOCKS = 2048
FIRST, LAST = 34, BLOCKS - 34


def entry(name, first, last, kind=b"\x11" * 16):
    return kind + b"\x22" * 16 + struct.pack("<QQQ", first, last, 0) + name.encode(
        "utf-16-le").ljust(72, b"\0")


def table(entries, count=128, size=128):
    return b"".join(e.ljust(size, b"\0") for e in entries).ljust(count * size, b"\0")


def header(mine, other, entries_at, entries, wrong):
    """A header's block; `wrong` replaces fields."""
    f = {"signature": b"EFI PART", "revision": 0x10000, "size": 92, "first": FIRST, "last": LAST,
         "mine": mine, "other": other, "entries_at": entries_at, "count": 128, "entry_size": 128,
         "entries_crc": zlib.crc32(entries), "guid": b"\x33" * 16, **wrong}

    def pack(crc):
        return struct.pack("<8sIIIIQQQQ16sQIII", f["signature"], f["revision"], f["size"], crc, 0,
                           f["mine"], f["other"], f["first"], f["last"], f["guid"],
                           f["entries_at"], f["count"], f["entry_size"], f["entries_crc"])

    return pack(f.get("crc", zlib.crc32(pack(0)))).ljust(512, b"\0")


def mbr(kind=0xee, signature=b"\x55\xaa"):
    record = bytes([0, 0, 2, 0, kind, 0xff, 0xff, 0xff]) + struct.pack("<II", 1, BLOCKS - 1)
    return bytes(446) + record + bytes(48) + signature


def disk(path, partitions=(), first=None, second=None, boot=None, entries=None):
    """Write an image; `first` and `second` are what is wrong with the two headers."""
    if entries is None:
        entries = table([entry(*p) for p in partitions])
    image = bytearray(BLOCKS * 512)
    image[:512] = mbr() if boot is None else boot
    image[512:1024] = header(1, BLOCKS - 1, 2, entries, first or {})
    image[1024:1024 + len(entries)] = entries
    at = (BLOCKS - 33) * 512
    image[at:at + len(entries)] = entries
    image[-512:] = header(BLOCKS - 1, 1, BLOCKS - 33, entries, second or {})
    path.write_bytes(image)
