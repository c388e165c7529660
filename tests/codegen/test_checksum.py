# SPDX-License-Identifier: BSD-2-Clause
"""The Internet checksum as the machine computes it, which unit tests on the host do not
see: its loop is written for AArch64. Against RFC 1071's definition, in an emulator."""

import random
import subprocess
from pathlib import Path

import pytest

unicorn = pytest.importorskip("unicorn", reason="python3-unicorn is not installed")
from unicorn import arm64_const  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "codegen"
CODE, DATA, STACK, RETURN, COPY = (0x100000 * n for n in range(1, 6))
SIZE = 0x20000


def reference(data):
    """RFC 1071, section 4.1, in the order of bytes in memory."""
    return fold(sum(int.from_bytes(data[at:at + 2], "little") for at in range(0, len(data), 2)))


def fold(total):
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


@pytest.fixture(scope="module")
def checksum():
    BUILD.mkdir(parents=True, exist_ok=True)
    flat = BUILD / "checksum"
    subprocess.run(["aarch64-linux-gnu-gcc", "-std=c17", "-fasm", "-O3", "-ffreestanding", "-mgeneral-regs-only",
                    "-fno-pic", "-nostdlib", "-static", f"-Wl,-Ttext={CODE:#x}", "-Wl,-e,quoll_sum",
                    "-Wl,--build-id=none", str(ROOT / "net/lwip/checksum.c"), "-o", f"{flat}.elf"], check=True)
    subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", f"{flat}.elf", f"{flat}.bin"],
                   check=True)
    symbols = subprocess.run(["nm", f"{flat}.elf"], check=True, capture_output=True, text=True).stdout
    entries = {line.split()[2]: int(line.split()[0], 16) for line in symbols.splitlines()}
    uc = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
    for base in (CODE, DATA, STACK, RETURN, COPY):
        uc.mem_map(base, SIZE)
    uc.mem_write(CODE, Path(f"{flat}.bin").read_bytes())

    def call(data, shift=0, copy=False):
        # Around the data lies what must not be counted.
        uc.mem_write(DATA, b"\xa5" * (len(data) + shift + 32))
        uc.mem_write(DATA + shift, bytes(data))
        uc.reg_write(arm64_const.UC_ARM64_REG_X0, DATA + shift)
        uc.reg_write(arm64_const.UC_ARM64_REG_X1, len(data))
        uc.reg_write(arm64_const.UC_ARM64_REG_SP, STACK + SIZE // 2)
        uc.reg_write(arm64_const.UC_ARM64_REG_X30, RETURN)
        if copy:
            uc.mem_write(COPY, b"\x5a" * (len(data) + shift + 32))
            for register, value in (("X0", COPY + shift), ("X1", DATA + shift), ("X2", len(data))):
                uc.reg_write(getattr(arm64_const, f"UC_ARM64_REG_{register}"), value)
        uc.emu_start(entries["quoll_copy_sum" if copy else "quoll_sum"], RETURN)
        if copy:
            around = bytes(uc.mem_read(COPY, len(data) + shift + 32))
            assert around == b"\x5a" * shift + bytes(data) + b"\x5a" * 32
        return fold(uc.reg_read(arm64_const.UC_ARM64_REG_X0))

    return call


def test_of_all_sizes(checksum):
    draw = random.Random(1)
    for size in range(400):
        data = draw.randbytes(size)
        assert checksum(data, shift=size % 9) == reference(data), size
        assert checksum(data, shift=size % 9, copy=True) == reference(data), size


def test_of_bytes_that_carry_most(checksum):
    for size in (*range(64, 300), 1472, 65535):
        data = b"\xff" * size
        assert checksum(data) == checksum(data, copy=True) == reference(data), size
        # The last addition carries, and the carry carries again.
        data = b"\xff" * (size // 64 * 64 - 8) + b"\x01" + bytes(7)
        assert checksum(data) == checksum(data, copy=True) == reference(data), size
