# SPDX-License-Identifier: BSD-2-Clause
"""The attack matrix: every role turns on its neighbours, in every way; who is hurt?

    matrix.py [--rounds N] [--kinds checked,asan] [--roles nic_tx,...]

prints attacker x kind: what was tried, what was refused, and what the victims that do not
depend on the attacker got of what they get beside an honest neighbour; the totals come
last. The status is 1 if somebody was hurt. tests/hostile/test_*.py use its parts.
"""
import argparse
import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "system")]

from machine import COUNTED_TIME, Machine  # noqa: E402
from sdks import SDKS  # noqa: E402

ROOT = HERE.parents[1]
BUILD = ROOT / "build"
SIM = BUILD / "sim"
BOARD = "qemu_virt_aarch64"

# As in pd_supervisor.c: the attacker, and the class that it may take from whom.
CLASSES = ("net", "block", "timer", "serial")
EVERYBODY = ("alice", "bob", "mallory")
ROLES = {
    "mallory": (None, ()),
    "disk_virt": ("block", EVERYBODY),
    "console_tx": ("serial", EVERYBODY),
    "clock_virt": ("timer", EVERYBODY),
    "console_driver": ("serial", EVERYBODY),
    "disk_driver": ("block", EVERYBODY),
    "clock_driver": ("timer", EVERYBODY),
    "alice_nic_copy": ("net", ("alice",)),
    "nic_rx": ("net", EVERYBODY),
    "nic_tx": ("net", EVERYBODY),
    "nic_driver": ("net", EVERYBODY),
}
# The simulator's devices: what they take, and how they misbehave (quoll-sim --help). Here
# everybody else is honest.
VIRTIO = "id length index late lost spurious stuck config torn reset slow dead data all"
DEVICES = {
    "nic": ("net", EVERYBODY, VIRTIO),
    "disk": ("block", EVERYBODY, VIRTIO),
    "console": ("serial", EVERYBODY, "lost spurious slow stuck all"),
    "clock": ("timer", EVERYBODY, "lost spurious stuck all"),
}
NOBODY, ALL = 14, 15
# As in engine.c.
KINDS = ("tail", "head", "words", "lives", "info", "entries", "duplicates", "resubmit", "never had", "hoard",
         "deaf", "change", "nonsense", "forge", "storm", "interrupts", "spin", "trash", "trespass", "fault")
VALUES = 45  # that a field gets: rounds of the whole matrix
TRIES, REFORMED, OVER, PLAN_ROLE = 32, 1 << 20, 1 << 21, 1024
# These see the frames of all, by design: the pool's owner and its copiers, and who checks what
# is sent. The driver and its device can say that a frame is longer than what came: its receiver
# then gets what the buffer held before.
SEES_FRAMES = ("alice_nic_copy", "nic_rx", "nic_tx", "nic_driver", "nic")
# These tell devices what to do. A device that is told nonsense while another attacks is a finding.
TELLS_DEVICES = ("disk_virt", "nic_rx", "nic_tx", "nic_driver", "disk_driver", "console_driver")
# Kinds in which the attacker uses the processor itself, as much as it gets: there a victim is
# served as far as priorities and budgets promise. A client has its turn among its equals; what
# stands above clients has no budget but an end in these attacks, half of the time; a driver
# has 9 ms of 10, and the servers share with the clients what it leaves.
BUSY = ("storm", "interrupts", "spin", "nonsense", "trespass", "fault")
TICK = 4000  # us
FAIR = 0.95
# On a kernel, a life of 4 ms holds a few turns of each client: what one role's attacks cost is
# known only roughly there. All roles' together must be fair there too.
ROUGH = 0.7
# A device that has to be reset over and over takes its driver's time.
WORN = 0.8

PHASE = re.compile(r"@(\w+) (\d+) ((?:\d+:\d+ )*)net (\d+) block (\d+) timer (\d+) serial (\d+) "
                   r"bad (\d+) (\d+) (\d+) lost (\d+) seen (\d+) tried (\d+) refused (\d+)\r?\n")
