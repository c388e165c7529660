# SPDX-License-Identifier: BSD-2-Clause
"""Systems on the development SDK and, if there is one, on an official SDK.

A system is a folder below systems/: one .system file and one C file per program.
Its programs say lines that begin with "| "; those are what a test compares, for
around them each kernel prints what it likes. The line "| end" ends the run.

The clock of the emulated machine counts instructions (-icount), so that times are
the same in each run.
"""
import os
import select
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "tests" / "devkit"
BOARD = "qemu_virt_aarch64"
CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")
QEMU = ["qemu-system-aarch64", "-machine", "virt,virtualization=on", "-cpu", "cortex-a53",
        "-m", "size=2G", "-display", "none", "-monitor", "none", "-serial", "stdio",
        "-nic", "none", "-icount", "shift=0,sleep=off"]
CFLAGS = ["-std=gnu17", "-O2", "-g", "-mcpu=cortex-a53", "-mstrict-align", "-ffreestanding",
          "-nostdlib", "-fno-tree-loop-distribute-patterns", "-I", str(HERE / "systems")]
SECONDS = 10


class Sdk:
    def __init__(self, name, path):
        self.name, self.path = name, Path(path)

    @property
    def is_devkit(self):
        return self.name == "devkit"

    def board(self, config):
        return self.path / "board" / BOARD / config

    def compile(self, source, elf, config="debug"):
        board, obj = self.board(config), elf.with_suffix(".o")
        subprocess.run([CROSS + "gcc", *CFLAGS, "-I", board / "include", "-c", source, "-o", obj],
                       check=True)
        subprocess.run([CROSS + "ld", "-o", elf, obj, "-L", board / "lib",
                        "-T", board / "lib" / "microkit.ld", "-lmicrokit"], check=True)

    def microkit(self, system, *arguments, cwd, config="debug"):
        env = {k: v for k, v in os.environ.items() if k != "MICROKIT_SDK"}
        return subprocess.run([self.path / "bin" / "microkit", system, "--board", BOARD,
                               "--config", config, *arguments], cwd=cwd, env=env,
                              capture_output=True, text=True, timeout=SECONDS)

    def build(self, name, config="debug"):
        """Build systems/<name>; return the folder with loader.img."""
        out = BUILD / self.name / config / name
        out.mkdir(parents=True, exist_ok=True)
        folder = HERE / "systems" / name
        for source in folder.glob("*.c"):
            self.compile(source, out / (source.stem + ".elf"), config)
        done = self.microkit(folder / f"{name}.system", "--search-path", out, cwd=out,
                             config=config)
        assert done.returncode == 0, done.stdout + done.stderr
        return out

    def boot(self, name, config="debug", until="| end", patience=0):
        """Build and boot; return the lines of the console up to `until`, and what else
        comes within `patience` seconds."""
        image = self.build(name, config) / "loader.img"
        command = [*QEMU, "-device", f"loader,file={image},addr=0x70000000,cpu-num=0"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as qemu:
            try:
                return read_until(qemu.stdout, until, patience)
            finally:
                qemu.kill()

    def said(self, name, config="debug"):
        return [line[2:] for line in self.boot(name, config) if line.startswith("| ")][:-1]


def read_until(stream, until, patience=0):
    text, deadline = b"", time.monotonic() + SECONDS
    while until.encode() not in text:
        ready, _, _ = select.select([stream], [], [], max(0, deadline - time.monotonic()))
        chunk = os.read(stream.fileno(), 65536) if ready else b""
        assert chunk, f"no {until!r} within {SECONDS} s:\n" + text.decode(errors="replace")
        text += chunk
    while patience and select.select([stream], [], [], patience)[0]:
        text += os.read(stream.fileno(), 65536)
    return text.decode(errors="replace").replace("\r", "").splitlines()


def official_path():
    """MICROKIT_SDK_OFFICIAL or ~/microkit-sdk-2.0.1, if it is there."""
    given = os.environ.get("MICROKIT_SDK_OFFICIAL") or os.path.expanduser("~/microkit-sdk-2.0.1")
    return given if os.path.exists(os.path.join(given, "bin", "microkit")) else None
