# SPDX-License-Identifier: BSD-2-Clause
"""What a run of the attack matrix has shown, and whom it has hurt: see matrix.py.

A phase is what a victim tells of the time in which nobody began a new life. Beside what
victims say, a run is judged by what they cannot see: the console as a whole, what devices
complain of, and the disk after it.
"""
import json
import re
import struct
from collections import defaultdict

# As in pd_supervisor.c: the attacker, and the class that it may take from whom.
CLASSES = ("net", "block", "timer", "serial")
RATED = CLASSES[:3]  # of lines there are too few to be counted by the phase
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
# As in engine.c.
KINDS = ("tail", "head", "words", "lives", "info", "entries", "duplicates", "resubmit", "never had", "hoard",
         "deaf", "change", "nonsense", "forge", "storm", "interrupts", "spin", "trash", "trespass", "fault")
# As in lives.h. In a life HONEST + n the role is restarted, and does nothing wrong.
TRIES, HONEST, REFORMED, OVER = 32, 1 << 16, 1 << 20, 1 << 21
# These tell devices what to do. A device that is told nonsense while another attacks is a finding.
TELLS_DEVICES = ("disk_virt", "nic_rx", "nic_tx", "nic_driver", "disk_driver", "console_driver")

FAIR = 0.95
# What stands above clients and has no budget may take all of their time; in these attacks it
# takes half of it (engine.c). So does a client, which for its equals has an end after each of
# its time slices. A driver has a budget of 9 ms in 10.
HALF, BUDGET = 0.5, 0.1
# The console's driver waits at each start for what the UART has not sent yet: up to sixteen
# characters of ten bits at 115,200 baud, in a life of 4 ms.
DRAIN = 16 * 10 / 115200 / 4e-3
# A device that misbehaves may have to be reset, for which its driver waits: so long in the
# simulator, where it takes 20 us.
RESET = 25e-6  # s
# When all is over, those who were attacked are served again.
AGAIN = 0.8

PHASE = re.compile(r"@(\w+) (\d+) ((?:\d+:\d+ )*)net (\d+) block (\d+) timer (\d+) serial (\d+) "
                   r"bad (\d+) (\d+) (\d+) lost (\d+) seen (\d+) (\d+) tried (\d+) refused (\d+)\r?\n")
# What is not the serial line's: the kernel's debug output, where programs also log.
OURS = re.compile(PHASE.pattern + r"|@\w+ is home\r?\n|@\w+ has seen [^\n]*\n|sim: [^\n]*\n|"
                  r"(?:disk|nic|console|clock|alice_nic|bob_nic|mallory_nic)_\w+: [^\n\r]*\n|supervisor: [^\n]*\n|"
                  r"\d+ runs, seeds [^\n]*\n")
LINE_MAX = len("mallory: ") + 256  # SERIAL_LINE_MAX
COLOUR = re.compile(r"\x1b\[(?:3[1-6]|0)m")