# What is not the serial line's: the kernel's debug output, where programs also log.
OURS = re.compile(PHASE.pattern + r"|@\w+ is home\r?\n|@\w+ has seen [^\n]*\n|sim: [^\n]*\n|"
                  r"(?:disk|nic|console|clock|alice_nic|bob_nic|mallory_nic)_\w+: [^\n\r]*\n|supervisor: [^\n]*\n")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


# ---- Making and running ----

def make_disk(path):
    """A partition for each client, mallory's between those of the victims."""
    with open(path, "wb") as image:
        image.truncate(8 << 20)
    words = []
    for i, name in enumerate(("alice", "mallory", "bob", "metronome")):
        words += ["-n", f"{i + 1}:{2048 if i == 0 else 0}:+1M", "-c", f"{i + 1}:{name}"]
    subprocess.run(["/usr/sbin/sgdisk", *words, path], check=True, stdout=subprocess.DEVNULL)
    return path


def compose(folder, role, attacks, sdk, programs, tick=TICK, copying="copiers"):
    """The system, with the metronome's orders: role is a number (ROLES, NOBODY, ALL)."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (HERE / "system.yaml").read_text()
    text = text.replace("node: /virtio_mmio@a003e00}", f"node: /virtio_mmio@a003e00, copying: {copying}}}")
    text = text.replace("@plan@", str(role * PLAN_ROLE + attacks)).replace("@tick@", str(tick))
    (folder / "system.yaml").write_text(text)
    subprocess.run([BUILD / "tool" / "quoll", "build", folder / "system.yaml", "--dtb", BUILD / "boards" / f"{BOARD}.dtb",
                    "--sdk", sdk, "--config", "debug", *[w for p in programs for w in ("--programs", p)],
                    "-o", folder / "out"], check=True)
    return folder / "out"


def run_qemu(folder, sdk, disk, role, attacks, seconds=150):
    """The same on a kernel: until all are home, or for so long."""
    system = compose(folder, role, attacks, sdk.path, [sdk.out / "hostile-programs", sdk.programs])
    machine = Machine(system / "loader.img", folder, [
        *COUNTED_TIME, "-drive", f"if=none,id=disk,format=raw,file={disk}",
        "-device", "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0",
        "-netdev", "user,id=nic", "-device", "virtio-net-device,netdev=nic,bus=virtio-mmio-bus.31"])
    end = time.monotonic() + seconds
    while machine.text.count(" is home\n") < len(EVERYBODY) and time.monotonic() < end:
        time.sleep(0.2)
    machine.stop()
    return Said(system, machine.raw.decode("latin-1"), 0)


def run_device(folder, kind, disk, device, fault, seconds=0.2):
    """Everybody is honest but a device ("": none). What it does is a choice of a random schedule
    that keeps to priorities; the seed is always the same."""
    options = {"nic": "net=echo", "disk": f"file={disk}", "console": "", "clock": ""}
    if device:
        options[device] = (options[device] + f",faults={fault}").strip(",")
    system = compose(folder, NOBODY, PLAN_ROLE - 1, "host", [SIM / kind / "hostile", SIM / kind / "programs"])
    program = SIM / ("quoll-sim-asan" if kind == "asan" else "quoll-sim")
    done = subprocess.run([program, system, "--until", str(seconds), "--violations", "tell", "--faults", "deliver",
                           "--schedule", "random", "--priorities", "--preempt", "1000000000", "--runs", "1", "--seed", "7",
                           *[w for name, words in options.items() if words for w in ("--device", f"{name}={words}")]],
                          capture_output=True, timeout=300)
    return Said(system, (done.stdout + done.stderr).decode("latin-1"), done.returncode)


def run_sim(folder, kind, disk, role, attacks, options=(), timeout=900, copying="copiers"):
    """One run of the simulator: what it said."""
    system = compose(folder, role, attacks, "host", [SIM / kind / "hostile", SIM / kind / "programs"], copying=copying)
    program = SIM / ("quoll-sim-asan" if kind == "asan" else "quoll-sim")
    done = subprocess.run([program, system, "--until", "60", "--violations", "tell", "--device", "nic=net=echo",
                           "--device", f"disk=file={disk}", *options], capture_output=True, timeout=timeout)
    return Said(system, (done.stdout + done.stderr).decode("latin-1"), done.returncode)


# ---- Reading ----

class Phase:
    """What one victim says of a phase."""

    def __init__(self, match, names):
        self.who, self.ns = match[1], int(match[2])
        lives = {names[int(pd)]: int(life) for pd, life in (w.split(":") for w in match[3].split())}
        attackers = [name for name, life in lives.items() if name in ROLES and TRIES <= life < REFORMED]
        self.role = attackers[0] if attackers else None
        self.kind = KINDS[(lives[self.role] // TRIES - 1) % len(KINDS)] if self.role else None
        self.over = lives.get("metronome", 0) >= OVER
        self.started = bool(lives)
        numbers = [int(n) for n in match.groups()[3:]]
        self.work = dict(zip(CLASSES, numbers[:4]))
        self.bad = dict(zip(CLASSES, numbers[4:7]))
        self.lost, self.seen, self.tried, self.refused = numbers[7:]


class Said:
    """All that a run has shown."""

    def __init__(self, system, text, status):
        self.status, self.text = status, text
        self.simulated = "sim: " in text
        pds = json.loads((system / "system.json").read_text())["pds"]
        names = {pd["index"]: pd["name"] for pd in pds}
        self.phases = [Phase(m, names) for m in PHASE.finditer(self.text)]
        odd = re.search(r"(\d+) odd choices", text)
        self.odd = int(odd[1]) if odd else 0
        self.home = re.findall(r"@(\w+) is home\r?\n", self.text)
        self.console = COLOUR.sub("", OURS.sub("", text)).replace("\r\n", "\n")


def depends(who, cls, role):
    taken, whom = (ROLES.get(role) or DEVICES.get(role) or (None, ()))[:2]
    return cls == taken and who in whom


def rates(phases):
    """{(victim, class): work per second}"""
    work, time = defaultdict(int), defaultdict(int)
    for phase in phases:
        for cls in CLASSES[:3]: # lines are too few to be counted by the phase
            work[phase.who, cls] += phase.work[cls]
            time[phase.who, cls] += phase.ns
    return {key: work[key] * 1e9 / time[key] for key in work if time[key]}


# ---- Judging ----

def hurts(said, role):
    """What has gone wrong, in a run with one attacker, or (None) with all in turn, for those that do not depend on the attacker, in words."""
    wrong = []
    if said.status != 0:
        wrong.append("the run failed: " + said.text.strip().rpartition("\n")[2][-300:])
    traces = role in SEES_FRAMES  # of others' frames, which stay where they are
    for phase in said.phases:
        traces = traces or phase.role in SEES_FRAMES
        for cls in CLASSES[:3]:
            if phase.bad[cls] and not depends(phase.who, cls, phase.role or role):
                wrong.append(f"{phase.who}: {phase.bad[cls]} wrong of {cls}, under {phase.role} {phase.kind}")
        if phase.seen and not traces:
            wrong.append(f"{phase.who} saw {phase.seen} pieces of others', under {phase.role} {phase.kind}")
    for line in re.findall(r"@(\w+ has seen \d+ pieces) of others", said.text):
        wrong += [line] if role not in SEES_FRAMES else []
    for who in EVERYBODY if role not in DEVICES else ():
        if who not in said.home:
            wrong.append(f"{who} has not come home: something is lost")
    if role in ROLES and role not in TELLS_DEVICES:
        wrong += re.findall(r"sim: (?:nic|disk|console): [^\n]*", said.text)
    wrong += [f"a fault of the honest: {line}" for line in re.findall(r"supervisor: [^\n]*", said.text)]
    # On a machine the kernel's debug output comes through the same wire, anywhere.
    lines_count = said.simulated and not depends("alice", "serial", role)
    return wrong + (bad_lines(said.console) if lines_count else [])


def bad_lines(console):
    """Each honest client's lines are whole and in order."""
    wrong = []
    for who in ("alice", "bob"):
        lines = re.findall(rf"^{who}: (.*)$", console, re.M)
        lines = lines[:-1] if lines and not lines[-1].endswith(", all of it") else lines  # the last may be cut
        wanted = [f"line {n:06} of {who}, all of it" for n in range(len(lines))]
        if lines != wanted:
            first = next(i for i, pair in enumerate(zip(lines, wanted)) if pair[0] != pair[1])
            wrong.append(f"{who}'s lines: {lines[first]!r} for {wanted[first]!r}")
    return wrong


