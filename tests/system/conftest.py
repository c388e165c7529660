# SPDX-License-Identifier: BSD-2-Clause
"""Whole systems in QEMU: compose a folder's system.yaml, boot it, read its console.

The clock of the emulated machine counts instructions (-icount), so that times are
the same on a slow or busy host. Each test runs on each SDK of tests/sdks.py.
"""
import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
from sdks import SDKS  # noqa: E402

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build"
DTB = BUILD / "boards" / "qemu_virt_aarch64.dtb"
QEMU = ["qemu-system-aarch64", "-machine", "virt,virtualization=on", "-cpu", "cortex-a53",
        "-m", "size=2G", "-display", "none", "-monitor", "none", "-serial", "stdio",
        "-global", "virtio-mmio.force-legacy=false", "-icount", "shift=0,sleep=off"]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Machine:
    """A running emulator and all that its console has shown."""

    def __init__(self, image, arguments):
        command = [*QEMU, *arguments, "-device", f"loader,file={image},addr=0x70000000,cpu-num=0"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.raw = b""

    @property
    def text(self):
        """The console's text without line ends' \\r and without colours."""
        return COLOUR.sub("", self.raw.decode("latin-1").replace("\r\n", "\n"))

    @property
    def lines(self):
        return self.text.splitlines()

    def read(self, seconds):
        if select.select([self.process.stdout], [], [], seconds)[0]:
            self.raw += os.read(self.process.stdout.fileno(), 65536)

    def wait_for(self, *patterns, seconds=60):
        """Until each pattern has matched a whole line."""
        end = time.monotonic() + seconds
        missing = list(patterns)
        while missing:
            # The last line may be half there.
            done = self.text.rpartition("\n")[0].split("\n")
            missing = [p for p in missing if not any(re.fullmatch(p, line) for line in done)]
            if missing and (time.monotonic() > end or self.process.poll() is not None):
                pytest.fail(f"the console did not show {missing}; it showed:\n{self.text[-6000:]}")
            if missing:
                self.read(0.2)

    def stop(self):
        self.process.kill()
        self.process.wait()


def compose(sdk, name, replace, folder):
    """Build tests/system/<name>; `replace` puts test programs in the place of others."""
    first = folder / "programs"
    first.mkdir()
    for program in sdk.test_programs.glob("*.elf"):
        if not program.name.startswith("crashing_"):
            shutil.copy(program, first)
    for old, new in replace.items():
        shutil.copy(sdk.test_programs / f"{new}.elf", first / f"{old}.elf")
    programs = [first, sdk.programs]
    subprocess.run([BUILD / "tool" / "quoll", "build", HERE / name / "system.yaml", "--dtb", DTB,
                    "--sdk", sdk.path, "--config", "debug",
                    *[word for p in programs for word in ("--programs", p)],
                    "-o", folder / "out"], check=True)
    return folder / "out" / "loader.img"


@pytest.fixture(params=SDKS, ids=str)
def sdk(request):
    return request.param


@pytest.fixture
def boot(sdk, tmp_path):
    """boot(name, replace={}, arguments=[]): a Machine, stopped at the test's end."""
    machines = []

    def start(name, replace={}, arguments=()):
        machines.append(Machine(compose(sdk, name, replace, tmp_path), arguments))
        return machines[-1]

    yield start
    for machine in machines:
        machine.stop()
