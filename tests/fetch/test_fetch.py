# SPDX-License-Identifier: BSD-2-Clause
"""The programs of each SDK, as they are shipped, load each byte of a neighbour's once
(README.md here); programs that were written to load twice are found."""

import os
import re
import subprocess

import pytest
from sdks import BOARD, BUILD, DEVKIT, ROOT, SDKS

FETCH = BUILD / "fetch" / "fetch"
# What a program must be seen to load, or nothing was shown.
LOADS = {
    "net_rx_virt": ["entries", "data", "information"],
    "net_rx_copy_virt": ["entries", "data", "information"],
    "net_tx_virt": ["entries", "data", "information"],
    "net_copier": ["entries", "data", "information"],
    "block_virt": ["entries", "information", "tables"],
    "serial_tx_virt": ["entries"],
    "timer_virt": ["entries"],
    "virtio_net": ["entries", "answers"],
    "virtio_blk": ["entries", "answers"],
    "pl011": ["entries"],
    "arm_timer": ["entries"],
}
# The clients' libraries, in tests' programs.
CLIENTS = {
    "ticker": ["entries"],
    "responder": ["entries", "information"],
    "disk": ["entries", "information"],
}
PLANTED = {
    "entry": r"entry of link 0, byte \d+: loaded at 0x\w+ \(\w+\) and again at ",
    "data": r"data of link 0, byte \d+: loaded at 0x\w+ \(\w+\) and again at 0x\w+ \(memcpy\)",
    "information": r"information of link 0, byte 8: loaded at ",
    "answer": r"answer of link 0, byte \d+: loaded at ",
    "index": r"entry \d+ that is not there is loaded at ",
    "ring": r"entry \d+ that is not there is loaded at ",
}


def make(*words):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "MICROKIT_SDK"))}
    done = subprocess.run(["make", "-s", "SETUP=no", "JOBS=2", *words], cwd=ROOT, env=env, capture_output=True,
                          text=True, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", autouse=True)
def built():
    if not FETCH.exists():
        make("for-fetch")


def run(program, wakeups):
    done = subprocess.run([FETCH, str(wakeups), program], capture_output=True, text=True, timeout=300)
    numbers = {what: int(number) for what, number in
               re.findall(r"([\w-]+(?: indices)?) (\d+)", done.stdout.splitlines()[-1])}
    return done, numbers


def check(program, name):
    done, numbers = run(program, 400)
    assert (done.returncode, numbers["findings"]) == (0, 0), done.stdout + done.stderr
    # One life of 400 and 20 short ones, each with its start.
    assert numbers["wake-ups"] == 401 + sum(n + 21 for n in range(20))
    assert all(numbers[what] > 0 for what in {**LOADS, **CLIENTS}[name]), done.stdout


def test_all_programs_are_looked_at():
    shipped = {path.stem for path in SDKS[0].programs.glob("*.elf")}
    assert shipped - {"supervisor"} == set(LOADS)  # nobody writes what the supervisor reads


@pytest.mark.parametrize("name", LOADS)
@pytest.mark.parametrize("sdk", SDKS, ids=str)
def test_program(sdk, name):
    check(sdk.programs / f"{name}.elf", name)


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize("sdk", SDKS, ids=str)
def test_client_library(sdk, name):
    check(sdk.test_programs / f"{name}.elf", name)


def test_release():
    if DEVKIT is None:
        pytest.skip("there is no development SDK")
    make("CONFIG=release", "programs")
    for name in LOADS:
        check(BUILD / "devkit" / f"{BOARD}-release" / "programs" / f"{name}.elf", name)


@pytest.mark.parametrize("way", PLANTED)
def test_planted(way):
    done, numbers = run(SDKS[0].out / "fetch" / f"twice_{way}.elf", 200)
    assert done.returncode == 1 and numbers["findings"] > 0
    assert re.search(PLANTED[way], done.stdout), done.stdout


def test_a_program_without_known_neighbours():
    done, _ = run(SDKS[0].programs / "supervisor.elf", 1)
    assert done.returncode == 1
    assert done.stderr == "fetch: nothing is known of the neighbours of supervisor.elf\n"