def served(phases, baseline, role=None):
    """The least that a victim got of the work that it does without attacks, in the classes that
    the attacker cannot take from it; they compete for its own time, so it is the mean."""
    got, due = defaultdict(float), defaultdict(float)
    for phase in phases:
        for cls in CLASSES[:3]:
            if phase.who in ("alice", "bob") and not depends(phase.who, cls, phase.role or role):
                got[phase.who] += phase.work[cls] * 1e9 / baseline[phase.who, cls]
                due[phase.who] += phase.ns
    return min(((got[who] / due[who], who) for who in due), default=(0, "nobody"))


def promised(role, kind):
    if kind not in BUSY and (role, kind) != ("console_driver", "lives"):  # it waits for the FIFO at each start
        return FAIR
    return 0.6 if role == "mallory" else 0.01 if role.endswith("_driver") else 0.3


def starved(said, role, baseline, together, rough=1.0):
    """Victims that got less than is promised, by kind, or (few attacks) by what is promised;
    `rough` widens that for short and restless runs."""
    kinds = by_kind(said, role)
    if together:
        floors = sorted({promised(role, kind) for kind in kinds})
        kinds = {f"all of {floor}": [p for k, phases in kinds.items() if promised(role, k) == floor for p in phases]
                 for floor in floors}
    wrong = []
    for kind, phases in kinds.items():
        part, who = served(phases, baseline)
        floor = promised(role, phases[0].kind) * rough
        if part < floor:
            wrong.append(f"{who} got {100 * part:.0f} % under {role} {kind}; {100 * floor:.0f} % are promised")
    return wrong


