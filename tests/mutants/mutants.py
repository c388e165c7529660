# SPDX-License-Identifier: BSD-2-Clause
"""Do the tests notice mistakes? Makes mutants of the sources, one mistake each (operators.py),
and runs the tests' floors on each:

    unit        unit tests of the file's room
    driver      driver tests with the simulated device
    priority    systems in the simulator, as they are meant to run
    random      the same, any order, late stores, late devices
    exhaustive  all orders of a small system (queues and links only)

A table says which floor notices which kind of mistake. Who survives must be named in
equivalent.txt with the reason why nobody can notice it; an entry there that names no
survivor is stale. Either fails. So does a floor that notices something in the file as it
is, which each is asked first.

Each worker has a copy of the tree, where only what depends on the mutated file is built.
Mutants, seeds and limits are the same each time: a program has so many seconds of the
CPU's time, not of ours.
"""
import argparse
import collections
import hashlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(ROOT / "tests" / "sim"))
from operators import KINDS, OPERATORS  # noqa: E402
import world  # noqa: E402

EQUIVALENT = HERE / "equivalent.txt"
FLOORS = ("unit", "driver", "priority", "random", "exhaustive")
PARTS = {"unit": ("unit",), "driver": ("driver", "sim/asan", "sim/checked"), "priority": ("sim/checked", "tool", "boards"),
         "random": ("sim/checked", "tool", "boards"), "exhaustive": ("sim/checked",)}  # what each needs of what is built
FILES = ("include/quoll/queue.h", "include/quoll/queue_entries.h", "include/quoll/link.h", "core/link.c", "include/quoll/virtqueue.h",
         "bus/virtio/*.c", "net/*virt.c", "net/*ledger.h", "net/tx_head.h", "net/tx_done.h", "net/pool.*",
         "net/takers.h", "net/frames.h", "net/copier.c", "net/driver.c",
         "block/virt*.c", "block/driver.c",
         "serial/*virt.c", "serial/driver.c", "timer/virt.c", "timer/driver.c", "*/drivers/*.c")
QUEUE_TESTS = ["test_link_order", "test_link_info", "test_panics", "test_queue", "test_link", "test_serial_driver", "test_timer_driver", "test_block_driver",
               "test_net_driver", "test_net_driver_meanwhile", "test_net_rx_virt"]
UNIT_TESTS = {  # besides test_ROOM_STEM*, test_STEM*, test_ROOM_PART* and those that include the file
    "include/quoll/queue.h": QUEUE_TESTS, "include/quoll/queue_entries.h": QUEUE_TESTS,
    "include/quoll/link.h": QUEUE_TESTS, "core/link.c": QUEUE_TESTS,
    "include/quoll/virtqueue.h": ["test_order", "test_panics", "test_virtqueue", "test_virtio", "test_virtio_blk"],
    "bus/virtio/virtqueue.c": ["test_panics", "test_virtqueue", "test_virtio_blk"],
    "bus/virtio/mmio.c": ["test_panics", "test_virtio", "test_virtqueue", "test_virtio_blk"],
    "block/drivers/virtio_blk.c": ["test_virtio_blk"],
    "net/pool.h": ["test_net_rx_virt", "test_net_rx_copy_virt", "test_net_rx_caches"],
    "net/pool.c": ["test_net_rx_virt", "test_net_rx_copy_virt", "test_net_rx_caches"],
    "net/takers.h": ["test_net_rx_virt", "test_net_rx_copy_virt", "test_net_rx_virt_meanwhile", "test_net_rx_copy_virt_meanwhile",
                     "test_net_rx_meanwhile", "test_net_rx_copy_meanwhile"],
    "net/frames.h": ["test_net_copier", "test_net_rx_virt", "test_net_rx_copy_virt", "test_net_tx_virt"],
    "net/rx_ledger.h": ["test_net_rx_virt", "test_net_rx_copy_virt"], "net/tx_ledger.h": ["test_net_tx_virt", "test_net_tx_virt_lives"],
    "net/tx_head.h": ["test_net_tx_virt", "test_net_tx_virt_lives", "test_net_tx_caches"],
    "net/tx_done.h": ["test_net_tx_virt", "test_net_tx_virt_lives", "test_net_tx_virt_meanwhile"],
}
CLASSES = ("serial", "timer", "net", "block")
SYSTEMS = {  # of the simulator: programs for tests, and the devices
    "serial": (["flood", "forger", "polite"], {}),
    "timer": (["hasty", "ticker"], {}),
    "net": (["responder"], {"nic": "replay={pcap}"}),
    "block": (["disk"], {"disk": "file={disk}"}),
}
PREEMPT = (6, 64, 3, 20)  # at one in so many accesses somebody else runs
RUNS = 12  # random schedules of each system
STATES = 400000  # of a small system, at most
NOT_ALL_SEEN = "status 3"
SMALL = {  # for all schedules
    "numbers": (["include/quoll/queue.h", "include/quoll/queue_entries.h"], ["numbers_producer", "numbers_consumer"]),
    "lives": (["include/quoll/queue.h", "include/quoll/link.h", "core/link.c"], ["lives_keeper", "lives_left", "lives_right"]),
}
CPU_SECONDS, TIMEOUT = 8, 300


