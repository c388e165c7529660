# SPDX-License-Identifier: BSD-2-Clause
"""Running the simulator from tests."""
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIM = ROOT / "build" / "sim"
CHECKED = ["-O1", "-fsanitize=thread", "-fsanitize-coverage=trace-pc", "-Wno-tsan",
           "--param=tsan-instrument-func-entry-exit=0", "-fno-builtin"]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Done:
    """What a run of the simulator said, without colours."""

    def __init__(self, process):
        self.status = process.returncode
        self.text = COLOUR.sub("", process.stdout + process.stderr).replace("\r\n", "\n")
        self.lines = self.text.splitlines()

    @property
    def steps(self):
        """The steps of a verbose run, without their times."""
        return [line.split("] ", 1)[1] for line in self.lines if re.match(r"\[ *\d+\.\d{9}\] ", line)]

    @property
    def failure(self):
        return next(line.removeprefix("quoll-sim: ") for line in self.lines if "FAILED: " in line)


def run(directory, *options, kind="checked", timeout=120):
    program = SIM / ("quoll-sim-asan" if kind == "asan" else "quoll-sim")
    return Done(subprocess.run([program, directory, *map(str, options)], capture_output=True, text=True,
                               errors="replace", timeout=timeout, cwd=ROOT))


def compile_plain(sources, elf, *flags):
    """As compile_checked(), of kind fast."""
    compile_checked(sources, elf, *flags, instruments=["-O2"], kind="fast")


def compile_checked(sources, elf, *flags, instruments=CHECKED, kind="checked"):
    """A program of the simulator from sources that need nothing of Quoll's library."""
    objects = []
    for source in sources:
        objects.append(elf.with_suffix(f".{source.stem}.o"))
        subprocess.run(["gcc", "-std=gnu17", "-g", "-fPIC", *instruments, *flags, "-I", ROOT / "sim" / "include",
                        "-I", ROOT / "include", "-I", ROOT, "-c", source, "-o", objects[-1]],
                       check=True, capture_output=True)
    subprocess.run(["gcc", "-shared", "-Wl,-Bsymbolic", "-Wl,-z,now", "-o", elf, *objects, "-Wl,--whole-archive",
                    SIM / kind / "glue.a", "-Wl,--no-whole-archive"], check=True)


def raw(directory, description, **programs):
    """A system of test programs: `description` with NAME replaced by programs[NAME]."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, program in programs.items():
        shutil.copy(SIM / "checked" / "test-programs" / f"{program}.elf", directory)
        description = description.replace(name, program)
    (directory / "system.system").write_text(description)
    return directory
