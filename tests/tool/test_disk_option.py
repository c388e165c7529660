# SPDX-License-Identifier: BSD-2-Clause
"""--disk: partitions are looked up in the image, whose table is checked as a stranger's."""

import subprocess

import pytest
from disks import BLOCKS, FIRST, LAST, disk, entry, mbr, table
from test_messages import clients

SITE = [("boot", FIRST, 99), ("log", 100, 199)]
WEB = clients("  web: {program: web.elf, disk: {partition: log}}")


def check(tool, text, **made):
    made.setdefault("partitions", SITE)
    disk(tool.directory / "site.img", **made)
    return tool.check(text, "--disk", "disk=site.img")


def test_found(tool):
    done = check(tool, WEB)
    assert (done.returncode, done.stderr) == (0, "")


def test_found_in_an_image_by_sgdisk(tool):
    image = tool.directory / "site.img"
    image.write_bytes(bytes(4 << 20))
    subprocess.run(["/usr/sbin/sgdisk", "-n", "1:0:+1M", "-c", "1:log", str(image)], check=True,
                   stdout=subprocess.DEVNULL)
    done = tool.check(WEB, "--disk", "disk=site.img")
    assert (done.returncode, done.stderr) == (0, "")


def test_not_there(tool):
    done = check(tool, clients("  web: {program: web.elf, disk: {partition: site}}"))
    assert done.stderr == ("system.yaml:8:45: web: disk has no partition 'site'\n"
                           "  site.img has: 'boot' (1), 'log' (2)\n")
    assert done.returncode == 1


def test_no_partitions(tool):
    assert check(tool, WEB, partitions=[]).stderr == (
        "system.yaml:8:45: web: disk has no partition 'log'\n  site.img has: no partitions\n")


def test_two_of_a_name(tool):
    assert check(tool, WEB, partitions=[("log", 40, 41), ("log", 42, 43)]).stderr == (
        "system.yaml:8:45: web: disk has more than one partition called 'log'\n"
        "  site.img has: 'log' (1), 'log' (2)\n")


def test_a_name_that_could_confuse_a_terminal(tool):
    assert check(tool, WEB, partitions=[("\x1b[2J\u00e9", 40, 41)]).stderr == (
        "system.yaml:8:45: web: disk has no partition 'log'\n  site.img has: '?[2J?' (1)\n")


def test_a_table_that_the_virtualiser_would_refuse(tool):
    """A protective record that begins elsewhere, a table too large: it is asked itself."""
    boot = bytearray(mbr())
    boot[446 + 8] = 2
    assert check(tool, WEB, boot=bytes(boot)).stderr == (
        "site.img: disk: the block virtualiser will refuse it: "
        "not a GPT disk (block 0 is no protective MBR)\n")


