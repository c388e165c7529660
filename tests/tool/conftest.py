# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the command `quoll` share: the command, a board, an SDK that only
looks like one, and programs that hold just what the composer looks for."""

import os
import pathlib
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOARD = "qemu_virt_aarch64"

# A program of Quoll as the composer sees it.
PROGRAM = r"""
    .section .text.start, "ax"
    .global quoll_start
    .type quoll_start, %%function
quoll_start:
    nop
    %(code)s
    .size quoll_start, . - quoll_start

    .section .rodata, "a"
    .balign 64
    .global quoll_config
    .type quoll_config, %%object
    .size quoll_config, %(config_size)d
quoll_config:
    .space %(config_size)d
    .global quoll_io
quoll_io:
    .altmacro
    .macro io_word n
    .global quoll_io_\n
quoll_io_\n:
    .quad 0
    .endm
    .set i, 0
    .rept %(io)d
    io_word %%i
    .set i, i + 1
    .endr
"""


def assemble(path, code="", config_size=8920, io=64, driver=None, extra="", flags=(),
             compiler="aarch64-linux-gnu-gcc"):
    """Make the program `path`; `driver`: the bytes of its description of itself."""
    source = PROGRAM % {"code": code, "config_size": config_size, "io": io} + extra
    if driver is not None:
        source += '\n    .section .quoll_driver, "a"\n'
        source += "".join(f"    .byte {b}\n" for b in driver)
    subprocess.run(
        [compiler, "-nostdlib", "-static", "-Wl,-Ttext-segment=0x200000",
         "-Wl,-e,quoll_start", "-Wl,-z,max-page-size=4096", "-Wl,--build-id=none",
         *flags, "-x", "assembler", "-", "-o", str(path)],
        input=source.encode(), check=True, stderr=subprocess.PIPE)


def driver(class_name, compatible, registers=(), interrupts=(), system_timer=0, dma=0, abi=1):
    """struct quoll_driver of <quoll/config.h>."""
    names = [compatible] if isinstance(compatible, str) else compatible
    names = [n.encode() for n in names] + [b""] * (4 - len(names))
    sizes = list(registers) + [0] * (4 - len(registers))
    which = list(interrupts) + [0] * (4 - len(interrupts))
    return struct.pack("<II16s32s32s32s32sBB4BBB4III", 0x76726451, abi, class_name.encode(),
                       *names, len(registers), len(interrupts), *which, system_timer, 0,
                       *sizes, dma, 0)


DRIVERS = {
    "pl011.elf": driver("serial", "arm,pl011", [0x1000], [0]),
    "arm_timer.elf": driver("timer", "arm,armv8-timer", [], [1], system_timer=1),
    "virtio_net.elf": driver("net", "virtio,mmio", [0x200], [0], dma=0x11000),
    "virtio_block.elf": driver("block", "virtio,mmio", [0x200], [0], dma=0x3000),
}
PLAIN = ["supervisor.elf", "serial_tx_virt.elf", "timer_virt.elf", "net_rx_virt.elf",
         "net_rx_copy_virt.elf", "net_tx_virt.elf", "net_copier.elf", "block_virt.elf", "web.elf",
         "echo.elf"]
CNTP_WRITE = "msr CNTP_CTL_EL0, x3"

# What the Microkit's tool would do, as far as anybody here can tell.
FAKE_MICROKIT = """#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in
        -o) echo image > "$2"; shift;;
        -r) echo report > "$2"; shift;;
    esac
    shift
done
"""


def make_sdk(path, version="2.0.1", boards=(BOARD,), microkit=FAKE_MICROKIT):
    (path / "bin").mkdir(parents=True)
    for board in boards:
        for config in ("debug", "release"):
            (path / "board" / board / config).mkdir(parents=True)
    (path / "VERSION").write_text(version + "\n")
    (path / "bin/microkit").write_text(microkit)
    (path / "bin/microkit").chmod(0o755)
    return path


@pytest.fixture(scope="session")
def quoll(tmp_path_factory):
    """The command, built for the occasion unless QUOLL names one."""
    if "QUOLL" in os.environ:
        return os.environ["QUOLL"]
    out = ROOT / "build/tool"
    subprocess.run(["make", "-s", "-C", str(ROOT / "tool"), f"O={out}"], check=True,
                   stdout=subprocess.DEVNULL)
    return str(out / "quoll")


@pytest.fixture(scope="session")
def dtb(tmp_path_factory):
    path = tmp_path_factory.mktemp("board") / "virt.dtb"
    subprocess.run(["qemu-system-aarch64", "-machine", f"virt,virtualization=on,dumpdtb={path}",
                    "-cpu", "cortex-a53", "-m", "2G", "-nographic"], check=True,
                   stderr=subprocess.DEVNULL)
    return path


@pytest.fixture(scope="session")
def sdk(tmp_path_factory):
    return make_sdk(tmp_path_factory.mktemp("sdk") / "sdk")


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    path = tmp_path_factory.mktemp("programs")
    for name in PLAIN:
        assemble(path / name)
    for name, about in DRIVERS.items():
        assemble(path / name, driver=about, code=CNTP_WRITE if name == "arm_timer.elf" else "")
    return path


class Tool:
    """Runs the command in a directory of its own, on files named as in messages."""

    def __init__(self, quoll, directory, dtb, sdk, programs):
        self.quoll, self.directory = quoll, directory
        self.dtb, self.sdk, self.programs = dtb, sdk, [programs]

    def run(self, *arguments):
        return subprocess.run([self.quoll, *map(str, arguments)], cwd=self.directory,
                              capture_output=True, text=True, timeout=60)

    def arguments(self, *more):
        programs = [word for path in self.programs for word in ("--programs", path)]
        return ["system.yaml", "--dtb", self.dtb, "--sdk", self.sdk, "--config", "debug",
                *programs, *more]

    def check(self, text, *more):
        (self.directory / "system.yaml").write_text(text)
        return self.run("check", *self.arguments(*more))

    def build(self, text, *more):
        (self.directory / "system.yaml").write_text(text)
        return self.run("build", *self.arguments("-o", "out", *more))


@pytest.fixture
def tool(quoll, tmp_path, dtb, sdk, programs):
    return Tool(quoll, tmp_path, dtb, sdk, programs)
