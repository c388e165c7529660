#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Guest instructions per echoed UDP packet, exact, by protection domain and kernel.

Boots an image under QEMU with the plugin count.so, drives its UDP echo with udpload
and divides what was counted by the packets. `make bench` calls it; by hand:

    measure.py --emulator 'qemu-system-aarch64 ...' --report report.txt --kernel kernel.elf
               --plugin count.so --load udpload --port 7007 --out bench.json

The emulator's command must already forward the UDP port. A "trap" is any entry to
the kernel from a protection domain that is neither a system call nor an interrupt.
"""

import argparse
import array
import bisect
import json
import mmap
import os
import re
import shlex
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

PAGE = 4096
LOADER = 0x70000000  # runs where it was loaded, so its first page gives guest-physical addresses
# In the kernel's ELF file, whichever it has: the vector table, and what every interrupt runs.
VECTORS = ("arm_vector_table", "vectors")
INTERRUPT = ("c_handle_interrupt", "irq_take")
VECTOR_SYNC = 0x400  # offset into the vector table: from EL0, synchronous (Arm ARM D1.10.2)
WATCHES, PAGE_WORDS = 8, 1024
HEADER = struct.Struct("<8s5Q")
PAGE_RECORD = 16 + 8 * PAGE_WORDS


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("emulator", "report", "kernel", "plugin", "load", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--label", default="")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sizes", default="64,512,1472")
    parser.add_argument("--windows", default="1,8,32")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--functions", type=int, default=0, help="show the N functions that take most")
    parser.add_argument("--idle", type=float, default=5.0, help="seconds")
    return parser.parse_args()


def tool_output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def kernel_facts(path):
    """Addresses to watch, and the ranges of the kernel's virtual memory."""
    symbols = {line.split()[-1]: int(line.split()[0], 16)
               for line in tool_output("aarch64-linux-gnu-nm", path).splitlines()}

    def address(names):
        return next((symbols[name] for name in names if name in symbols),
                    None) or sys.exit(f"measure: {path} has none of the symbols {', '.join(names)}")

    watched = {"synchronous entries": address(VECTORS) + VECTOR_SYNC, "interrupts": address(INTERRUPT)}
    segments = re.findall(r"LOAD\s+0x\w+ (0x\w+) 0x\w+ 0x\w+ (0x\w+)",
                          tool_output("aarch64-linux-gnu-readelf", "-lW", path))
    return watched, [(int(start, 16), int(start, 16) + int(size, 16)) for start, size in segments]


def program_regions(report):
    """Where each protection domain's code lies in guest-physical memory."""
    found = re.findall(r"<Region name=PD-ELF (\S+)-\d+ addr=0x(\w+) size=(\d+)>", open(report).read())
    if not found:
        sys.exit(f"measure: {report} names no program's region")
    return [(int(start, 16), (int(start, 16) + int(size) + PAGE - 1) & -PAGE, name)
            for name, start, size in found]


def functions_of(elf):
    """Addresses and names of an ELF file's functions, in order."""
    if not os.path.exists(elf):
        return [], []
    found = sorted((int(line.split()[0], 16), line.split()[2])
                   for line in tool_output("aarch64-linux-gnu-nm", elf).splitlines()
                   if re.fullmatch(r"\w+ [tTwW] [^$]\S*", line))
    return [start for start, _ in found], [name for _, name in found]


class Counts:
    """One look at the plugin's file."""

    def __init__(self, path, watched):
        with open(path, "rb") as file:
            data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        magic, pages, svc, wfi, barriers, cache = HEADER.unpack_from(data)
        assert magic == b"QCOUNT02"
        self.named = {"system calls": svc, "waits": wfi, "barriers": barriers, "cache operations": cache}
        for index, name in enumerate(watched):
            self.named[name] = struct.unpack_from("<QQ", data, HEADER.size + 16 * index)[1]
        self.words = {}  # of each page: executions by instruction
        for page in range(pages):
            at = HEADER.size + 16 * WATCHES + page * PAGE_RECORD
            host, virtual = struct.unpack_from("<QQ", data, at)
            words = array.array("Q")
            words.frombytes(data[at + 16:at + PAGE_RECORD])
            self.words[host, virtual] = words
        self.pages = {key: sum(words) for key, words in self.words.items()}
        data.close()


