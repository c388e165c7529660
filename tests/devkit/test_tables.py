# SPDX-License-Identifier: BSD-2-Clause
"""What the emulator does not show: cached="false" is device memory in the tables that the
tool writes (Arm DDI 0487, D8.3, stage 2: MemAttr in bits 5 to 2)."""
import struct

from systems import BY_NAME, build

MAGIC = struct.pack("<Q", 0x646c6c6f7571)
BASE = 0x70000000
DEVICE, NORMAL = 0, 15


class Memory:
    """Physical memory as the loader makes it."""

    def __init__(self, image):
        at = image.index(MAGIC)
        count, = struct.unpack_from("<Q", image, at + 8)
        self.parts = [struct.unpack_from("<QQQQ", image, at + 24 + 32 * i) for i in range(count)]
        self.image = image

    def word(self, address):
        for to, start, size, zero in self.parts:
            if to <= address < to + size:
                return struct.unpack_from("<Q", self.image, start + address - to)[0]
            if to + size <= address < to + size + zero:
                return 0
        raise AssertionError(f"nothing is loaded at {address:#x}")


def leaf(memory, root, address):
    """The descriptor of a page."""
    table, index, size = root, address >> 30, 1 << 30
    for level in 1, 2, 3:
        entry = memory.word(table + 8 * index)
        if level == 3 or entry & 3 == 1 or not entry & 1:
            return entry
        table, size = entry & 0xfffffff000, size >> 9
        index = address // size % 512
    return 0


def find_root(memory, address):
    """The tables are two pages side by side; the one PD's are those that map `address`."""
    for to, _, size, _ in memory.parts:
        if size and to % 0x2000 == 0 and 0x60400000 <= to:
            try:
                if leaf(memory, to, address) & 1:
                    return to
            except AssertionError:
                pass
    raise AssertionError("no tables")


def test_attributes(devkit):
    memory = Memory((build(devkit, BY_NAME["map_uncached"]) / "loader.img").read_bytes())
    root = find_root(memory, 0x4001000)
    cached, uncached = leaf(memory, root, 0x4000000), leaf(memory, root, 0x4001000)
    assert cached >> 2 & 15 == NORMAL and uncached >> 2 & 15 == DEVICE
    assert cached & 0xfffffff000 == uncached & 0xfffffff000
