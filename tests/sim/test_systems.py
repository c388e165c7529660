# SPDX-License-Identifier: BSD-2-Clause
"""Whole systems of tests/system and the example, composed for the simulator."""
import subprocess
import time
import urllib.request

import pytest

import simulator
import world

SYSTEMS = simulator.SIM


@pytest.mark.parametrize("kind", ["checked", "asan", "fast"])
def test_timeouts(kind):
    done = simulator.run(SYSTEMS / kind / "systems" / "timer", kind=kind)
    assert done.status == 0
    assert "ticker: ok" in done.lines
    assert "hasty: 32064 expiries in 500 ms" in done.lines


def test_a_run_is_the_same_each_time():
    runs = [simulator.run(SYSTEMS / "checked" / "systems" / "timer", "--until", 0.2, "--verbose").text for _ in "12"]
    assert runs[0] == runs[1] and "ticker" in runs[0]


def test_faults_are_told_delivered_and_survived():
    done = simulator.run(SYSTEMS / "checked" / "systems" / "faults", "--until", 3)
    faulty = "tests/system/faults/pd_faulty.c"
    assert [line for line in done.lines if line.startswith("sim: faulty")] == [
        f"sim: faulty wrote 0x12345678, where it has nothing, at {faulty}:26 in misbehave",
        f"sim: faulty read 0x2468000, where it has nothing, at {faulty}:29 in misbehave",
        f"sim: faulty ran code at 0x3000, where it has nothing, at {faulty}:32 in misbehave",
        f"sim: faulty gave up, at {faulty}:35 in misbehave"]
    assert [line for line in done.lines if line.startswith("faulty: life")] == [
        f"faulty: life {life}, clean" for life in (1, 2, 3, 4, 5)]
    assert any(line.endswith("stopped for good; faults in a row: 6") for line in done.lines)
    assert {"faulty: well at last", "steady: ok"} <= set(done.lines)


def test_a_fault_ends_a_random_run():
    done = simulator.run(SYSTEMS / "checked" / "systems" / "faults", "--schedule", "random", "--until", 1)
    assert done.status == 1
    assert done.failure.startswith("FAILED: hopeless wrote 0x87654320, where it has nothing, at tests/system/faults/")


def test_unknown_device():
    done = simulator.run(SYSTEMS / "checked" / "systems" / "timer", "--device", "consol=faults=all")
    assert (done.status, done.text) == (
        1, "quoll-sim: --device consol: the system has no such device; did you mean console\n")


def fetch(address):
    try:
        return urllib.request.urlopen(address, timeout=2).read()
    except OSError:
        time.sleep(0.01)
        return b""


@pytest.mark.parametrize("kind", ["checked", "asan", "fast"])
def test_the_web_server_answers_at_once(tmp_path, kind):
    """How fast it starts, `make sim-speed` says; a busy host may take its time."""
    world.web_disk(tmp_path / "site.img")
    program = SYSTEMS / ("quoll-sim-asan" if kind == "asan" else "quoll-sim")
    start = time.monotonic()
    process = subprocess.Popen([program, SYSTEMS / kind / "systems" / "webserver", "--pace", "--until", "30",
                                "--device", "nic=net=user,forward=tcp:18099:10.0.2.16:80",
                                "--device", f"disk=file={tmp_path}/site.img"], stdout=subprocess.DEVNULL)
    try:
        body = b""
        while not body and time.monotonic() < start + 20:
            body = fetch("http://127.0.0.1:18099/")
        took = time.monotonic() - start
    finally:
        process.kill()
        process.wait()
    assert body == (simulator.ROOT / "examples" / "webserver" / "site" / "index.html").read_bytes()
    assert took < 10


def test_a_device_that_dies_in_a_reset_is_not_its_drivers_fault(tmp_path):
    files = world.make(tmp_path)
    done = simulator.run(SYSTEMS / "checked" / "systems" / "net", "--device", f"nic=replay={files['pcap']},faults=all+dead",
                         "--schedule", "random", "--seed", 500, "--runs", 100, "--until", 3)  # 509 found it
    assert done.status == 0, done.text[-2000:]


def test_a_short_soak(tmp_path):
    done = subprocess.run(["/usr/bin/python3", simulator.ROOT / "tests" / "sim" / "soak.py", "--time", "15", "--slice", "1",
                           "--seed", "1", "--keep", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
