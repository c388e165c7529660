# SPDX-License-Identifier: BSD-2-Clause
"""The attack matrix: every role turns on its neighbours, in every way; who is hurt?

    matrix.py [--rounds N] [--kinds checked,asan] [--roles nic_tx,...]

prints attacker x kind: what was tried, what was refused, and what the victims that do not
depend on the attacker got of what they get beside an honest neighbour that takes all it can
and is restarted as often; the totals come last. The status is 1 if somebody was hurt. Judging
is in judging.py; tests/hostile/test_*.py use parts of both.
"""
import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "system")]

from judging import (DEVICES, EVERYBODY, KINDS, ROLES, Said, applies, by_kind, hurts, not_served_again,  # noqa: E402
                     promised, promised_beside_device, rates, served, starved, starved_in_turn, who_is_home)
from machine import COUNTED_TIME, Machine  # noqa: E402
from sdks import SDKS  # noqa: E402

ROOT = HERE.parents[1]
BUILD = ROOT / "build"
SIM = BUILD / "sim"
BOARD = "qemu_virt_aarch64"

NOBODY, ALL = 14, 15
# With a copying virtualiser, nobody is the copier, and these have other neighbours.
COPIER, COPYING = "alice_nic_copy", ("mallory", "nic_rx", "nic_driver")
VALUES = 45  # that a field gets: rounds of the whole matrix
PLAN_ROLE, PLAN_HONEST = 1024, 16 * 1024  # as in lives.h
REST = 10  # lives to compare with, in which nobody attacks
TICK = 4000  # us
# On a kernel, a life of 4 ms holds a few turns of each client: what one role's attacks cost is
# known only roughly there. All roles' together must be fair there too.
ROUGH = 0.7


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


