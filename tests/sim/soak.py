# SPDX-License-Identifier: BSD-2-Clause
"""Random schedules, and devices that misbehave, over all systems, for a given time.

Each turn takes the next combination of a system, a kind of programs, a memory and
devices, with seeds of its own. Failing schedules are kept (--keep), each with the command
that runs it again; the status is then 1.
"""
import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import world

ROOT = Path(__file__).resolve().parents[2]
SIM = ROOT / "build" / "sim"
DEVICE_FAULTS = {"console": "faults=lost+spurious+slow", "nic": "faults=all+dead", "disk": "faults=all+dead"}

# system: devices as they are, then whether its own programs fault on purpose
SYSTEMS = {
    "serial": ({"console": ""}, False),
    "timer": ({"console": ""}, False),
    "hostile": ({"console": ""}, False),
    "net": ({"nic": "replay={pcap}"}, False),
    "net_copying": ({"nic": "replay={pcap}"}, False),
    "block": ({"console": "", "disk": "file={disk}"}, False),
    "webserver": ({"console": "", "nic": "replay={pcap}", "disk": "file={site}"}, False),
    "faults": ({"console": ""}, True),
}


def combinations():
    while True:
        for misbehave in (False, True):
            for kind in ("checked", "asan"):
                for memory in ("ordered", "weak") if kind == "checked" else ("ordered",):
                    for system in SYSTEMS:
                        yield system, kind, memory, misbehave


def command(system, kind, memory, misbehave, files):
    devices, faults = SYSTEMS[system]
    program = SIM / ("quoll-sim-asan" if kind == "asan" else "quoll-sim")
    line = [program, SIM / kind / "systems" / system, "--schedule", "random", "--memory", memory]
    for name, options in devices.items():
        words = [options.format(**files)] if options else []
        words += [DEVICE_FAULTS[name]] if misbehave else []
        if words:
            line += ["--device", f"{name}={','.join(words)}"]
    return [str(word) for word in line] + (["--faults", "deliver"] if faults else [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--time", type=float, default=60)
    parser.add_argument("--slice", type=float, default=2, help="seconds of each turn")
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "soak")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first turn")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    files = world.make(options.keep / "world")
    end, seed, runs, failures = time.monotonic() + options.time, options.seed * 1000, {}, []
    for combination in combinations():
        if time.monotonic() >= end:
            break
        seed += 100000
        name = "-".join([*combination[:3], "misbehaving" if combination[3] else "honest"])
        line = command(*combination, files)
        done = subprocess.run([*line, "--seed", str(seed), "--runs", "100000", "--until", "3",
                               "--time", str(max(1, options.slice)), "--keep", str(options.keep / name)],
                              capture_output=True, text=True, errors="replace", cwd=ROOT,
                              timeout=options.slice + 120)
        count = re.match(r"(\d+) runs", done.stdout.rpartition("\n\n")[2].strip().split("\n")[-1])
        runs[name] = runs.get(name, 0) + int(count[1] if count else 0)
        if done.returncode != 0:
            log = options.keep / f"{name}-{seed}.log"
            log.write_text(" ".join(line) + f" --seed {seed}\n" + done.stdout[-200000:] + done.stderr[-20000:])
            tail = [text for text in (done.stdout + done.stderr).splitlines() if "FAILED" in text or "ERROR" in text]
            failures.append((name, tail[0] if tail else "ended", log))
            print(f"  {name}: {failures[-1][1]}\n    {os.path.relpath(log)}", flush=True)
    print(f"{sum(runs.values())} runs of {len(runs)} combinations, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
