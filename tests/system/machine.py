# SPDX-License-Identifier: BSD-2-Clause
"""Whole systems in QEMU: compose a system.yaml, boot it, read its console.

The test programs (tests/system/ANY/pd_NAME.c is NAME.elf) are built by `make test`;
those named crashing_... take the place of another program only where a test says so.
"""
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from sdks import BOARD, BUILD, ROOT, SDKS  # noqa: E402,F401

EXAMPLE = ROOT / "examples" / "webserver" / "system.yaml"
# maxcpus: with one processor for good, QEMU before 8.1 leaves memory barriers out.
QEMU = ["qemu-system-aarch64", "-machine", "virt,virtualization=on", "-cpu", "cortex-a53",
        "-smp", "1,maxcpus=2", "-m", "size=2G", "-display", "none", "-monitor", "none",
        "-global", "virtio-mmio.force-legacy=false"]
# The machine's clock counts instructions: times are the same on a slow or busy host.
COUNTED_TIME = ["-icount", "shift=0,sleep=off"]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def compose(sdk, system, folder, replace={}, options=()):
    """The image of a system, made in `folder`; {"web": "other"} puts other.elf in web.elf's place."""
    first = folder / "programs"
    first.mkdir()
    for program in sdk.test_programs.glob("*.elf"):
        if not program.name.startswith("crashing_"):
            shutil.copy(program, first)
    for old, new in replace.items():
        shutil.copy(sdk.test_programs / f"{new}.elf", first / f"{old}.elf")
    programs = [first, sdk.out / "example" / "programs", sdk.programs]
    done = subprocess.run([BUILD / "tool" / "quoll", "build", system,
                           "--dtb", BUILD / "boards" / f"{BOARD}.dtb", "--sdk", sdk.path,
                           "--config", "debug", *[w for p in programs for w in ("--programs", p)],
                           *options, "-o", folder / "out"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "out" / "loader.img"


class Machine:
    """A running emulator and all that its console has shown."""

    running = []  # what a failing test's report shows the consoles of

    def __init__(self, image, folder, arguments):
        self.console = folder / f"console-{time.monotonic_ns()}.txt"
        with open(self.console, "wb") as console:  # the emulator's own messages too
            self.process = subprocess.Popen(
                [*QEMU, "-serial", "stdio", *arguments,
                 "-device", f"loader,file={image},addr=0x70000000,cpu-num=0"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
        Machine.running.append(self)

    @property
    def raw(self):
        return self.console.read_bytes()

    @property
    def text(self):
        """The console's text without line ends' \\r and without colours."""
        return COLOUR.sub("", self.raw.decode("latin-1").replace("\r\n", "\n"))

    @property
    def lines(self):
        return self.text.splitlines()

    def wait_for(self, *patterns, seconds=60):
        """Until each pattern has matched a line to its end.

        What the line begins with may be a piece of the kernel's debug output, which a
        console driver can interrupt anywhere.
        """
        end = time.monotonic() + seconds
        missing = list(patterns)
        while True:
            ended = self.process.poll() is not None
            # The last line may be half there.
            done = self.text.rpartition("\n")[0].split("\n")
            missing = [p for p in missing if not any(re.search(f"(?:{p})$", line) for line in done)]
            if not missing:
                return self
            if ended:
                pytest.fail(f"the emulator ended, having shown:\n{self.text[-6000:]}")
            if time.monotonic() > end:
                pytest.fail(f"the console did not show {missing}; it showed:\n{self.text[-6000:]}")
            time.sleep(0.05)

    def stop(self):
        if self in Machine.running:
            Machine.running.remove(self)
        self.process.kill()
        self.process.wait()
