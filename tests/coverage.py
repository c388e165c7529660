# SPDX-License-Identifier: BSD-2-Clause
"""coverage.py BUILD OUT: run what `make coverage` built, and say what was reached.

Prints a line per file and what was not reached, with its reason from
tests/coverage.reasons; writes OUT/html. The example and the command `quoll` are told too,
but not judged. Fails if a file is below the limits, if
something that was not reached has no reason, or if a reason is stale.

Each compilation of a file (a unit test that includes it, each program) counts; what one
of them reached is reached. Branches are gcov's, of code compiled without optimisation.
"""
import collections
import fnmatch
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD, OUT = (Path(a).resolve() for a in sys.argv[1:3])
REASONS = ROOT / "tests" / "coverage.reasons"
LINES, BRANCHES = 95.0, 90.0
COUNTED = ("core/*.c", "bus/*/*.c", "net/*.c", "block/*.c", "serial/*.c", "timer/*.c",
           "*/drivers/*.c", "supervisor/*.c", "include/quoll/*.h", "net/lwip/*.c")
TOLD = ("examples/webserver/*.c", "tool/*.c", "tool/lib/*.c")  # figures only: no limit, no reasons


def quietly(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", **options)
    if done.returncode != 0:
        print(done.stdout[-2000:] + done.stderr[-2000:])
        sys.exit(f"coverage: {' '.join(map(str, command))[:200]}: failed")


def run_unit_tests():
    for program in sorted((OUT / "unit").glob("test_*")):
        if program.suffix == "" and not program.name.startswith("test_race_"):  # long, and by chance
            quietly([program], timeout=300)


def run_driver_tests():
    for driver in sorted(ROOT.glob("*/drivers/*.c")):
        program = BUILD / "driver" / f"driver-{driver.parent.parent.name}"
        elf = BUILD / "sim" / "coverage" / "programs" / f"{driver.stem}.elf"
        for machine in ("simulated", "qemu"):
            quietly([program, elf, machine], timeout=300)


def run_tool_tests():
    quietly([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", ROOT / "tests/tool"],
            env=dict(os.environ, QUOLL=str(OUT / "tool/quoll")), timeout=600)


def fetch(port):
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as s:
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                while s.recv(65536):
                    pass
                return
        except OSError:
            time.sleep(0.1)


def run_systems():
    """Random schedules and odd devices; whether they go well is for others to say."""
    sys.path.insert(0, str(ROOT / "tests" / "sim"))
    import soak
    import world
    files = world.make(OUT / "world")
    for system, (devices, _) in soak.SYSTEMS.items():
        for odd, preempt in itertools.product((False, True), (64, 6)):
            command = [BUILD / "sim/quoll-sim", BUILD / "sim/coverage/systems" / system, "--schedule", "random",
                       "--seed", "1", "--runs", "10", "--until", "2", "--time", "100", "--memory", "weak",
                       "--preempt", str(preempt)]
            for name, options in devices.items():
                words = [options.format(**files)] if options else []
                words += [soak.DEVICE_FAULTS[name]] if odd else []
                command += ["--device", f"{name}={','.join(words)}"] if words else []
            subprocess.run(command, capture_output=True, timeout=300)


def run_example():
    """The web server in the simulator, asked a few times."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    simulator = subprocess.Popen(
        [BUILD / "sim/quoll-sim", BUILD / "sim/coverage/systems/webserver", "--pace", "--until", "4", "--quiet",
         "--device", f"disk=file={BUILD}/example/site.img",
         "--device", f"nic=net=user,forward=tcp:{port}:10.0.2.16:80"], stdout=subprocess.DEVNULL)
    for _ in range(20):
        fetch(port)
    simulator.wait(timeout=60)


# ---- Reading ----

class File:
    def __init__(self):
        self.lines = collections.Counter()
        self.branches = {}  # line: [taken?, ...]
        self.function = {}  # line: name


def files_of(patterns):
    return {str(p.relative_to(ROOT)) for pattern in patterns for p in ROOT.glob(pattern)}


def add_branches(file, line, branches):
    taken = [b["count"] > 0 for b in branches]
    before = file.branches.get(line)
    if before is None or (len(before) != len(taken) and sum(taken) / len(taken) > sum(before) / len(before)):
        file.branches[line] = taken
    elif len(before) == len(taken):
        file.branches[line] = [a or b for a, b in zip(before, taken)]


def read_data(files, data):
    data = json.loads(data)
    for entry in data["files"]:
        path = os.path.relpath(os.path.join(data["current_working_directory"], entry["file"]), ROOT)
        if path not in files:
            continue
        file = files[path]
        for line in entry["lines"]:
            number = line["line_number"]
            file.lines[number] += line["count"]
            file.function[number] = line.get("function_name", "")
            if line["branches"]:
                add_branches(file, number, line["branches"])


def read_all():
    files = {path: File() for path in files_of(COUNTED + TOLD)}
    notes = [*OUT.glob("unit/**/*.gcno"), *OUT.glob("tool/**/*.gcno"), *BUILD.glob("sim/coverage/obj/**/*.gcno")]
    for note in sorted(notes):
        if not note.with_suffix(".gcda").exists():
            continue
        done = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", note],
                              cwd=ROOT, capture_output=True)
        for part in done.stdout.splitlines():
            read_data(files, part)
    return files


# ---- What was not reached, and why ----

class Reason:
    def __init__(self, where, text, why, number):
        self.where, self.text, self.why, self.number = where, text, why, number
        self.used = False

    def fits(self, path, source):
        return fnmatch.fnmatch(path, self.where) and self.text in source


def read_reasons():
    """PATH | TEXT OF THE LINE | why"""
    reasons = []
    for number, line in enumerate(REASONS.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            where, text, why = (part.strip() for part in line.split(" | ", 2))
            reasons.append(Reason(where, text, why, number))
    return reasons


def not_reached(path, file):
    """(line, what), for lines and branches."""
    for line in sorted(file.lines):
        if file.lines[line] == 0:
            yield line, "never"
        elif line in file.branches and not all(file.branches[line]):
            taken = file.branches[line]
            yield line, f"{len(taken) - sum(taken)} of {len(taken)} branches"


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def figures(file):
    hit = sum(1 for c in file.lines.values() if c)
    branches = [t for taken in file.branches.values() for t in taken]
    return hit, len(file.lines), sum(branches), len(branches)


def write_info(files):
    """For genhtml."""
    with open(OUT / "all.info", "w") as out:
        for path, file in sorted(files.items()):
            if not file.lines:
                continue
            out.write(f"TN:\nSF:{ROOT / path}\n")
            for line, taken in sorted(file.branches.items()):
                for i, hit in enumerate(taken):
                    out.write(f"BRDA:{line},0,{i},{int(hit)}\n")
            for line, count in sorted(file.lines.items()):
                out.write(f"DA:{line},{count}\n")
            out.write("end_of_record\n")


def report(files, reasons):
    bad, judged = [], files_of(COUNTED)
    print(f"{'lines':>14}  {'branches':>16}")
    for path in sorted(files):
        file = files[path]
        hit, lines, taken, branches = figures(file)
        if lines == 0:
            continue
        low = path in judged and (percent(hit, lines) < LINES or percent(taken, branches) < BRANCHES)
        print(f"{hit:4}/{lines:<4}{percent(hit, lines):5.1f}  {taken:4}/{branches:<4} "
              f"{percent(taken, branches):6.1f}  {path}{'   below the limit' if low else ''}")
        if low:
            bad.append(f"{path} is below {LINES:.0f} % of lines or {BRANCHES:.0f} % of branches")
    print("\nNot reached, and why:")
    for path in sorted(judged):
        source = (ROOT / path).read_text().splitlines()
        for line, what in not_reached(path, files[path]):
            reason = next((r for r in reasons if r.fits(path, source[line - 1])), None)
            if reason:
                reason.used = True
            else:
                bad.append(f"{path}:{line}: {what}, and no reason is given: {source[line - 1].strip()}")
            print(f"  {path}:{line}: {what}: {source[line - 1].strip()[:60]}"
                  f"\n      {reason.why if reason else '-- no reason --'}")
    for path in sorted(judged):
        if not files[path].lines and Path(path).suffix == ".c":
            reason = next((r for r in reasons if r.where == path and r.text == "*"), None)
            if reason:
                reason.used = True
                print(f"  {path}: not compiled for this machine\n      {reason.why}")
            else:
                bad.append(f"{path}: nothing of it is compiled for this machine, and no reason is given")
    bad += [f"{REASONS.name}:{r.number}: stale: {r.where} | {r.text}" for r in reasons
            if not r.used and not r.why.startswith("sometimes:")]
    return bad


def main():
    if "--report" not in sys.argv:
        run_unit_tests()
        run_driver_tests()
        run_tool_tests()
        run_systems()
        run_example()
    files = read_all()
    write_info(files)
    quietly(["genhtml", "--quiet", "--branch-coverage", "-o", OUT / "html", OUT / "all.info"])
    bad = report(files, read_reasons())
    print(f"\nHTML: {(OUT / 'html' / 'index.html').relative_to(ROOT)}")
    if bad:
        print("\n".join(["", *bad]))
        sys.exit(1)


main()