class Phase:
    """What one victim says of a phase."""

    def __init__(self, match, names):
        self.who, self.ns = match[1], int(match[2])
        lives = {names[int(pd)]: int(life) for pd, life in (w.split(":") for w in match[3].split())}
        attackers = [name for name, life in lives.items() if name in ROLES and TRIES <= life < REFORMED]
        self.role = attackers[0] if attackers else None
        self.kind = None
        if self.role:
            self.kind = "honest" if lives[self.role] >= HONEST else KINDS[(lives[self.role] // TRIES - 1) % len(KINDS)]
        self.over = lives.get("metronome", 0) >= OVER
        self.started = bool(lives)
        numbers = [int(n) for n in match.groups()[3:]]
        self.work = dict(zip(CLASSES, numbers[:4]))
        self.bad = dict(zip(CLASSES, numbers[4:7]))
        self.seen = dict(zip(CLASSES, numbers[8:10]))
        self.lost, self.tried, self.refused = numbers[7], *numbers[10:]


def who_is_home(text):
    return set(re.findall(r"@(\w+) is home\r?\n", text))


class Said:
    """All that a run has shown."""

    def __init__(self, system, text, status, disk):
        self.status, self.text, self.disk = status, text, disk.read_bytes()
        self.simulated = "sim: " in text
        pds = json.loads((system / "system.json").read_text())["pds"]
        names = {pd["index"]: pd["name"] for pd in pds}
        self.phases = [Phase(m, names) for m in PHASE.finditer(self.text)]
        odd = re.search(r"(\d+) odd choices", text)
        self.odd = int(odd[1]) if odd else 0
        self.seconds = sum(p.ns for p in self.phases if p.who == "alice") / 1e9
        self.home = who_is_home(self.text)
        self.console = COLOUR.sub("", OURS.sub("", text)).replace("\r\n", "\n")


def depends(who, cls, role):
    taken, whom = (ROLES.get(role) or DEVICES.get(role) or (None, ()))[:2]
    return cls == taken and who in whom


def may_see(who, cls, attackers):
    """Who passes on what is others', or moves it, may let those see it who depend on it."""
    return any(depends(who, cls, role) for role in attackers)


# ---- Work ----

def rates(phases):
    """{(victim, class): work per second}"""
    work, time = defaultdict(int), defaultdict(int)
    for phase in phases:
        for cls in RATED:
            work[phase.who, cls] += phase.work[cls]
            time[phase.who, cls] += phase.ns
    return {key: work[key] * 1e9 / time[key] for key in work if time[key]}


def served(phases, baseline, role=None):
    """The least that a victim got of the work that it does without attacks, in the classes that
    the attacker cannot take from it; they compete for its own time, so it is the mean."""
    got, due = defaultdict(float), defaultdict(float)
    for phase in phases:
        for cls in RATED:
            if phase.who in ("alice", "bob") and not depends(phase.who, cls, phase.role or role):
                got[phase.who] += phase.work[cls] * 1e9 / baseline[phase.who, cls]
                due[phase.who] += phase.ns
    return min(((got[who] / due[who], who) for who in due), default=(0, "nobody"))


def promised(role, kind):
    """The part of that work which is promised."""
    if kind == "interrupts":
        return FAIR * BUDGET
    if kind == "spin" or (kind == "storm" and role != "mallory"):  # a client's storm fits into its time slices
        return FAIR * HALF
    if role == "console_driver" and kind in ("lives", "trespass", "fault"):
        return FAIR * (1 - DRAIN)
    return FAIR


def promised_beside_device(said, honest):
    """What the resets leave, if each time that it misbehaves takes one."""
    return FAIR * (1 - max(0, said.odd - honest.odd) * RESET / said.seconds)


def by_kind(said, role):
    kinds = defaultdict(list)
    for phase in said.phases:
        if phase.role == role and applies(role, phase.kind):
            kinds[phase.kind].append(phase)
    return kinds


def applies(role, kind):
    """Only a client has frames to forge, only a driver interrupts."""
    return {"forge": role == "mallory", "interrupts": role.endswith("_driver")}.get(kind, True)


def starved(said, role, baseline, together, rough=1):
    """Victims that got less than is promised, by kind, or (few attacks) by what is promised."""
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


def starved_in_turn(said, baseline, rough):
    """The same for a short run with all roles in turn (`baseline`: by role): each role's kinds of
    which all is promised, and what little there is of the others, of all roles together."""
    wrong, busy, due = [], [], []
    for role in baseline:
        kinds = by_kind(said, role)
        quiet = [p for kind, phases in kinds.items() if promised(role, kind) >= FAIR for p in phases]
        part, who = served(quiet, baseline[role])
        if part < FAIR * rough:
            wrong.append(f"{who} got {100 * part:.0f} % under {role}; {100 * FAIR * rough:.0f} % are promised")
        for kind, phases in kinds.items():
            if promised(role, kind) < FAIR:
                busy.append(served(phases, baseline[role])[0])
                due.append(promised(role, kind) * rough)
    if sum(busy) < sum(due):
        wrong.append(f"{100 * sum(busy) / len(busy):.0f} % under busy attacks; {100 * sum(due) / len(due):.0f} % are promised")
    return wrong


def not_served_again(said, baseline):
    """Those who do not have everything back after the last attack."""
    last = {p.who: p for p in said.phases if p.started and p.role is None and not p.over}
    wrong = []
    for who in EVERYBODY:
        for cls in RATED:
            due = AGAIN * baseline[who, cls]
            got = last[who].work[cls] * 1e9 / last[who].ns if who in last else 0
            if got < due:
                wrong.append(f"{who} has {cls} no more as before: {got:.0f} of {due:.0f} per second")
    return wrong


# ---- Harm ----

def hurts(said, role):
    """What has gone wrong, in a run with one attacker, or (None) with all in turn, for those that
    do not depend on the attacker, in words."""
    wrong = []
    if said.status != 0:
        wrong.append("the run failed: " + said.text.strip().rpartition("\n")[2][-300:])
    attackers = {role}  # up to now: traces of what passes through them stay where they are
    for phase in said.phases:
        attackers.add(phase.role)
        for cls in RATED:
            if phase.bad[cls] and not depends(phase.who, cls, phase.role or role):
                wrong.append(f"{phase.who}: {phase.bad[cls]} wrong of {cls}, under {phase.role} {phase.kind}")
        wrong += [f"{phase.who} saw {seen} pieces of others' {cls}, under {phase.role} {phase.kind}"
                  for cls, seen in phase.seen.items() if seen and not may_see(phase.who, cls, attackers)]
    for who, *pieces in re.findall(r"@(\w+) has seen (\d+) (\d+) of others'", said.text):
        wrong += [f"{who} has seen {seen} pieces of others' {cls}" for cls, seen in zip(CLASSES, pieces)
                  if int(seen) and not may_see(who, cls, attackers)]
    for who in EVERYBODY if role not in DEVICES else ():
        if who not in said.home:
            wrong.append(f"{who} has not come home: something is lost")
    if role in ROLES and role not in TELLS_DEVICES:
        wrong += re.findall(r"sim: (?:nic|disk|console): [^\n]*", said.text)
    wrong += [f"a fault of the honest: {line}" for line in re.findall(r"supervisor: [^\n]*", said.text)]
    if not depends("alice", "block", role) and role is not None:
        wrong += bad_disk(said.disk)
    # On a machine the kernel's debug output comes through the same wire, anywhere.
    lines_count = said.simulated and not depends("alice", "serial", role)
    return wrong + (bad_lines(said.console) if lines_count else [])


def bad_lines(console):
    """Each honest client's lines are whole and in order; nobody says what may not be said."""
    console = console[:console.rfind("\n") + 1]  # what follows is cut
    wrong = [f"a line of {len(line)} bytes" for line in console.splitlines() if len(line) > LINE_MAX]
    wrong += [f"{character!r} on the console" for character in set(re.findall(r"[^\n\t -~]", console))]
    for who in ("alice", "bob"):
        lines = re.findall(rf"^{who}: (.*)$", console, re.M)
        lines = lines[:-1] if lines and not lines[-1].endswith(", all of it") else lines  # the last may be cut
        wanted = [f"line {n:06} of {who}, all of it" for n in range(len(lines))]
        if lines != wanted:
            first = next(i for i, pair in enumerate(zip(lines, wanted)) if pair[0] != pair[1])
            wrong.append(f"{who}'s lines: {lines[first]!r} for {wanted[first]!r}")
    return wrong


# ---- The disk ----

BLOCK, PARTITION, CHUNK, CHUNKS = 512, 1 << 20, 4096, 128
FIRST = 2048 * BLOCK
TAGS = {"alice": 0x5175306c6c00001f, "mallory": 0x5175306c6c000066, "bob": 0x5175306c6c000020}
OWNERS = ("alice", "mallory", "bob", "metronome")


def chunk_of(who, version):
    """What client.c writes: 512 words."""
    words = [TAGS[who] if i % 8 == 0 else (version * 4096 + i + TAGS[who]) * 0x9e3779b97f4a7c15 % 2**64
             for i in range(CHUNK // 8)]
    words[1] = version
    return struct.pack("<512Q", *words)


def newest(last, at):
    """The version that chunk `at` holds when its slot has written all up to `last`; 0: none."""
    return max(0, last - (last - at // 4) % 32)


def as_written(who, part):
    """Whether a partition holds what its client has written, each slot up to its newest version,
    and nothing where it has not."""
    part, rest = part[CHUNK:][:CHUNK * CHUNKS], part[:CHUNK] + part[CHUNK * (CHUNKS + 1):]
    found = [struct.unpack_from("<Q", part, at * CHUNK + 8)[0] for at in range(CHUNKS)]
    last = [max(found[slot::4]) for slot in range(4)]
    for at in range(CHUNKS):
        version = newest(last[at % 4], at)
        if part[at * CHUNK:][:CHUNK] != (chunk_of(who, version) if version else bytes(CHUNK)):
            return False
    return not any(rest)


def bad_disk(image):
    """Each honest client's partition holds what it has written, all else what was there."""
    part = {who: image[FIRST + n * PARTITION:][:PARTITION] for n, who in enumerate(OWNERS)}
    wrong = [f"{who}'s partition is not as it was written" for who in ("alice", "bob") if not as_written(who, part[who])]
    end = FIRST + len(OWNERS) * PARTITION
    if any(part["metronome"]) or any(image[34 * BLOCK:FIRST]) or any(image[end:-33 * BLOCK]):
        wrong.append("somebody has written where nobody may")
    return wrong