def compose(folder, plan, sdk, programs, copying=False, tick=TICK):
    """The system, with the metronome's orders; `copying`: with a virtualiser for copiers."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (HERE / "system.yaml").read_text()
    text = text.replace("@copying@", "virtualiser" if copying else "copiers")
    text = text.replace("@plan@", str(plan)).replace("@tick@", str(tick))
    (folder / "system.yaml").write_text(text)
    subprocess.run([BUILD / "tool" / "quoll", "build", folder / "system.yaml", "--dtb", BUILD / "boards" / f"{BOARD}.dtb",
                    "--sdk", sdk, "--config", "debug", *[w for p in programs for w in ("--programs", p)],
                    "-o", folder / "out"], check=True)
    return folder / "out"


def plan_of(role, attacks, honest=False):
    """`role`: of ROLES, or NOBODY or ALL; `honest`: it is restarted, and does nothing wrong."""
    number = role if isinstance(role, int) else list(ROLES).index(role)
    return number * PLAN_ROLE + attacks + (PLAN_HONEST if honest else 0)


def run_qemu(folder, sdk, disk, plan, copying=False, seconds=300):
    """The system on a kernel: until all are home, or for so long."""
    system = compose(folder, plan, sdk.path, [sdk.out / "hostile-programs", sdk.programs], copying)
    copy = shutil.copy(disk, folder / "disk.img")
    machine = Machine(system / "loader.img", folder, [
        *COUNTED_TIME, "-drive", f"if=none,id=disk,format=raw,file={copy}",
        "-device", "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0",
        "-netdev", "user,id=nic", "-device", "virtio-net-device,netdev=nic,bus=virtio-mmio-bus.31"])
    end = time.monotonic() + seconds
    while not who_is_home(machine.text) >= set(EVERYBODY) and time.monotonic() < end:
        time.sleep(0.2)
    machine.stop()
    return Said(system, machine.raw.decode("latin-1"), 0, copy)


def simulate(kind, system, options, timeout):
    program = SIM / ("quoll-sim-asan" if kind == "asan" else "quoll-sim")
    done = subprocess.run([program, system, "--violations", "tell", *options], capture_output=True, timeout=timeout)
    return (done.stdout + done.stderr).decode("latin-1"), done.returncode


def run_device(folder, kind, disk, device, fault, seconds=1.0, instead=()):
    """Everybody is honest but a device ("": none). What it does is a choice of a random schedule
    that keeps to priorities; the seed is always the same."""
    options = {"nic": "net=echo", "disk": f"file={disk}", "console": "", "clock": ""}
    if device:
        options[device] = (options[device] + f",faults={fault}").strip(",")
    system = compose(folder, plan_of(NOBODY, PLAN_ROLE - 1), "host",
                     [*instead, SIM / kind / "hostile", SIM / kind / "programs"])
    words = [w for name, words in options.items() if words for w in ("--device", f"{name}={words}")]
    text, status = simulate(kind, system, ["--until", str(seconds), "--faults", "deliver", "--schedule", "random", "--priorities",
                                           "--preempt", "1000000000", "--runs", "1", "--seed", "7", *words], 300)
    return Said(system, text, status, disk)


def run_sim(folder, kind, disk, plan, copying=False, instead=(), timeout=900):
    """One run of the simulator: what it said. `instead`: folders of programs that come first."""
    system = compose(folder, plan, "host", [*instead, SIM / kind / "hostile", SIM / kind / "programs"], copying)
    copy = shutil.copy(disk, folder / "disk.img")
    text, status = simulate(kind, system, ["--until", "60", "--device", "nic=net=echo",
                                           "--device", f"disk=file={copy},write=yes"], timeout)
    return Said(system, text, status, copy)


# ---- The campaign ----

def report_role(role, said, baseline):
    totals = [0, 0, 0]
    for kind in KINDS:
        phases = by_kind(said, role).get(kind, [])
        if not applies(role, kind):
            continue
        tried = sum(max(p.tried, 1) for p in phases if p.who == "alice")
        refused = sum(p.refused for p in phases if p.who == "alice")
        least, whose = served(phases, baseline)
        print(f"  {role:15} {kind:11} tried {tried:8}  refused {refused:8}  victims served {100 * least:4.0f} % "
              f"of {100 * promised(role, kind):3.0f} % promised")
        totals = [totals[0] + 1, totals[1] + tried, totals[2] + refused]
    return totals


class Campaign:
    """Runs, what they said, what it came to."""

    def __init__(self, keep):
        keep.mkdir(parents=True, exist_ok=True)
        self.keep, self.disk = keep, make_disk(keep / "disk.img")
        self.totals, self.hurt = [0, 0, 0], 0

    def count(self, where, wrong):
        self.hurt += len(wrong)
        for what in wrong[:20]:
            print(f"  HURT: {where}: {what}")
        sys.stdout.flush()

    def report(self, said, role, baseline):
        self.totals = [a + b for a, b in zip(self.totals, report_role(role, said, baseline))]

    def simulate(self, kind, roles, rounds, copying=False):
        attacks = rounds * len(KINDS)
        where = kind + (" copying" if copying else "")
        print(f"simulator, {where} programs, {attacks} attacks each", flush=True)

        def run(name, plan):
            return run_sim(self.keep / where / name, kind, self.disk, plan, copying)

        nobody = rates_of(run("nobody", plan_of(NOBODY, REST)))
        for role in roles:
            honest = run(role, plan_of(role, 5 * REST, honest=True))
            said = run(role, plan_of(role, attacks))
            (self.keep / f"{where}-{role}.txt").write_text(said.text)
            baseline = rates_of(honest, role)
            self.report(said, role, baseline)
            self.count(where, hurts(said, role) + starved(said, role, baseline, rounds < 20, rough_for(kind)) +
                       not_served_again(said, nobody))

    def devices(self, kind):
        print(f"simulator, {kind} programs, devices", flush=True)
        honest = run_device(self.keep / kind / "device", kind, self.disk, "", "")
        assert hurts(honest, "clock") == []
        for device, (_, _, faults) in DEVICES.items():
            for fault in faults.split():
                said = run_device(self.keep / kind / "device", kind, self.disk, device, fault)
                self.judge_device(kind, said, device, fault, honest)

    def judge_device(self, kind, said, device, fault, honest):
        wrong = hurts(said, device)
        part, who = served(said.phases, rates(honest.phases), device)
        floor = promised_beside_device(said, honest) * rough_for(kind)
        if part < floor:
            wrong.append(f"{who} got {100 * part:.0f} %; {100 * floor:.0f} % are promised")
        print(f"  {device:15} {fault:11} odd choices {said.odd:4}{'':19}  victims served {100 * part:4.0f} % "
              f"of {100 * floor:3.0f} % promised")
        self.totals = [self.totals[0] + 1, self.totals[1] + said.odd, self.totals[2]]
        self.count(kind, [f"{device} {fault}: {what}" for what in wrong])

    def emulate(self, sdk, rounds, copying=False):
        attacks = rounds * len(KINDS)
        where = str(sdk) + (" copying" if copying else "")
        print(f"{sdk.kernel} in QEMU{' with a copying virtualiser' if copying else ''}, {attacks} attacks each", flush=True)
        honest = run_qemu(self.keep / where / "honest", sdk, self.disk, plan_of(ALL, REST, honest=True), copying)
        said = run_qemu(self.keep / where / "all", sdk, self.disk, plan_of(ALL, attacks), copying, 600)
        (self.keep / f"{where}.txt").write_text(said.text)
        baseline = {role: rates_of(honest, role) for role in ROLES if not copying or role != COPIER}
        for role in baseline:
            self.report(said, role, baseline[role])
        self.count(where, hurts(said, None) + starved_in_turn(said, baseline, ROUGH))


def rough_for(kind):
    """Only in checked programs does time pass with each piece of code; elsewhere with calls alone."""
    return 1 if kind == "checked" else ROUGH


def rates_of(honest, role=None):
    """What there is beside honest neighbours that take all they can: one that is restarted as
    often as an attacker is, or all."""
    assert hurts(honest, role) == [], hurts(honest, role)
    return rates([p for p in honest.phases if p.started and not p.over and p.role == role])


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
        roles = options.roles.split(",")
        campaign.simulate(kind, roles, options.rounds)
        campaign.simulate(kind, [role for role in roles if role in COPYING], options.rounds, copying=True)
        campaign.devices(kind) if options.roles == ",".join(ROLES) else None
    for sdk in SDKS if options.kernel_rounds else []:
        campaign.emulate(sdk, options.kernel_rounds)
        campaign.emulate(sdk, options.kernel_rounds, copying=True)
    pairs, tried, refused = campaign.totals
    print(f"{pairs} pairs of attacker and kind, {tried} tried, {refused} refused, {campaign.hurt} victims hurt")
    return 1 if campaign.hurt else 0


if __name__ == "__main__":
    sys.exit(main())
