#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boots an image of the development SDK under its instruments: a trace, faults.

    instruments loader.img [--config debug] [--trace FILE [--last N]] [--inject FAULT]...
                [--seconds S] [-- QEMU-ARGUMENT...]

--trace  writes what the kernel does, in Chrome's trace format, for chrome://tracing or
         ui.perfetto.dev; times are instructions (1 as 1 ns). --last ends it after N.
--inject breaks something in one protection domain, once:

             PD@PLACE[#TIME][+COUNT]:WHAT=VALUE

         when PD comes to PLACE (a symbol of the program given with --program PD=ELF, or
         an address) for the TIME-th time (default 1) and has then executed COUNT
         instructions more (default 0). WHAT is a register (x0 to x30, sp, pc), an
         address in PD's memory, or `instruction`, the one that is next.

The emulated clock counts instructions, so that a run is the same each time. Faults are
injected from outside, through the emulator's debugger interface; the trace is a plugin
of the emulator. The kernel is the same as without.
"""
import argparse
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SDK = Path(__file__).resolve().parent.parent
BOARD = SDK / "board" / "qemu_virt_aarch64"
QEMU = ["qemu-system-aarch64", "-machine", "virt,virtualization=on", "-cpu", "cortex-a53",
        "-m", "size=2G", "-display", "none", "-monitor", "none", "-serial", "stdio",
        "-icount", "shift=0,sleep=off"]
KERNEL_OFFSET = 0x8000000000
MAX_PDS = 63
REGISTERS = {**{f"x{i}": i for i in range(31)}, "sp": 31, "pc": 32}
PC = 32


def symbols(elf):
    """Name to (address, size), of a 64-bit little-endian ELF file."""
    data = Path(elf).read_bytes()
    offset, = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3a)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]
    found = {}
    for section in sections:
        if section[1] == 2:  # SHT_SYMTAB
            names = sections[section[6]][4]
            for at in range(section[4], section[4] + section[5], 24):
                name, _, _, _, value, length = struct.unpack_from("<IBBHQQ", data, at)
                end = data.index(b"\0", names + name)
                found[data[names + name:end].decode()] = value, length
    return found


class Debugger:
    """The emulator's side of GDB's remote protocol, as much as is needed."""

    def __init__(self, path, seconds):
        self.socket, self.buffer = socket.socket(socket.AF_UNIX), b""
        for _ in range(200):
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                time.sleep(0.05)
        else:
            sys.exit("instruments: the emulator's debugger interface does not answer")
        self.socket.settimeout(seconds)
        # It names single registers only to those who have asked for their description.
        self.must("qXfer:features:read:target.xml:0,fff")

    def ask(self, text):
        self.socket.sendall(f"${text}#{sum(text.encode()) % 256:02x}".encode())
        return self.answer()

    def answer(self):
        while not (match := re.search(rb"\$([^#]*)#..", self.buffer, re.S)):
            try:
                received = self.socket.recv(65536)
            except TimeoutError:
                sys.exit("instruments: nobody came to where the fault is to be injected")
            if not received:
                sys.exit("instruments: the emulator ended before the fault was injected")
            self.buffer += received
        self.buffer = self.buffer[match.end():]
        self.socket.sendall(b"+")
        return match[1].decode()

    def must(self, text):
        if (got := self.ask(text)).startswith("E") or not got:
            sys.exit(f"instruments: the emulator refuses {text}: {got}")
        return got

    def read_physical(self, address, size):
        self.must("Qqemu.PhyMemMode:1")
        data = bytes.fromhex(self.must(f"m{address:x},{size:x}"))
        self.must("Qqemu.PhyMemMode:0")
        return data

    def register(self, number):
        return int.from_bytes(bytes.fromhex(self.must(f"p{number:x}")), "little")

    def detach(self):
        self.must("D")
        self.socket.close()


class Kernel:
    """What can be read off the stopped kernel."""

    def __init__(self, config, report):
        self.symbols = symbols(BOARD / config / "elf" / "sel4.elf")
        self.pd_size = self.symbols["pds"][1] // MAX_PDS
        pds = report.read_text().partition("# Protection Domains")[2]
        self.names = re.findall(r"^    (\S+): priority", pds, re.M)

    def running(self, debugger):
        """The name of the PD that runs, or nothing."""
        current = self.word(debugger, self.symbols["current"][0])
        index, rest = divmod(current - self.symbols["pds"][0], self.pd_size)
        if rest or not 0 <= index < len(self.names) or debugger.register(PC) >= KERNEL_OFFSET:
            return ""
        return self.names[index]

    @staticmethod
    def word(debugger, address):
        return int.from_bytes(debugger.read_physical(address - KERNEL_OFFSET, 8), "little")


class Fault:
    def __init__(self, text, programs):
        match = re.fullmatch(r"([^@]+)@([^#+:]+)(?:#(\d+))?(?:\+(\d+))?:(\w+)=(\w+)", text)
        if not match:
            sys.exit(f"instruments: '{text}' is not PD@PLACE[#TIME][+COUNT]:WHAT=VALUE")
        self.pd, place, time_, count, self.what, value = match.groups()
        self.time, self.count, self.value = int(time_ or 1), int(count or 0), int(value, 0)
        self.at = self.address(place, programs)

    def address(self, place, programs):
        if re.match(r"\d", place):
            return int(place, 0)
        found = symbols(programs[self.pd]) if self.pd in programs else {}
        if place not in found:
            sys.exit(f"instruments: no symbol '{place}': --program {self.pd}=ELF?")
        return found[place][0]

    def wait_for(self, kernel, debugger):
        hits = 0
        while True:
            debugger.must(f"Z0,{self.at:x},4")
            debugger.must("c")
            debugger.must(f"z0,{self.at:x},4")
            if kernel.running(debugger) == self.pd:
                hits += 1
                if hits == self.time:
                    break
            debugger.must("s")
        done = 0
        while done < self.count:
            done += kernel.running(debugger) == self.pd
            debugger.must("s")

    def inject(self, kernel, debugger):
        self.wait_for(kernel, debugger)
        if self.what in REGISTERS:
            debugger.must(f"P{REGISTERS[self.what]:x}={self.value.to_bytes(8, 'little').hex()}")
        elif self.what == "instruction":
            pc = debugger.register(PC)
            debugger.must(f"M{pc:x},4:{self.value.to_bytes(4, 'little').hex()}")
        else:
            debugger.must(f"M{int(self.what, 0):x},8:{self.value.to_bytes(8, 'little').hex()}")


def inject(faults, kernel, path, seconds):
    debugger = Debugger(path, seconds)
    for fault in faults:
        fault.inject(kernel, debugger)
        print(f"instruments: {fault.pd}: {fault.what} = {fault.value:#x} at "
              f"{debugger.register(PC):#x}", file=sys.stderr)
    debugger.detach()


def trace_arguments(kernel, out, last):
    names = ["from_pd", "interrupted", "idle_interrupted", "kernel_syscall", "kernel_fault",
             "kernel_interrupt", "return_to_pd", "idle", "pds", "current", "system"]
    words = [f"{name}={kernel.symbols[name][0]:#x}" for name in names]
    return ["-plugin", ",".join([str(SDK / "bin" / "trace.so"), f"out={out}", *words,
                                 f"last={last:#x}"])]


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
    parser.add_argument("--report", metavar="FILE", type=Path,
                        help="the tool's; report.txt beside the image")
    parser.add_argument("--trace", metavar="FILE", type=Path)
    parser.add_argument("--last", metavar="N", type=int, default=2**63)
    parser.add_argument("--program", metavar="PD=ELF", action="append", default=[])
    parser.add_argument("--inject", metavar="FAULT", action="append", default=[])
    parser.add_argument("--seconds", type=float, help="end the run then, by the host's clock")
    own = sys.argv[1:sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    return parser.parse_args(own), sys.argv[len(own) + 2:]


def main():
    a, qemu_arguments = arguments()
    kernel = Kernel(a.config, a.report or a.image.parent / "report.txt")
    programs = dict(word.split("=", 1) for word in a.program)
    faults = [Fault(text, programs) for text in a.inject]
    command = [*QEMU, *qemu_arguments, "-device", f"loader,file={a.image},addr=0x70000000,cpu-num=0"]
    if a.trace:
        command += trace_arguments(kernel, a.trace, a.last)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gdb"
        if faults:
            command += ["-S", "-chardev", f"socket,id=gdb,path={path},server=on,wait=off",
                        "-gdb", "chardev:gdb"]
        qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        for number in signal.SIGTERM, signal.SIGINT:
            signal.signal(number, lambda *_: qemu.kill())
        try:
            if faults:
                inject(faults, kernel, path, a.seconds)
            qemu.wait(a.seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            qemu.kill()
            qemu.wait()
    if a.trace:
        complete(a.trace)


if __name__ == "__main__":
    sys.exit(main())
