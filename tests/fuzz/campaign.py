# SPDX-License-Identifier: BSD-2-Clause
"""All fuzzers for a given time, and what they did, a line each.

The time is shared: each target runs on one CPU for its part of it. Inputs that reach
something new stay in --work, from one campaign to the next; findings too. With --keep,
those inputs that together reach every edge then replace tests/fuzz/corpus, but for what
was found once (regression-*), which stays.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
HEAD = f"{'target':<18}{'executions':>12}{'per second':>12}{'edges':>8}{'inputs':>8}{'bytes':>9}{'findings':>10}"
# Longer inputs find nothing that shorter ones do not, but where the input is a file.
LENGTHS = {"http": 1024, "site": 4096, "description": 2048, "system_file": 2048, "device_tree": 1024, "elf": 2048}


def seconds(text):
    """'600', '600s', '10m' or '2h'."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no time: say 600, 10m or 2h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


# Tools never free what they take; libelf is not ours.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")


def options_of(name):
    """What each run of a fuzzer needs, short or long."""
    words = HERE / f"{name}.dict"
    return ["-len_control=0", f"-max_len={LENGTHS.get(name, 400)}", "-timeout=20", "-detect_leaks=0",
            "-rss_limit_mb=1024", *([f"-dict={words}"] if words.is_file() else [])]


class Target:
    def __init__(self, name, out, work):
        self.name = name
        self.program = out / f"fuzz_{name}"
        self.corpus = work / "corpus" / name
        self.findings = work / "findings"
        self.kept = CORPUS / name
        self.executions = self.edges = 0
        self.took = 0.0
        for directory in (self.corpus, self.findings):
            directory.mkdir(parents=True, exist_ok=True)

    def run(self, limit):
        """As often as it ends before its time (with a finding), begun again."""
        begin = time.monotonic()
        while (left := limit - (time.monotonic() - begin)) >= 1:
            self.run_once(int(left))
        self.took = time.monotonic() - begin
        return self

    def run_once(self, limit):
        command = ["nice", "-n", "10", self.program, *options_of(self.name), f"-max_total_time={limit}",
                   "-print_final_stats=1", f"-artifact_prefix={self.findings}/{self.name}-", self.corpus]
        command += [self.kept] if self.kept.is_dir() else []
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              errors="replace", env=ENVIRONMENT)
        (self.findings.parent / f"{self.name}.log").write_text(done.stderr)
        self.executions += int((re.findall(r"number_of_executed_units:\s+(\d+)", done.stderr) or [0])[-1])
        self.edges = max([self.edges, *map(int, re.findall(r"cov: (\d+)", done.stderr))])

    def found(self):
        return sorted(self.findings.glob(f"{self.name}-*"))

    def line(self):
        files = [f for f in self.corpus.iterdir() if f.is_file()]
        rate = self.executions / self.took if self.took else 0
        return (f"{self.name:<18}{self.executions:>12}{rate:>12.0f}{self.edges:>8}{len(files):>8}"
                f"{sum(f.stat().st_size for f in files):>9}{len(self.found()):>10}")

    def keep(self):
        """Few inputs that reach every edge; the rest is a matter of time."""
        merged = self.corpus.parent / f"{self.name}.merged"
        shutil.rmtree(merged, ignore_errors=True)
        merged.mkdir()
        subprocess.run([self.program, *options_of(self.name), "-merge=1", "-use_counters=0", merged, self.corpus]
                       + ([self.kept] if self.kept.is_dir() else []), check=True, capture_output=True,
                       env=ENVIRONMENT)
        self.kept.mkdir(parents=True, exist_ok=True)
        for old in self.kept.iterdir():
            if not old.name.startswith(("regression-", "seed-")):
                old.unlink()
        kept = {old.read_bytes() for old in self.kept.iterdir()}
        for new in merged.iterdir():
            if new.read_bytes() not in kept:
                shutil.copy(new, self.kept / new.name[:12])
        shutil.rmtree(merged)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--time", type=seconds, default=60)
    parser.add_argument("--out", type=Path, required=True, help="where the fuzzers were built")
    parser.add_argument("--work", type=Path, required=True, help="inputs and findings")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", action="store_true", help="only choose anew what the repository keeps")
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    targets = [Target(name, options.out, options.work) for name in options.names]
    if options.keep:
        for target in targets:
            target.keep()
        return 0
    print(HEAD)
    with ThreadPoolExecutor(options.jobs) as pool:
        for target in pool.map(lambda t: t.run(options.time * options.jobs / len(targets)), targets):
            print(target.line(), flush=True)
    findings = [finding for target in targets for finding in target.found()]
    print(f"{len(targets)} targets, {sum(t.executions for t in targets)} executions in "
          f"{sum(t.took for t in targets):.0f} s of processes, {len(findings)} findings")
    for finding in findings:
        print(f"  {finding}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
