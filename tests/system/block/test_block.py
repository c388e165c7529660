# SPDX-License-Identifier: BSD-2-Clause
"""Disks: data arrive where they should, whole, whatever crashes meanwhile; bad disks are refused."""
import binascii
import struct
import subprocess

import pytest

SITE, SCRATCH = 4 << 20, 8 << 20
CRASHES = 3


def pattern(size):
    """What pd_disk.c expects in, and writes to, a partition."""
    return b"".join(struct.pack("<Q", (i + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1) for i in range(size // 8))


class Disk:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as image:
            image.truncate(32 << 20)
        subprocess.run(["sgdisk", "-n", "1:2048:+4M", "-c", "1:site", "-n", "2:0:+8M", "-c", "2:scratch", path],
                       check=True, stdout=subprocess.DEVNULL)
        self.put(2048 * 512, pattern(SITE))

    def put(self, at, what):
        with open(self.path, "r+b") as image:
            image.seek(at)
            image.write(what)

    def get(self, at, size):
        with open(self.path, "rb") as image:
            image.seek(at)
            return image.read(size)

    def arguments(self, drive="", device="", file=None):
        return ["-drive", f"file={file or self.path},if=none,format=raw,id=d0{drive}",
                "-device", f"virtio-blk-device,drive=d0,bus=virtio-mmio-bus.0{device}"]


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path / "disk.img")


def expect_all_good(machine, disk, resets=("0", "0"), start=10240 * 512):
    machine.wait_for(f"reader: passed, {resets[0]} resets", f"writer: passed, {resets[1]} resets", seconds=120)
    assert disk.get(start, SCRATCH) == pattern(SCRATCH)


@pytest.mark.parametrize("device", ["", ",event_idx=off", ",queue-size=16", ",discard=off,write-zeroes=off",
                                    ",config-wce=off,write-cache=off"])
def test_each_byte_arrives(boot, disk, device):
    before = disk.get(0, 10240 * 512), disk.get((10240 * 512) + SCRATCH, 4 << 20)
    machine = boot("block", arguments=disk.arguments(device=device))
    expect_all_good(machine, disk)
    assert (disk.get(0, 10240 * 512), disk.get((10240 * 512) + SCRATCH, 4 << 20)) == before
    flush = 0 if "write-cache=off" in device else 1
    can = 0 if "discard=off" in device else 1
    assert (f"writer: 16384 blocks of 512, at most 2048, writable 1, flush {flush}, discard {can}, zeroes {can}"
            in machine.lines)
    assert "reader: 8192 blocks of 512, at most 2048, writable 0" in machine.text


def crashes(machine, name):
    return sum(line.startswith(f"supervisor: {name} wrote 0x12345678") for line in machine.lines)


def test_clients_do_not_notice_that_the_driver_crashes(boot, disk):
    machine = boot("block", replace={"virtio_blk": "crashing_virtio_blk"}, arguments=disk.arguments())
    expect_all_good(machine, disk)
    assert crashes(machine, "disk_driver") == CRASHES


def test_clients_hear_what_a_crashing_virtualiser_lost_and_ask_again(boot, disk):
    machine = boot("block", replace={"block_virt": "crashing_block_virt"}, arguments=disk.arguments())
    expect_all_good(machine, disk, resets=(r"\d+", r"\d+"))
    assert crashes(machine, "disk_virt") == CRASHES
    assert any(line.startswith(("reader: passed", "writer: passed")) and not line.endswith(" 0 resets")
               for line in machine.lines)


def test_a_damaged_primary_header_is_replaced_by_the_backup(boot, disk):
    disk.put(512, bytes(512))
    machine = boot("block", arguments=disk.arguments())
    expect_all_good(machine, disk)
    assert "GPT: primary: no signature; the backup is good and is used" in machine.text


def test_a_foreign_disk_is_refused(boot, disk):
    disk.put(0, bytes(512))
    machine = boot("block", arguments=disk.arguments())
    machine.wait_for("reader: FAILED: no disk 0: corrupt", "writer: FAILED: no disk 0: corrupt")
    assert "GPT: primary: no partition table (block 0 has no signature)" in machine.text


def test_a_missing_partition_is_the_loss_of_one(boot, disk):
    subprocess.run(["sgdisk", "-c", "2:other", disk.path], check=True, stdout=subprocess.DEVNULL)
    machine = boot("block", arguments=disk.arguments())
    machine.wait_for("reader: passed, 0 resets", "writer: FAILED: no disk 0: not found")
    assert "writer: no partition 'scratch'; the disk has 'site' 'other'" in machine.text


def test_without_a_disk_there_is_none(boot):
    machine = boot("block")
    machine.wait_for("reader: FAILED: no disk 0: not found", "writer: FAILED: no disk 0: not found")


def test_a_read_only_disk_is_not_written(boot, disk):
    machine = boot("block", arguments=disk.arguments(drive=",readonly=on"))
    machine.wait_for("reader: passed, 0 resets", r"writer: FAILED: chunk \d+: denied")


def test_an_error_of_the_disk_is_its_clients(boot, disk, tmp_path):
    """Sector 5000 cannot be read once. QEMU merges neighbouring reads, which then fail together."""
    rules = tmp_path / "blkdebug.conf"
    rules.write_text('[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "5000"\nonce = "on"\n')
    machine = boot("block", arguments=disk.arguments(file=f"blkdebug:{rules}:{disk.path}", drive=",rerror=report"))
    machine.wait_for(r"reader: FAILED: chunk (3[2-9]|4[0-7]): I/O error", "writer: passed, 0 resets")


def gpt(blocks, size, partitions):
    """A GPT for blocks of any size: blocks 0 to 5, and the last five."""
    entries = b"".join(struct.pack("<16s16sQQQ72s", b"\x11" * 16, bytes([n + 1] * 16), first, last, 0,
                                   name.encode("utf-16-le"))
                       for n, (name, first, last) in enumerate(partitions)).ljust(128 * 128, b"\0")
    table = len(entries) // size

    def header(mine, other, where):
        def make(crc):
            return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc, 0, mine, other, 2 + table,
                               blocks - 2 - table, b"\x22" * 16, where, 128, 128, binascii.crc32(entries))
        return make(binascii.crc32(make(0))).ljust(size, b"\0")

    mbr = bytearray(size)
    mbr[446:462] = struct.pack("<BBBBBBBBII", 0, 0, 2, 0, 0xEE, 255, 255, 255, 1, blocks - 1)
    mbr[510:512] = b"\x55\xaa"
    return (bytes(mbr) + header(1, blocks - 1, 2) + entries,
            entries + header(blocks - 1, 1, blocks - 1 - table))


def test_blocks_of_4096_bytes(boot, disk):
    blocks = (32 << 20) // 4096
    front, back = gpt(blocks, 4096, [("site", 256, 256 + SITE // 4096 - 1), ("scratch", 2048, 2048 + 2047)])
    disk.put(0, front)
    disk.put((32 << 20) - len(back), back)
    disk.put(256 * 4096, pattern(SITE))
    machine = boot("block", arguments=disk.arguments(
        device=",logical_block_size=4096,physical_block_size=4096"))
    expect_all_good(machine, disk, start=2048 * 4096)
    assert "writer: 2048 blocks of 4096, at most 256, writable 1" in machine.text