FIRST_TABLE = "site.img: disk: its partition table "
SECOND_TABLE = "site.img: disk: the second copy of its partition table "
WRONG = [
    ("no_mbr", {"boot": bytes(512)}, "site.img: disk: it has no partition table"),
    ("only_mbr", {"boot": mbr(kind=0x83)},
     "site.img: disk: it has no GUID partition table, only an MBR"),
    ("signature", {"first": {"signature": b"EFI PORT"}}, FIRST_TABLE + "has no signature"),
    ("revision", {"first": {"revision": 0x20000}}, FIRST_TABLE + "has an unknown revision or size"),
    ("size_small", {"first": {"size": 91}}, FIRST_TABLE + "has an unknown revision or size"),
    ("size_large", {"first": {"size": 513}}, FIRST_TABLE + "has an unknown revision or size"),
    ("checksum", {"first": {"crc": 1}}, FIRST_TABLE + "has a wrong checksum"),
    ("my_block", {"first": {"mine": 2}}, FIRST_TABLE + "is not where it says it is"),
    ("entries_checksum", {"first": {"entries_crc": 1}},
     FIRST_TABLE + "has entries with a wrong checksum"),
    ("entry_size", {"first": {"entry_size": 64}},
     FIRST_TABLE + "has entries of an impossible size or number"),
    ("entry_size_odd", {"first": {"entry_size": 192}},
     FIRST_TABLE + "has entries of an impossible size or number"),
    ("no_entries", {"first": {"count": 0}},
     FIRST_TABLE + "has entries of an impossible size or number"),
    ("many_entries", {"first": {"count": 0xffffffff}},
     FIRST_TABLE + "has entries of an impossible size or number"),
    ("entries_outside", {"first": {"entries_at": 1 << 63}},
     FIRST_TABLE + "reaches beyond the end of the disk"),
    ("entries_wrap", {"first": {"entries_at": (1 << 64) - 1}},
     FIRST_TABLE + "reaches beyond the end of the disk"),
    ("entries_over_header", {"first": {"entries_at": 1}},
     FIRST_TABLE + "overlaps its own partitions"),
    ("entries_over_partitions", {"first": {"entries_at": 20}},
     FIRST_TABLE + "overlaps its own partitions"),
    ("usable_outside", {"first": {"last": BLOCKS}},
     FIRST_TABLE + "reaches beyond the end of the disk"),
    ("usable_reversed", {"first": {"first": LAST + 1}},
     FIRST_TABLE + "reaches beyond the end of the disk"),
    ("second_signature", {"second": {"signature": bytes(8)}}, SECOND_TABLE + "has no signature"),
    ("second_differs", {"second": {"guid": b"\x44" * 16}},
     "site.img: disk: the two copies of its partition table differ"),
    ("second_elsewhere", {"first": {"other": BLOCKS - 2}},
     "site.img: disk: the two copies of its partition table differ"),
    ("overlap", {"partitions": [("a", 40, 60), ("b", 60, 70)]},
     "site.img: disk: partitions 1 and 2 overlap"),
    ("before_usable", {"partitions": [("a", FIRST - 1, 60)]},
     "site.img: disk: partition 1 lies outside the usable blocks"),
    ("after_usable", {"partitions": [("a", 40, LAST + 1)]},
     "site.img: disk: partition 1 lies outside the usable blocks"),
    ("reversed", {"partitions": [("a", 60, 40)]},
     "site.img: disk: partition 1 lies outside the usable blocks"),
    ("third_entry", {"entries": table([entry("a", 40, 41), entry("", 0, 0, bytes(16)),
                                       entry("c", 41, 42)])},
     "site.img: disk: partitions 1 and 3 overlap"),
]


@pytest.mark.parametrize("name, made, message", WRONG, ids=[w[0] for w in WRONG])
def test_wrong(tool, name, made, message):
    done = check(tool, WEB, **made)
    assert done.stderr == message + "\n"
    assert done.returncode == 1


def test_too_small(tool):
    (tool.directory / "site.img").write_bytes(bytes(1024))
    assert tool.check(WEB, "--disk", "disk=site.img").stderr == (
        "site.img: disk: it is too small for a partition table\n")


def test_no_image(tool):
    assert tool.check(WEB, "--disk", "disk=site.img").stderr == (
        "site.img: disk: No such file or directory\n")


def test_no_such_device(tool):
    assert tool.check(WEB, "--disk", "dsk=site.img").stderr == (
        "quoll: --disk dsk=site.img: there is no block device 'dsk'\n  did you mean 'disk'?\n")


def test_not_a_block_device(tool):
    assert tool.check(WEB, "--disk", "nic=site.img").stderr == (
        "quoll: --disk nic=site.img: there is no block device 'nic'\n  block devices: disk\n")


def test_said_twice(tool):
    disk(tool.directory / "site.img", SITE)
    assert tool.check(WEB, "--disk", "disk=site.img", "--disk", "disk=site.img").stderr == (
        "quoll: --disk disk is said twice\n")
