# SPDX-License-Identifier: BSD-2-Clause
"""What a program may not do to the whole system, tried with every encoding there is, and
the places where such code could hide from the scan."""

import pathlib
import re
import subprocess

import pytest
from conftest import ROOT, assemble
from test_system import GOOD
from test_world import WEB, own  # noqa: F401

TIMER = ("CNTP_TVAL_EL0", "CNTP_CTL_EL0", "CNTP_CVAL_EL0")
AT = "system.yaml:8:18: web: web.elf "


def assembled(tmp_path, text):
    """The words that the assembler makes of a text."""
    subprocess.run(["aarch64-linux-gnu-gcc", "-c", "-x", "assembler", "-", "-o", tmp_path / "o"],
                   input=text.encode(), check=True)
    subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", tmp_path / "o",
                    tmp_path / "bin"], check=True)
    data = (tmp_path / "bin").read_bytes()
    return [int.from_bytes(data[at:at + 4], "little") for at in range(0, len(data), 4)]


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """Of all 2**32 words, those that the scan refuses, with the register it names."""
    out = tmp_path_factory.mktemp("scan") / "scan_all"
    subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", f"-I{ROOT}/tool", f"-I{ROOT}/include",
                    pathlib.Path(__file__).parent / "scan_all.c", ROOT / "tool/scan.c",
                    *(ROOT / "tool/lib").glob("*.c"), "-o", out, "-lelf"], check=True)
    lines = subprocess.run([out], check=True, capture_output=True, text=True, timeout=300).stdout
    return {int(word, 16): name for word, name in map(str.split, lines.splitlines())}


def test_every_word(refused, tmp_path):
    msr = {word: name for name in TIMER for word in assembled(
        tmp_path, "\n".join(f"msr {name}, {r}" for r in [f"x{n}" for n in range(31)] + ["xzr"]))
        for name in [name]}
    msrr = {word | 1 << 22: name for word, name in msr.items()}
    assert len(msr) == 96
    assert refused == {**msr, **msrr}


def test_what_kernels_leave_open(refused):
    """The conformance suite tries all encodings on each kernel: of the registers that user
    level can write, those that are not switched with the thread are refused."""
    expected = (ROOT / "tests/conformance/systems/el0_registers/expected").read_text()
    found = re.findall(r"^child: write xzr (2|3) (\d+) (\d+) (\d+) (\d+)$", expected, re.M)
    open_ = {tuple(map(int, fields)) for fields in found}
    own_ = {(3, 3, 4, 2, 0), (3, 3, 4, 4, 0), (3, 3, 4, 4, 1), (3, 3, 13, 0, 2)}  # NZCV, FPCR, FPSR, TPIDR
    scanned = {(word >> 19 & 3, word >> 16 & 7, word >> 12 & 15, word >> 8 & 15, word >> 5 & 7)
               for word in refused if not word & 1 << 22}
    assert own_ < open_
    assert scanned == open_ - own_


# ---- Places to hide ----

SCRIPT = """
PHDRS { text PT_LOAD FLAGS(5); one PT_LOAD FLAGS(5); two PT_LOAD FLAGS(%(flags)d); }
SECTIONS {
    .text 0x200000 : { *(.text*) *(.rodata*) } :text
    .one 0x210000 : { *(.one) } :one
    .two %(two)#x : { *(.two) } :two
}
"""


def in_two(path, two, flags=5, first=".2byte 0xe220", second=".2byte 0xd51b"):
    """A program with further segments at 0x210000 and at `two`."""
    script = path.with_suffix(".ld")
    script.write_text(SCRIPT % {"flags": flags, "two": two})
    assemble(path, extra=f'\n.section .one, "a"\n{first}\n.section .two, "a"\n{second}\n',
             flags=[f"-Wl,-T,{script}", "-Wl,--no-warn-rwx-segments"])


def test_an_instruction_in_two_segments(tool, own):  # noqa: F811
    in_two(own / "web.elf", 0x210002)
    assert tool.check(WEB).stderr == (
        AT + "has segments at 0x210000 and 0x210002 that share a page, and code is in it\n")