class Mutant:
    def __init__(self, operator, kind, path, lines, number, instead):
        self.operator, self.kind, self.path, self.number = operator, kind, path, number
        self.before = lines[number].strip()
        taken = len(instead) - instead.count(None) if None in instead else 1
        self.after = " ".join(line.strip() for line in instead if line is not None)
        self.text = "\n".join(lines[:number] + [l for l in instead if l is not None] + lines[number + taken:]) + "\n"
        self.killed = {}  # floor: how

    @property
    def name(self):
        return f"{self.operator} | {self.path} | {self.before}"

    def rank(self):
        return hashlib.sha256(self.name.encode()).hexdigest()


def comments(lines):
    """The numbers of lines that are, or begin within, a comment: what a prover reads there is not code."""
    within = False
    for number, line in enumerate(lines):
        if within or line.lstrip().startswith(("/*", "//")):
            yield number
        within = (within or "/*" in line) and "*/" not in line.rpartition("/*")[2]


def make_mutants():
    mutants = []
    for path in sorted({p for pattern in FILES for p in ROOT.glob(pattern)}):
        name = str(path.relative_to(ROOT))
        lines = path.read_text().splitlines()
        skipped = set(comments(lines))
        for operator, kind, most, function in OPERATORS:
            found, seen = [], set()
            for number, instead in function(lines):
                mutant = Mutant(operator, kind, name, lines, number, instead)
                if number not in skipped and mutant.name not in seen and mutant.before != mutant.after:
                    seen.add(mutant.name)
                    found.append(mutant)
            mutants += sorted(found, key=Mutant.rank)[:most]
    return mutants


# ---- What concerns a file ----

def rooms_of(path):
    room = path.split("/")[0]
    if room in CLASSES:
        return [room]
    return ["net", "block"] if "virt" in path else list(CLASSES)


def unit_tests_of(path):
    room, stem = path.split("/")[0], Path(path).stem
    part = re.sub(r"_(virt|client|table)$", "", stem)  # of a room: rx, virt, ...
    wanted = set(UNIT_TESTS.get(path, []))
    for test in ROOT.glob("tests/unit/test_*.c"):
        depends = ROOT / "build/unit/obj/tests/unit" / f"{test.stem}.d"
        included = path.endswith(".c") and depends.exists() and path in depends.read_text().split()
        if included or re.match(rf"test_({room}_)?{stem}(_.*)?$|test_{room}_{part}(_.*)?$", test.stem):
            wanted.add(test.stem)
    return sorted(test for test in wanted if not test.startswith("test_race_"))  # too long, and by chance


def drivers_of(path):
    if "/drivers/" in path:
        return [ROOT / path]
    if re.search(r"virt(_\w+)?\.c$|copier\.c$", path) and not path.startswith("bus/"):
        return []
    return sorted(d for room in rooms_of(path) for d in ROOT.glob(f"{room}/drivers/*.c"))