class Guest:
    def __init__(self, o):
        self.o = o
        self.watched, self.kernel = kernel_facts(o.kernel)
        self.programs = program_regions(o.report)
        self.file = tempfile.NamedTemporaryFile(prefix="count.", dir="/dev/shm")
        self.log = open(o.out + ".log", "wb")
        plugin = f"{o.plugin},out={self.file.name}" + "".join(f",watch={at:#x}" for at in self.watched.values())
        self.process = subprocess.Popen([*shlex.split(o.emulator), "-plugin", plugin],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)

    def wait_until_it_echoes(self):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(0.5)
        start = time.monotonic()
        while time.monotonic() - start < 120:
            if self.process.poll() is not None:
                break
            try:
                client.sendto(b"ping" * 4, ("127.0.0.1", self.o.port))
                if client.recv(100) == b"ping" * 4:
                    return
            except (TimeoutError, ConnectionRefusedError):
                pass
        sys.exit("measure: the guest does not echo; it said:\n" +
                 open(self.o.out + ".log", errors="replace").read()[-2000:])

    def counts(self):
        return Counts(self.file.name, self.watched)

    def owners(self, pages):
        """Whose code each page holds: a protection domain's, the kernel's, or other."""
        bias = next(host - virtual for host, virtual in pages if virtual == LOADER // PAGE)
        for host, virtual in pages:
            physical = (host - bias) * PAGE
            if any(start <= virtual * PAGE < end for start, end in self.kernel):
                yield (host, virtual), "kernel"
            else:
                yield (host, virtual), next((name for start, end, name in self.programs
                                             if start <= physical < end), "other")

    def component(self, pages):
        """Instructions by protection domain, kernel and rest."""
        result = {}
        for key, name in self.owners(pages):
            result[name] = result.get(name, 0) + pages[key]
        return result

    def functions(self, before, after, packets):
        """Instructions per packet by component and function, most first."""
        result, tables = {}, {}
        for (host, virtual), name in self.owners(after.words):
            if name not in tables:
                tables[name] = functions_of(self.elf(name))
            starts, names = tables[name]
            old = before.words.get((host, virtual), [0] * PAGE_WORDS)
            for index, count in enumerate(after.words[host, virtual]):
                if count > old[index]:
                    at = bisect.bisect_right(starts, virtual * PAGE + 4 * index) - 1
                    key = name, names[at] if at >= 0 else "?"
                    result[key] = result.get(key, 0) + (count - old[index]) / packets
        return sorted(((count, *key) for key, count in result.items()), reverse=True)

    def elf(self, name):
        return self.o.kernel if name == "kernel" else os.path.join(os.path.dirname(self.o.report), name + ".elf")

    def between(self, before, after):
        pages = {key: count - before.pages.get(key, 0) for key, count in after.pages.items()}
        # The loader's pages have no new counts but are needed to know addresses.
        instructions = {name: n for name, n in self.component(pages).items() if n}
        named = {name: after.named[name] - before.named[name] for name in after.named}
        named["traps"] = named.pop("synchronous entries") - named["system calls"]
        return instructions, named

    def load(self, size, count, window):
        done = subprocess.run([self.o.load, *map(str, (self.o.port, size, count, window))],
                              capture_output=True, text=True)
        words = done.stdout.split()
        if self.process.poll() is not None:
            sys.exit(f"measure: the emulator has ended, with status {self.process.returncode}")
        if done.returncode != 0:
            sys.exit(f"measure: the guest no longer echoes; udpload said: {done.stdout} {done.stderr}")
        return dict(zip(("echoed", "stalls", "resent", "duplicates", "damaged"), map(int, words[:5])))


def one_run(guest, size, window):
    guest.load(size, 200, window)
    before = guest.counts()
    load = guest.load(size, guest.o.count, window)
    after = guest.counts()
    instructions, named = guest.between(before, after)
    packets = load["echoed"] + load["duplicates"]
    if guest.o.functions:
        print(f"\n{size} B, {window} outstanding: most executed functions, instructions per packet")
        for count, name, function in guest.functions(before, after, packets)[:guest.o.functions]:
            print(f"  {count:8.1f}  {name:20} {function}")
    return {"total": sum(instructions.values()) / packets,
            "instructions": {name: n / packets for name, n in instructions.items()},
            "events": {name: n / packets for name, n in named.items()}, "load": load}


def median_run(runs):
    return sorted(runs, key=lambda run: run["total"])[len(runs) // 2]


def measure(guest):
    o = guest.o
    guest.wait_until_it_echoes()
    time.sleep(1)
    before = guest.counts()
    time.sleep(o.idle)
    idle, _ = guest.between(before, guest.counts())
    results = {"label": o.label, "count": o.count, "repeat": o.repeat,
               "idle instructions per second": {k: v / o.idle for k, v in idle.items()}, "runs": []}
    for size in map(int, o.sizes.split(",")):
        for window in map(int, o.windows.split(",")):
            runs = [one_run(guest, size, window) for _ in range(o.repeat)]
            run = median_run(runs) | {"payload": size, "outstanding": window,
                                      "spread": [min(r["total"] for r in runs), max(r["total"] for r in runs)]}
            results["runs"].append(run)
            print(".", end="", flush=True, file=sys.stderr)
    print(file=sys.stderr)
    return results


def table(results):
    runs = results["runs"]
    names = sorted({name for run in runs for name in run["instructions"]},
                   key=lambda name: -statistics.mean(run["instructions"].get(name, 0) for run in runs))
    names = [name for name in names if any(run["instructions"].get(name, 0) >= 0.5 for run in runs)]
    lines = [f"Guest instructions per echoed UDP packet: {results['label']}, "
             f"median of {results['repeat']} x {results['count']} packets", ""]
    heads = [f"{run['payload']} B, {run['outstanding']}" for run in runs]

    def row(title, values, digits=0):
        lines.append(f"{title:24}" + "".join(f"{value:>12,.{digits}f}" for value in values))

    lines.append(f"{'':24}" + "".join(f"{head:>12}" for head in heads))
    row("total", [run["total"] for run in runs])
    for name in names:
        row("  " + name, [run["instructions"].get(name, 0) for run in runs])
    for name in runs[0]["events"]:
        row(name, [run["events"][name] for run in runs], 2)
    row("stalls in all", [run["load"]["stalls"] for run in runs])
    idle = results["idle instructions per second"]
    lines += ["", "idle: " + f"{sum(idle.values()):,.0f} instructions per second (" +
              ", ".join(f"{name} {n:,.0f}" for name, n in sorted(idle.items(), key=lambda x: -x[1])) + ")"]
    return "\n".join(lines)


def main():
    o = options()
    guest = Guest(o)
    try:
        results = measure(guest)
    finally:
        guest.process.kill()
        guest.process.wait()
    with open(o.out, "w") as file:
        json.dump(results, file, indent=1)
    print(table(results))


if __name__ == "__main__":
    main()
