# SPDX-License-Identifier: BSD-2-Clause
"""The machine code that compilers make of the queue fetches a peer's entry once.

Each probe runs in an emulator. The peer's page turns every byte into another one as
soon as it has been read, as the worst neighbour would: the digest must still be that
of the first values, and no byte of an entry may be read twice.
"""

import struct
import subprocess
from pathlib import Path

import pytest

unicorn = pytest.importorskip("unicorn", reason="python3-unicorn is not installed")
from unicorn import arm64_const, x86_const  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "codegen"
PICOLIBC = "/usr/lib/picolibc/aarch64-linux-gnu/include"  # as programs have it
CODE, HANDLE, STACK, MINE, PEER, RETURN = (0x100000 * n for n in range(1, 7))
PAGE = 0x10000
ENTRIES = 64  # offset of the entries in struct queue_producer_half

COMPILERS = {
    ("gcc", "x86-64"): ["gcc"],
    ("gcc", "aarch64"): ["aarch64-linux-gnu-gcc", "-mgeneral-regs-only"],
    ("clang", "x86-64"): ["clang", "--target=x86_64-linux-gnu"],
    ("clang", "aarch64"): ["clang", "--target=aarch64-linux-gnu", "-mgeneral-regs-only"],
}
LEVELS = ["-O1", "-O2", "-O3"]

# Entries as bytes, with the digest that the C source gives for them.
BLOCK = struct.Struct("<IHHIIQQ")
TIMER = struct.Struct("<IIQQ")
NET = struct.Struct("<IHH")
CASES = {
    "probe_block": [
        (BLOCK.pack(9, 1, 0, 8, 0, 1000, 512), 1000 * 3 + 8 + 9),
        (BLOCK.pack(9, 2, 0, 8, 0, 1000, 512), 1000 * 5 + 8 * 512 + 9),
        (BLOCK.pack(9, 3, 0, 8, 0, 1000, 512), 9 + 3),
        (BLOCK.pack(9, 5, 0, 8, 0, 1000, 512), 9 + 8 + 5),
        (BLOCK.pack(9, 77, 0, 8, 0, 1000, 512), 77 + 9),
        (BLOCK.pack(9, 1, 0, 129, 0, 1000, 512), 129 + 1000 + 512 + 9),
    ],
    "probe_timer": [
        (TIMER.pack(63, 1, 500, 7), 570),
        (TIMER.pack(63, 2, 500, 7), 1570),
        (TIMER.pack(63, 3, 500, 7), 63),
        (TIMER.pack(63, 4, 500, 7), 4),
        (TIMER.pack(64, 1, 500, 7), 0),
    ],
    "probe_table": [(struct.pack("<I", n), digest) for n, digest in
                    enumerate([5, 17 * 31 + 4, (2 * 31 + 3) * 31 + 3, (11 * 31 + 1) * 31, 32, 3, 7])],
    "probe_net": [
        (NET.pack(2048, 60, 0), 2048 * 7 + 60),
        (NET.pack(2048, 13, 0), 13),
        (NET.pack(4000, 97, 0), 4097),
    ],
    "probe_serial": [(b"\n", 1000), (b"\t", 2000), (b"\x1b", 3027), (b"A", 65), (b"\x80", 4128)],
}

CASES["probe_many"] = CASES["probe_block"]


def build(compiler, machine, level):
    """The probes as a flat program at CODE, and where each begins."""
    BUILD.mkdir(parents=True, exist_ok=True)
    name = BUILD / f"{compiler}-{machine}{level}"
    prefix = "aarch64-linux-gnu-" if machine == "aarch64" else ""
    flags = ["-std=c17", level, "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-c",
             "-fcf-protection=none" if machine == "x86-64" else "-fno-common",
             "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", f"-I{ROOT}/include",
             *(["-isystem", PICOLIBC] if machine == "aarch64" else [])]
    subprocess.run([*COMPILERS[compiler, machine], *flags, str(Path(__file__).with_name("probe.c")),
                    "-o", f"{name}.o"], check=True)
    subprocess.run([f"{prefix}ld", f"-Ttext={CODE:#x}", "-e", "probe_net", f"{name}.o", "-o", f"{name}.elf"],
                   check=True)
    subprocess.run([f"{prefix}objcopy", "-O", "binary", "-j", ".text", "-j", ".rodata",
                    f"{name}.elf", f"{name}.bin"], check=True)
    symbols = subprocess.run(["nm", f"{name}.elf"], check=True, capture_output=True, text=True).stdout
    places = {line.split()[2]: int(line.split()[0], 16) for line in symbols.splitlines()}
    return Path(f"{name}.bin").read_bytes(), places


@pytest.fixture(scope="module", params=[(c, m, o) for c, m in COMPILERS for o in LEVELS],
                ids=lambda p: " ".join(p))
def program(request):
    compiler, machine, level = request.param
    return machine, *build(compiler, machine, level)


def emulator(machine):
    if machine == "aarch64":
        return unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
    return unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)


def call(uc, machine, address):
    """Call the function with the handle as its argument; what it returns."""
    if machine == "aarch64":
        uc.reg_write(arm64_const.UC_ARM64_REG_X0, HANDLE)
        uc.reg_write(arm64_const.UC_ARM64_REG_SP, STACK + PAGE // 2)
        uc.reg_write(arm64_const.UC_ARM64_REG_X30, RETURN)
        uc.emu_start(address, RETURN, count=100000)
        return uc.reg_read(arm64_const.UC_ARM64_REG_X0)
    uc.mem_write(STACK + PAGE // 2, struct.pack("<Q", RETURN))
    uc.reg_write(x86_const.UC_X86_REG_RSP, STACK + PAGE // 2)
    uc.reg_write(x86_const.UC_X86_REG_RDI, HANDLE)
    uc.emu_start(address, RETURN, count=100000)
    return uc.reg_read(x86_const.UC_X86_REG_RAX)


def run(program, probe, entry):
    """Run a probe over one entry: its digest, and how often each byte was read."""
    machine, code, places = program
    uc = emulator(machine)
    for base in (CODE, HANDLE, STACK, MINE, PEER, RETURN):
        uc.mem_map(base, PAGE)
    uc.mem_write(CODE, code)
    # struct queue_consumer: mine, peer, capacity, head, released, ready, broken
    uc.mem_write(HANDLE, struct.pack("<QQIIIII", MINE, PEER, 4, 0, 0, 0, 0))
    uc.mem_write(PEER, struct.pack("<I", 1))
    uc.mem_write(PEER + ENTRIES, entry)
    reads = [0] * len(entry)

    def on_read(uc, access, address, size, value, data):
        # Called before the load: count, and let a second load see something else.
        for at in range(address, address + size):
            index = at - PEER - ENTRIES
            if 0 <= index < len(entry):
                if reads[index] > 0:
                    uc.mem_write(at, bytes([entry[index] ^ 0x55]))
                reads[index] += 1

    uc.hook_add(unicorn.UC_HOOK_MEM_READ, on_read, begin=PEER, end=PEER + PAGE)
    return call(uc, machine, places[probe]), reads


@pytest.mark.parametrize("probe", CASES)
def test_an_entry_is_fetched_once(program, probe):
    for entry, expected in CASES[probe]:
        digest, reads = run(program, probe, entry)
        assert digest == expected
        assert max(reads) == 1, f"bytes of the entry were read {reads} times"


def test_a_careless_reader_is_noticed(program):
    entry = TIMER.pack(1, 2, 3, 4)
    digest, reads = run(program, "probe_careless", entry)
    assert max(reads) == 2
    assert digest != 3