def systems_of(path):
    return rooms_of(path)


# ---- A worker's tree ----

class Tree:
    def __init__(self, number, options):
        self.options = options
        self.build = options.build
        self.path = options.trees / f"tree{number}"
        self.simulator = options.trees / "quoll-sim"

    def create(self):
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                               capture_output=True, text=True).stdout.split("\n")
        for name in filter(None, files):
            source, target = ROOT / name, self.path / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        for rules in (self.path / "mk").glob("*.mk"):  # what is odd shall be found by tests, not by warnings
            times = rules.stat()
            rules.write_text(rules.read_text().replace("-Werror", "-w"))
            os.utime(rules, ns=(times.st_atime_ns, times.st_mtime_ns))
        for part in sorted({part for floor in self.options.floors for part in PARTS[floor]}):
            (self.path / "build" / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(self.build / part, self.path / "build" / part, symlinks=True)
        for part in ("setup.done", "deps"):
            if (self.build / part).exists():
                (self.path / "build" / part).symlink_to(self.build / part)
        for depends in (self.path / "build").rglob("*.d"):
            depends.write_text(depends.read_text().replace(str(self.build), str(self.path / "build")))

    def make(self, targets):
        command = [self.options.make, "-s", "-k", "-j1", "SETUP=no", f"MICROKIT_SDK={self.options.sdk}",
                   *[self.path / "build" / t for t in targets]]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        done = subprocess.run(command, cwd=self.path, capture_output=True, text=True, env=environment, errors="replace")
        return done.returncode == 0, done.stdout + done.stderr

    def run(self, command):
        """How it failed, or None."""
        command = ["prlimit", f"--cpu={CPU_SECONDS}", *command]
        try:
            done = subprocess.run(command, cwd=self.path, capture_output=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return "never ends", b""
        return (None if done.returncode == 0 else f"status {done.returncode}"), done.stdout


# ---- Floors: what fails, or None ----

def unit(tree, path):
    for test in unit_tests_of(path):
        failed, _ = tree.run([tree.path / "build/unit" / test])
        if failed:
            return test
    return None


def driver(tree, path):
    for source in drivers_of(path):
        room = source.parent.parent.name
        for kind in ("asan", "checked"):
            failed, _ = tree.run([tree.path / f"build/driver/driver-{room}",
                                  tree.path / f"build/sim/{kind}/programs/{source.stem}.elf", "simulated"])
            if failed:
                return f"{source.stem} ({kind})"
    return None


def compose(tree, system):
    out = tree.path / "build/systems" / system
    out.mkdir(parents=True, exist_ok=True)
    checked = tree.path / "build/sim/checked"
    clients = tree.path / "build/clients" / system
    clients.mkdir(parents=True, exist_ok=True)
    for name in SYSTEMS[system][0]:
        shutil.copy2(checked / "test-programs" / f"{name}.elf", clients)
    done = subprocess.run([tree.build / "tool/quoll", "build", tree.path / f"tests/system/{system}/system.yaml",
                           "--dtb", tree.options.dtb, "--sdk", "host", "--config", "debug", "--programs",
                           clients, "--programs", checked / "programs", "-o", out],
                          capture_output=True, text=True)
    if done.returncode != 0 and tree.options.verbose:
        print(done.stderr)
    return out if done.returncode == 0 else None


def simulate(tree, directory, system, options):
    devices = []
    for name, text in SYSTEMS[system][1].items():
        devices += ["--device", f"{name}={text.format(**tree.files)}"]
    return tree.run([tree.simulator, directory, *devices, *options])


def frames(path):
    """Of a pcap file, in no order and without times."""
    data, found, at = path.read_bytes(), collections.Counter(), 24
    while at + 16 <= len(data):
        length = int.from_bytes(data[at + 8:at + 12], "little")
        found[data[at + 16:at + 16 + length]] += 1
        at += 16 + length
    return found


def outcome(tree, system):
    """What a priority run shows: whether it failed, and what was said or sent."""
    directory = compose(tree, system)
    if directory is None:
        return "not composed", None
    if system == "net":
        pcap = tree.path / "build/net.pcap"
        failed, said = tree.run([tree.simulator, directory, "--until", "4", "--device",
                                 f"nic=replay={tree.files['pcap']},pcap={pcap}"])
        return failed, frames(pcap) if pcap.exists() else said
    failed, said = simulate(tree, directory, system, ["--until", "5"])
    return failed, said if system == "serial" else re.sub(rb"\d+", b"N", said)


def priority(tree, path):
    for system in systems_of(path):
        failed, shown = outcome(tree, system)
        if failed or shown != tree.expected[system]:
            return f"{system}: {failed or 'does something else'}"
    return None


def spoken(said):
    """What each client has said, however it was cut into lines."""
    texts = collections.defaultdict(bytes)
    for name, text in re.findall(rb"\x1b\[\d+m(polite|forger)\x1b\[0m: ([^\r\n]*)", said):
        texts[name] += text
    return texts


def goes_well(system, said, frames_sent, expected):
    """Whether a run in some other order came to the end that it must."""
    if system == "timer":
        late = re.findall(rb"FAILED: ([^\r\n]*)", said)  # promised of runs by priority
        return said.count(b"100 periods") == 1 and set(late) <= {b"within 5 ms"}
    if system == "block":
        return said.count(b"passed") == 2
    if system == "net":
        return frames_sent == expected
    return spoken(said) == spoken(expected) and said.count(b"f" * 8) >= 20000 // 8 - 100


def random(tree, path):
    for system in systems_of(path):
        directory = tree.path / "build/systems" / system
        for seed in range(1, RUNS + 1):
            pcap = tree.path / "build/net.pcap"
            devices = {"net": ["--device", f"nic=replay={tree.files['pcap']},pcap={pcap},faults=late"],
                       "block": ["--device", f"disk=file={tree.files['disk']},faults=late"]}.get(system, [])
            failed, said = tree.run([tree.simulator, directory, *devices, "--schedule", "random", "--memory", "weak",
                                     "--until", "10", "--runs", "1", "--seed", str(seed), "--preempt",
                                     str(PREEMPT[seed % len(PREEMPT)])])
            sent = frames(pcap) if system == "net" and pcap.exists() else None
            if failed or not goes_well(system, said, sent, tree.expected[system]):
                return f"{system}, seed {seed}: {failed or 'does not come to its end'}"
    return None


def small(tree, name, programs):
    """A system of tests/sim, as its file says but for names."""
    out = tree.path / "build/systems" / name
    out.mkdir(parents=True, exist_ok=True)
    text = (tree.path / "tests/sim" / ("toy.system" if name == "numbers" else f"{name}.system")).read_text()
    (out / "system.system").write_text(text.replace("PRODUCER", "numbers_producer").replace("CONSUMER", "numbers_consumer"))
    for program in programs:
        shutil.copy2(tree.path / f"build/sim/checked/test-programs/{program}.elf", out)
    return out


def exhaustive(tree, path):
    for system, (files, programs) in SMALL.items():
        for memory in ("ordered", "weak") if path in files else ():
            failed, _ = tree.run([tree.simulator, small(tree, system, programs), "--schedule", "exhaustive",
                                  "--memory", memory, "--jobs", "1", "--states", str(STATES)])
            if failed not in (None, NOT_ALL_SEEN):
                return f"{system}, {memory}: {failed}"
    return None


def targets_of(path, floors):
    rooms = rooms_of(path)
    targets = [f"unit/{test}" for test in unit_tests_of(path) if "unit" in floors]
    if set(floors) == {"unit"}:
        return targets
    targets += [f"sim/asan/programs/{d.stem}.elf" for d in drivers_of(path)]
    for program in {s for room in {"serial", *rooms} for s in [*ROOT.glob(f"{room}/drivers/*.c")]}:
        targets.append(f"sim/checked/programs/{program.stem}.elf")
    for room in {"serial", *rooms}:
        for source in [*ROOT.glob(f"{room}/*virt.c"), *ROOT.glob(f"{room}/copier.c")]:
            targets.append(f"sim/checked/programs/{room}_{source.stem}.elf")
    for room in rooms:
        targets += [f"sim/checked/test-programs/{p}.elf" for p in SYSTEMS[room][0]]
    for files, programs in SMALL.values():
        targets += [f"sim/checked/test-programs/{p}.elf" for p in programs if path in files]
    return targets


def ask_floors(tree, path):
    """Which floors notice something in the tree as it is now, and how."""
    built, log = tree.make(targets_of(path, tree.options.floors))
    if not built:
        return {"build": log[-2000:]}
    asked = [floor for floor in (unit, driver, priority, random, exhaustive) if floor.__name__ in tree.options.floors]
    answers = {floor.__name__: floor(tree, path) for floor in asked}
    return {name: how for name, how in answers.items() if how}


def try_mutant(tree, mutant):
    file = tree.path / mutant.path
    original = file.read_text()
    file.write_text(mutant.text)
    mutant.killed = ask_floors(tree, mutant.path)
    file.write_text(original)


def expect_nothing_of_originals(tree, path):
    """What is noticed without a mistake says nothing about mistakes."""
    noticed = ask_floors(tree, path)
    if noticed:
        print(f"mutants: {path} as it is: {noticed}", flush=True)
        os._exit(1)


# ---- All of them ----

def work(tree, *rest):
    try:
        work_on(tree, *rest)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def work_on(tree, groups, asked_of, lock, progress):
    tree.create()
    while True:
        try:
            path, mutants = groups.get_nowait()
        except queue.Empty:
            return
        with lock:
            asked = path in asked_of
            asked_of.add(path)
        if not asked:
            expect_nothing_of_originals(tree, path)
        for mutant in mutants:
            try_mutant(tree, mutant)
            progress(mutant)


def expectations(options, files):
    """What the systems show without mutants."""
    tree = Tree("-none", options)
    tree.path.mkdir(parents=True, exist_ok=True)
    tree.files = files
    for link, to in (("build/sim", options.build / "sim"), ("tests", ROOT / "tests")):
        (tree.path / link).parent.mkdir(exist_ok=True)
        if not (tree.path / link).exists():
            (tree.path / link).symlink_to(to)
    expected = {}
    for system in SYSTEMS:
        failed, expected[system] = outcome(tree, system)
        if failed:
            sys.exit(f"mutants: system {system} fails without any: {failed}")
    return expected


def run_all(mutants, options):
    files = world.make(options.trees / "world")
    expected = None
    if set(options.floors) & {"priority", "random", "exhaustive"}:
        shutil.copy2(options.build / "sim/quoll-sim", options.trees)
        expected = expectations(options, files)
    by_file = collections.defaultdict(list)
    for mutant in mutants:
        by_file[mutant.path].append(mutant)
    groups, done, asked_of, lock = queue.Queue(), [], set(), threading.Lock()
    # Those that take longest last, so that soon there is something to see; in halves.
    weight = lambda item: len(item[1]) * len(targets_of(item[0], options.floors))
    pieces = [(p, m[i::2]) for p, m in by_file.items() for i in range(2) if m[i::2]]
    for item in sorted(pieces, key=weight):
        groups.put(item)
    start = time.monotonic()

    def progress(mutant):
        with lock:
            done.append(mutant)
            if options.results:
                with open(options.results, "a") as out:
                    out.write(json.dumps([mutant.name, mutant.after, mutant.killed]) + "\n")
            if not mutant.killed or options.verbose:
                print(f"  {len(done)}/{len(mutants)} {'survives' if not mutant.killed else '; '.join(f'{k}: {v}' for k, v in mutant.killed.items())}: "
                      f"{mutant.name}  ->  {mutant.after}", flush=True)
            elif len(done) % 20 == 0:
                print(f"  {len(done)}/{len(mutants)}, {time.monotonic() - start:.0f} s", flush=True)

    threads = []
    for number in range(options.jobs):
        tree = Tree(number, options)
        tree.files, tree.expected = files, expected
        threads.append(threading.Thread(target=work, args=(tree, groups, asked_of, lock, progress)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def read_results(mutants, options):
    """Those that an earlier run has tried already; the others are returned."""
    if options.results and options.results.exists():
        results = {(name, after): killed for name, after, killed in map(json.loads, options.results.read_text().splitlines())}
        for mutant in mutants:
            mutant.killed = results.get((mutant.name, mutant.after), mutant.killed)
        return [m for m in mutants if (m.name, m.after) not in results]
    return mutants


def read_equivalent():
    """OPERATOR | FILE | LINE | why"""
    entries = {}
    for line in EQUIVALENT.read_text().splitlines():
        if line and not line.startswith("#"):
            head, _, why = line.rpartition(" | ")
            entries[head.strip()] = why.strip()
    return entries


def table(mutants):
    print(f"\n{'operator':30} {'mutants':>7} {'invalid':>7} " + " ".join(f"{f:>10}" for f in FLOORS) + f" {'survive':>8}")
    for kind in KINDS:
        print(kind)
        for operator in [o[0] for o in OPERATORS if o[1] == kind] + [None]:
            some = [m for m in mutants if m.kind == kind and operator in (m.operator, None)]
            if not some:
                continue
            figures = [sum(f in m.killed for m in some) for f in ("build", *FLOORS)]
            print(f"  {operator or 'all of the kind':28} {len(some):7} {figures[0]:7} "
                  + " ".join(f"{n:10}" for n in figures[1:]) + f" {sum(not m.killed for m in some):8}")
    only = {f: sum(list(m.killed) == [f] for m in mutants) for f in FLOORS}
    print("  noticed by that floor alone: " + ", ".join(f"{f} {n}" for f, n in only.items()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--trees", type=Path, help="where the workers' trees are made (BUILD/mutants)")
    parser.add_argument("--make", default="make")
    parser.add_argument("--sdk", default="")
    parser.add_argument("--dtb", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--sample", type=int, help="only so many, the same each time")
    parser.add_argument("--only", help="only those whose name contains this")
    parser.add_argument("--names", type=Path, help="only those whose names are lines of this file")
    parser.add_argument("--floors", default=",".join(FLOORS), help="only these")
    parser.add_argument("--results", type=Path, help="a file of results: what is in it is not tried again, what is tried is added")
    parser.add_argument("--tried", action="store_true", help="no more: the table of those in --results")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    options.build, options.floors = options.build.resolve(), options.floors.split(",")
    options.trees = (options.trees or options.build / "mutants").resolve()
    mutants = make_mutants()
    if options.only:
        mutants = [m for m in mutants if options.only in m.name]
    if options.names:
        wanted = set(options.names.read_text().splitlines())
        mutants = [m for m in mutants if m.name in wanted]
    if options.sample:
        mutants = sorted(mutants, key=Mutant.rank)[:options.sample]
    if options.list:
        for mutant in mutants:
            print(f"{mutant.name}  ->  {mutant.after}")
        print(f"{len(mutants)} mutants")
        return 0
    start = time.monotonic()
    untried = read_results(mutants, options)
    if options.tried:
        mutants = [m for m in mutants if m not in untried]
    elif untried:
        run_all(untried, options)
    table(mutants)
    equivalent = read_equivalent()
    survivors = {m.name for m in mutants if not m.killed}
    known = {m.name for m in mutants}
    bad = [f"survives, and nobody says why: {name}" for name in sorted(survivors - set(equivalent))]
    bad += [f"{EQUIVALENT.name}: stale: {name}" for name in equivalent
            if name not in survivors and (name in known or not (options.only or options.sample or options.names or options.tried))]
    built = [m for m in mutants if "build" not in m.killed]
    print(f"\n{len(mutants)} mutants in {time.monotonic() - start:.0f} s: {len(built)} valid, "
          f"{sum(bool(m.killed) for m in built)} of them noticed, {len(survivors & set(equivalent))} equivalent, "
          f"{len(survivors - set(equivalent))} unexplained")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
