# SPDX-License-Identifier: BSD-2-Clause
"""Small systems, one per promise, and how they are built, run and judged.

A system is a folder below systems/ with one .system file and one C file per program.
The comment at the head of the .system file says

    Promise: what is promised
    Source: which sentence of the Microkit's manual says so (in our words), or that
        it was observed
    Differs: KERNEL: how, if not all kernels do the same

Programs say lines that begin with "| "; those are what counts, for around them each
kernel prints what it likes. "| end" ends the run. What must be said is in the file
`expected`, or in `expected.KERNEL` where one does something else. A line of `expected`
that begins with "console " must be among all lines of the console instead.

The clock of the emulated machine counts instructions (-icount), so that times are the
same in each run.
"""
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from sdks import BUILD  # noqa: E402

SECONDS = 60
CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")
QEMU = ["qemu-system-aarch64", "-machine", "virt,virtualization=on", "-cpu", "cortex-a53",
        "-m", "size=2G", "-display", "none", "-monitor", "none", "-serial", "stdio",
        "-nic", "none", "-icount", "shift=0,sleep=off"]
CFLAGS = ["-std=gnu17", "-O2", "-g", "-mcpu=cortex-a53", "-mstrict-align", "-ffreestanding",
          "-nostdlib", "-Wall", "-Wextra", "-Werror",
          "-Wno-maybe-uninitialized", "-fno-tree-loop-distribute-patterns",
          "-I", str(HERE)]


class System:
    def __init__(self, folder):
        self.folder, self.name = folder, folder.name
        self.description = folder / f"{folder.name}.system"
        head = re.search(r"<!--(?! SPDX)(.*?)-->", self.description.read_text(), re.S)
        fields = re.split(r"\s*(Promise|Source|Differs): ", head[1] if head else "")
        fields = [" ".join(f.split()) for f in fields]
        self.promise = dict(zip(fields[1::2], fields[2::2])).get("Promise", "")
        self.source = dict(zip(fields[1::2], fields[2::2])).get("Source", "")
        self.differences = dict(text.split(": ", 1) for key, text in
                                zip(fields[1::2], fields[2::2]) if key == "Differs")

    def expected(self, kernel):
        own = self.folder / f"expected.{kernel}"
        path = own if own.exists() else self.folder / "expected"
        return path.read_text().splitlines()


def compile_program(sdk, source, elf, config="debug"):
    board, objects = sdk.board(config), []
    for c in source, HERE / "defaults.c":
        objects.append(elf.with_suffix(f".{c.stem}.o"))
        subprocess.run([CROSS + "gcc", *CFLAGS, "-I", source.parent, "-isystem",
                        board / "include", "-c", c, "-o", objects[-1]], check=True)
    subprocess.run([CROSS + "ld", "-o", elf, *objects, "-L", board / "lib", "-T",
                    board / "lib" / "microkit.ld", "-lmicrokit"], check=True)


def build(sdk, system, config="debug", arguments=(), out=None):
    """The folder with loader.img and report.txt."""
    out = out or BUILD / "conformance" / str(sdk) / config / system.name
    out.mkdir(parents=True, exist_ok=True)
    for source in system.folder.glob("*.c"):
        compile_program(sdk, source, out / f"{source.stem}.elf", config)
    done = sdk.microkit(system.description, "--search-path", out, *arguments, cwd=out,
                        config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def qemu_command(image):
    return [*QEMU, "-device", f"loader,file={image},addr=0x70000000,cpu-num=0"]


def boot(image, until="| end", patience=0, seconds=SECONDS):
    """The lines of the console up to `until`, and what else comes within `patience`
    seconds."""
    with subprocess.Popen(qemu_command(image), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as qemu:
        try:
            return read_until(qemu.stdout, until, patience, seconds)
        finally:
            qemu.kill()


def read_until(stream, until, patience=0, seconds=SECONDS):
    text, deadline = b"", time.monotonic() + seconds
    while until.encode() not in text:
        ready, _, _ = select.select([stream], [], [], max(0, deadline - time.monotonic()))
        chunk = os.read(stream.fileno(), 65536) if ready else b""
        assert chunk, f"no {until!r} within {seconds} s:\n" + text.decode(errors="replace")[-4000:]
        text += chunk
    while patience and select.select([stream], [], [], patience)[0]:
        text += os.read(stream.fileno(), 65536)
    return text.decode(errors="replace").replace("\r", "").splitlines()


def said(lines):
    """What programs said before "| end". A kernel may have begun the line."""
    marked = [line[line.index("| ") + 2:] for line in lines if "| " in line]
    return marked[:marked.index("end")]


def judge(system, sdk, lines):
    """Nothing if all is as promised, else what is not."""
    expected = system.expected(str(sdk))
    want = [line for line in expected if not line.startswith("console ")]
    missing = [line for line in expected
               if line.startswith("console ") and line[8:] not in lines]
    got = said(lines)
    if got != want:
        at = next((i for i, pair in enumerate(zip(got, want)) if pair[0] != pair[1]),
                  min(len(got), len(want)))
        return (f"line {at + 1} should be {want[at:at + 1]}, is {got[at:at + 1]}; "
                "all:\n" + "\n".join(got))
    return f"not on the console: {missing}" if missing else ""


def run(sdk, system):
    """What is wrong with the system on this SDK, or nothing."""
    return judge(system, sdk, boot(build(sdk, system) / "loader.img"))


SYSTEMS = [System(path) for path in sorted((HERE / "systems").iterdir()) if path.is_dir()]
BY_NAME = {system.name: system for system in SYSTEMS}