# ---- The campaign ----

def by_kind(said, role):
    kinds = defaultdict(list)
    for phase in said.phases:
        if phase.role == role and applies(role, phase.kind):
            kinds[phase.kind].append(phase)
    return kinds


def applies(role, kind):
    """Only a client has frames to forge, only a driver interrupts."""
    return {"forge": role == "mallory", "interrupts": role.endswith("_driver")}.get(kind, True)


def report_role(role, said, baseline):
    totals = [0, 0, 0]
    for kind in KINDS:
        phases = by_kind(said, role).get(kind, [])
        if not applies(role, kind):
            continue
        tried = sum(max(p.tried, 1) for p in phases if p.who == "alice")
        refused = sum(p.refused for p in phases if p.who == "alice")
        least, whose = served(phases, baseline)
        print(f"  {role:15} {kind:11} tried {tried:8}  refused {refused:8}  victims served {100 * least:4.0f} %")
        totals = [totals[0] + 1, totals[1] + tried, totals[2] + refused]
    return totals


class Campaign:
    """Runs, what they said, what it came to."""

    def __init__(self, keep):
        keep.mkdir(parents=True, exist_ok=True)
        self.keep, self.disk = keep, make_disk(keep / "disk.img")
        self.totals, self.hurt = [0, 0, 0], 0

    def judge(self, where, said, roles, baseline, together=True, rough=1.0):
        for role in roles:
            self.totals = [a + b for a, b in zip(self.totals, report_role(role, said, baseline))]
        wrong = hurts(said, roles[0] if len(roles) == 1 else None)
        wrong += [what for role in roles for what in starved(said, role, baseline, together, rough)]
        self.hurt += len(wrong)
        for what in wrong[:20]:
            print(f"  HURT: {where}: {what}", flush=True)
        sys.stdout.flush()

    def simulate(self, kind, roles, rounds):
        attacks = rounds * len(KINDS)
        print(f"simulator, {kind} programs, {attacks} attacks each", flush=True)
        honest = run_sim(self.keep / kind / "nobody", kind, self.disk, NOBODY, 100)
        for role in roles:
            said = run_sim(self.keep / kind / role, kind, self.disk, list(ROLES).index(role), attacks)
            (self.keep / f"{kind}-{role}.txt").write_text(said.text)
            self.judge(kind, said, [role], baseline_of(honest), together=rounds < 20)

    def devices(self, kind):
        print(f"simulator, {kind} programs, devices", flush=True)
        honest = run_device(self.keep / kind / "device", kind, self.disk, "", "")
        assert hurts(honest, "clock") == []
        for device, (_, _, faults) in DEVICES.items():
            for fault in faults.split():
                said = run_device(self.keep / kind / "device", kind, self.disk, device, fault)
                self.judge_device(kind, said, device, fault, rates(honest.phases))

    def judge_device(self, kind, said, device, fault, baseline):
        wrong = hurts(said, device)
        part, who = served(said.phases, baseline, device)
        if part < WORN:
            wrong.append(f"{who} got {100 * part:.0f} %; {100 * WORN:.0f} % are promised")
        print(f"  {device:15} {fault:11} odd choices {said.odd:4}{'':19}  victims served {100 * part:4.0f} %")
        self.hurt += len(wrong)
        self.totals = [self.totals[0] + 1, self.totals[1] + said.odd, self.totals[2]]
        for what in wrong[:20]:
            print(f"  HURT: {kind}: {device} {fault}: {what}", flush=True)

    def emulate(self, sdk, rounds):
        attacks = rounds * len(KINDS)
        print(f"{sdk.kernel} in QEMU, {attacks} attacks each", flush=True)
        honest = run_qemu(self.keep / str(sdk) / "nobody", sdk, self.disk, NOBODY, 100)
        said = run_qemu(self.keep / str(sdk) / "all", sdk, self.disk, ALL, attacks, 600)
        (self.keep / f"{sdk}.txt").write_text(said.text)
        self.judge(str(sdk), said, list(ROLES), baseline_of(honest), rough=ROUGH)


def baseline_of(honest):
    """Rates beside an honest neighbour that takes all it can."""
    assert hurts(honest, None) == []
    return rates([p for p in honest.phases if p.started and not p.over])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=VALUES, help="of all kinds, in the simulator")
    parser.add_argument("--kernel-rounds", type=int, default=3, help="of all kinds, in QEMU; 0: not at all")
    parser.add_argument("--kinds", default="checked,asan", help="of programs, in the simulator")
    parser.add_argument("--roles", default=",".join(ROLES))
    parser.add_argument("--keep", type=Path, default=BUILD / "hostile")
    options = parser.parse_args()
    campaign = Campaign(options.keep)
    for kind in options.kinds.split(","):
        campaign.simulate(kind, options.roles.split(","), options.rounds)
        campaign.devices(kind) if options.roles == ",".join(ROLES) else None
    for sdk in SDKS if options.kernel_rounds else []:
        campaign.emulate(sdk, options.kernel_rounds)
    pairs, tried, refused = campaign.totals
    print(f"{pairs} pairs of attacker and kind, {tried} tried, {refused} refused, {campaign.hurt} victims hurt")
    return 1 if campaign.hurt else 0


if __name__ == "__main__":
    sys.exit(main())
