# SPDX-License-Identifier: BSD-2-Clause
"""What a protection domain may not touch is told with its name, the region, the offset and
the line, and ends the run if nobody is its parent."""
import pytest

import simulator

SYSTEM = """<system>
    <memory_region name="mine" size="0x1000" />
    <memory_region name="shown" size="0x1000" />
    <memory_region name="uart" size="0x1000" phys_addr="0x9000000" />
    <protection_domain name="bad" priority="1">
        <program_image path="bad.elf" />
        <map mr="mine" vaddr="0x20000000" perms="rw" />
        <map mr="shown" vaddr="0x20010000" perms="r" />
        <map mr="uart" vaddr="0x20020000" perms="rw" cached="false" />
    </protection_domain>
    <protection_domain name="good" priority="2">
        <program_image path="good.elf" />
        <map mr="shown" vaddr="0x20030000" perms="rw" />
    </protection_domain>
</system>
"""
PROGRAM = """#include <microkit.h>
#include <string.h>
void init(void)
{
    %s
}
void notified(microkit_channel channel)
{
    (void)channel;
}
"""


@pytest.mark.parametrize("code, told", [
    ("*(volatile int *)0x20010008 = 1;", "bad wrote 'shown' + 0x8, which it may only read"),
    ("(void)*(volatile long *)0x20000ffc;", "bad read 'mine' + 0xffc, beyond its end"),
    ("memset((void *)0x20000800, 1, 0x801);", "bad wrote 'mine' + 0x800, beyond its end"),
    ("(void)*(volatile int *)0x20001010;", "bad read 0x20001010, 16 bytes behind 'mine'"),
    ("(void)*(volatile int *)0x20030004;", "bad read 'shown' + 0x4, which is good's view"),
    ("(void)*(volatile int *)0x20020018;", "bad read 'uart' + 0x18, not by mmio.h"),
    ("*(volatile int *)0 = 1;", "bad wrote 0x0, where it has nothing"),
    ("((void (*)(void))0x3000)();", "bad ran code at 0x3000, where it has nothing"),
    ("__builtin_trap();", "bad gave up"),
])
def test_wrong_access(tmp_path, code, told):
    (tmp_path / "bad.c").write_text(PROGRAM % code)
    (tmp_path / "good.c").write_text(PROGRAM % "")
    for name in "bad", "good":
        simulator.compile_checked([tmp_path / f"{name}.c"], tmp_path / f"{name}.elf", "-Wno-array-bounds")
    (tmp_path / "system.system").write_text(SYSTEM)
    done = simulator.run(tmp_path)
    assert (done.status, done.failure) == (1, f"FAILED: {told}, at {tmp_path}/bad.c:5 in init")


def test_what_is_allowed_is_not_told(tmp_path):
    (tmp_path / "bad.c").write_text(PROGRAM % "*(volatile int *)0x20000ffc = *(volatile int *)0x20010000;")
    (tmp_path / "good.c").write_text(PROGRAM % "*(volatile int *)0x20030000 = 1;")
    for name in "bad", "good":
        simulator.compile_checked([tmp_path / f"{name}.c"], tmp_path / f"{name}.elf")
    (tmp_path / "system.system").write_text(SYSTEM)
    done = simulator.run(tmp_path)
    assert (done.status, done.text) == (0, "")
