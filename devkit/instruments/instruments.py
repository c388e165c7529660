#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boots an image of the development SDK and traces it.

    instruments loader.img [--config debug] [--trace FILE [--last N]] [--seconds S]
                [-- QEMU-ARGUMENT...]

--trace  writes what the kernel does, in Chrome's trace format, for chrome://tracing or
         ui.perfetto.dev; times are instructions (1 as 1 ns). --last ends it after N.

The emulated clock counts instructions, so that a run is the same each time. The trace
is a plugin of the emulator; the kernel is the same as without.
"""
import argparse
import signal
import struct
import subprocess
import sys
from pathlib import Path

SDK = Path(__file__).resolve().parent.parent
BOARD = SDK / "board" / "qemu_virt_aarch64"
QEMU = ["qemu-system-aarch64", "-machine", "virt,virtualization=on", "-cpu", "cortex-a53",
        "-m", "size=2G", "-display", "none", "-monitor", "none", "-serial", "stdio",
        "-icount", "shift=0,sleep=off"]
INSTRUMENTED = b"instruments: "  # is in a kernel that injects faults


def symbols(elf):
    """Name to address, of a 64-bit little-endian ELF file."""
    data = Path(elf).read_bytes()
    offset, = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3a)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]
    found = {}
    for section in sections:
        if section[1] == 2:  # SHT_SYMTAB
            names = sections[section[6]][4]
            for at in range(section[4], section[4] + section[5], 24):
                name, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", data, at)
                end = data.index(b"\0", names + name)
                found[data[names + name:end].decode()] = value
    return found


def trace_arguments(a):
    name = "instruments.elf" if INSTRUMENTED in a.image.read_bytes() else "sel4.elf"
    known = symbols(BOARD / a.config / "elf" / name)
    names = ["from_pd", "interrupted", "idle_interrupted", "kernel_syscall", "kernel_fault",
             "kernel_interrupt", "return_to_pd", "idle", "pds", "current", "system"]
    words = [f"{name}={known[name]:#x}" for name in names]
    return ["-plugin", ",".join([str(SDK / "bin" / "trace.so"), f"out={a.trace}", *words,
                                 f"last={a.last:#x}"])]


def complete(trace):
    """An idle emulator with this clock can only be killed; the trace has no end then."""
    text = trace.read_text()
    if text and not text.endswith("]}\n"):
        trace.write_text(text[:text.rindex(",\n")] + "\n]}\n")


def arguments():
    parser = argparse.ArgumentParser(prog="instruments", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", type=Path)
    parser.add_argument("--config", default="debug")
    parser.add_argument("--trace", metavar="FILE", type=Path)
    parser.add_argument("--last", metavar="N", type=int, default=2**63)
    parser.add_argument("--seconds", type=float, help="end the run then, by the host's clock")
    own = sys.argv[1:sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    return parser.parse_args(own), sys.argv[len(own) + 2:]


def main():
    a, qemu_arguments = arguments()
    command = [*QEMU, *qemu_arguments, "-device",
               f"loader,file={a.image},addr=0x70000000,cpu-num=0"]
    if a.trace:
        command += trace_arguments(a)
    qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    for number in signal.SIGTERM, signal.SIGINT:
        signal.signal(number, lambda *_: qemu.kill())
    try:
        qemu.wait(a.seconds)
    except subprocess.TimeoutExpired:
        qemu.kill()
        qemu.wait()
    if a.trace:
        complete(a.trace)


if __name__ == "__main__":
    sys.exit(main())
