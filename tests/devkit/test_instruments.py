# SPDX-License-Identifier: BSD-2-Clause
"""The instruments: the same trace twice, in a form that viewers read; faults that hit."""
import json
import subprocess
from collections import defaultdict

import pytest
from systems import BY_NAME, build, said

SECONDS = 2


def instruments(devkit, system, *arguments):
    """The console's lines, and what the instruments said."""
    out = build(devkit, BY_NAME[system])
    programs = [word for elf in out.glob("*.elf") for word in ("--program", f"{elf.stem}={elf}")]
    done = subprocess.run([devkit.path / "bin" / "instruments", out / "loader.img", *programs,
                           "--seconds", str(SECONDS), *arguments, "--", "-nic", "none"],
                          capture_output=True, text=True, timeout=60)
    return done.stdout.replace("\r", "").splitlines(), done.stderr


@pytest.fixture(scope="module")
def traced(devkit, tmp_path_factory):
    """A trace of irq_level, as text, and what was said."""
    file = tmp_path_factory.mktemp("trace") / "trace.json"
    lines, _ = instruments(devkit, "irq_level", "--trace", file)
    return file.read_text(), lines


def test_same_trace_twice(devkit, traced, tmp_path):
    lines, _ = instruments(devkit, "irq_level", "--trace", tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == traced[0]
    assert lines == traced[1]


def test_tracing_changes_nothing(devkit, traced):
    assert instruments(devkit, "irq_level")[0] == traced[1]
    assert said(traced[1]) == BY_NAME["irq_level"].expected("devkit")


def test_trace_is_chrome_s(traced):
    """Every event has what its kind needs, in a row that has a name; stretches of a
    row do not overlap; times never go back."""
    trace = json.loads(traced[0])
    assert set(trace) == {"displayTimeUnit", "traceEvents"}
    events = trace["traceEvents"]
    rows = {e["tid"]: e["args"]["name"] for e in events if e["ph"] == "M"}
    assert list(rows.values()) == ["kernel", "idle", "driver", "waker"]
    ends = defaultdict(float)
    for event in events:
        assert event["pid"] == 1 and event["tid"] in rows and event["ph"] in "XiM"
        if event["ph"] == "X":
            assert event["ts"] >= ends[event["tid"]] and event["dur"] >= 0
            ends[event["tid"]] = round(event["ts"] + event["dur"], 3)
        elif event["ph"] == "i":
            assert event["s"] == "t" and event["ts"] > 0


def test_trace_tells_what_happened(traced):
    events = json.loads(traced[0])["traceEvents"]
    names = [e["name"] for e in events if e["tid"] == 0 and e["ph"] == "X"]
    assert names.count("interrupt 30") == 3  # as many as the driver counts
    woken = [e["args"]["by"] for e in events if e["name"] == "woken" and e["tid"] == 2]
    assert woken.count("interrupt 30") == 2  # at one it runs already
    assert woken.count("waker") == 6
    assert {"send", "wait", "put"} < set(names)


def test_trace_ends(devkit, tmp_path):
    instruments(devkit, "irq_level", "--trace", tmp_path / "t.json", "--last", "2000000")
    events = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert max(e.get("ts", 0) for e in events) <= 2000


@pytest.mark.parametrize("fault, line", [
    ("low@init:pc=0x10", "low: fault: execute 0x10, not mapped; pc 0x10 esr 0x82000006"),
    ("low@init:sp=0x1000", "low: fault: write 0xf"),
    ("low@init:instruction=0", "low: fault: exception; "),
    ("low@init+4:instruction=0", "low: fault: exception; "),
    ("high@notified#1:x30=0x2", "high: fault: execute 0x2, "),
], ids=str)
def test_fault_hits_the_one_named(devkit, fault, line):
    lines, log = instruments(devkit, "preempt", "--inject", fault)
    victim = fault.partition("@")[0]
    assert f"instruments: {victim}: " in log
    faults = [text for text in lines if ": fault: " in text]
    assert len(faults) == 1 and faults[0].startswith(line), lines
    assert lines[1] == "| high: init"
    assert ("| low: went on" in lines) == (victim == "high")


def test_fault_in_memory(devkit):
    """In the page that counts its lives: the child goes on from there."""
    lines, log = instruments(devkit, "stop", "--inject", "child@init:0x5000000=6")
    assert lines[1] == "| child: life 7", log


def test_faulty_runs_are_the_same(devkit, tmp_path):
    runs = [(instruments(devkit, "turns", "--inject", "two@init+100:x0=1", "--trace",
                         tmp_path / name), (tmp_path / name).read_text()) for name in "ab"]
    assert runs[0] == runs[1]


def test_a_place_that_nobody_comes_to(devkit):
    _, log = instruments(devkit, "preempt", "--inject", "low@0x10:x0=1")
    assert "nobody came" in log