@pytest.mark.parametrize("two, flags", [(0x210800, 6), (0x210ffc, 4)])
def test_code_and_data_in_one_page(tool, own, two, flags):  # noqa: F811
    in_two(own / "web.elf", two, flags)
    assert tool.check(WEB).stderr == (
        AT + f"has segments at 0x210000 and {two:#x} that share a page, and code is in it\n")


def test_code_and_data_in_pages_of_their_own(tool, own):  # noqa: F811
    in_two(own / "web.elf", 0x211000, 6)
    assert tool.check(WEB).stderr == ""


def test_a_constant_among_the_code(tool, own):  # noqa: F811
    """A literal can be jumped to."""
    assemble(own / "web.elf", code="ldr w0, =0xd51be220\n b .\n .ltorg")
    assert f"{AT}writes CNTP_CTL_EL0 at 0x20" in tool.check(WEB).stderr


def test_a_constant_that_is_not_aligned(tool, own):  # noqa: F811
    """Nobody can jump between the words: A64 instructions are aligned."""
    for shift in 1, 2, 3:
        assemble(own / "web.elf", code=f"b .\n .skip {shift}, 0x11\n .4byte 0xd51be220\n .balign 4")
        assert tool.check(WEB).stderr == ""


def test_an_unaligned_segment(tool, own):  # noqa: F811
    in_two(own / "web.elf", 0x214002, first="nop", second=".2byte 0\n .4byte 0xd51be220")
    assert tool.check(WEB).stderr == (
        AT + "writes CNTP_CTL_EL0 at 0x214004\n"
        "  only the driver of the system timer may: whoever can stops everybody's timeouts\n")


# What the SDK's tool writes at these symbols would make the word before or after a write
# to CNTP_TVAL_EL0: 0xd51be2e0 is none yet.
PATCHED = {
    "aligned, in the low byte": ("microkit_passive", ".balign 8\n microkit_passive: .4byte 0xd51be2e0\n .4byte 0"),
    "the end of a name": ("microkit_name", ".balign 8\n .4byte 0\n .space 4\n .byte 0\n microkit_name: .space 60\n"
                          " .byte 0, 0, 0, 0xe2, 0x1b, 0xd5\n .balign 4"),
    "unaligned": ("quoll_io_64", ".balign 8\n .4byte 0\n quoll_io_64: .8byte 0\n .4byte 0"),
    "not zero": ("microkit_irqs", ".balign 8\n microkit_irqs: .8byte 0xd51b"),
}


@pytest.mark.parametrize("way", PATCHED)
def test_a_patch_that_makes_code(tool, own, way):  # noqa: F811
    symbol, code = PATCHED[way]
    assemble(own / "web.elf", code=f"b .\n .global {symbol}\n {code}")
    assert re.fullmatch(
        re.escape(AT[:-len("web.elf ")]) + rf"in web.elf '{symbol}' at 0x20[0-9a-f]+ is not an "
        r"aligned place of zeros of its own\n"
        r"  what is written there would become a part of the code around it\n", tool.check(WEB).stderr)


def test_patches_on_top_of_each_other(tool, own):  # noqa: F811
    assemble(own / "web.elf", code="b .\n .balign 8\n microkit_pps: microkit_irqs: .8byte 0\n .8byte 0")
    lines = tool.check(WEB).stderr.splitlines()
    assert len(lines) == 4 and "'microkit_pps' at" in lines[0] + lines[2] and "'microkit_irqs' at" in lines[0] + lines[2]


@pytest.mark.parametrize("mac, register", [
    ("20:e2:1b:d5:00:01", "CNTP_CTL_EL0"), ("5e:e2:1b:d5:00:01", "CNTP_CVAL_EL0"), ("00:00:08:e2:1b:d5", None)])
def test_an_address_that_is_an_instruction(tool, mac, register):
    done = tool.check(GOOD.replace("52:54:00:00:00:10", mac))
    if register is None:
        assert done.stderr == ""
    else:
        assert f": web: its configuration holds the bytes of an instruction that writes {register}\n" in done.stderr
        assert done.returncode == 1


def test_no_region_can_be_executed(tool):
    assert tool.build(GOOD).returncode == 0
    perms = re.findall(r'perms="(\w+)"', (tool.directory / "out" / "system.system").read_text())
    assert set(perms) == {"r", "rw"} and len(perms) > 30
