# SPDX-License-Identifier: BSD-2-Clause
"""The instruments: the same trace twice, in a form that viewers read; faults that hit."""
import json
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from sdks import BUILD
from systems import BY_NAME, System, build, said

BY_NAME = BY_NAME | {"registers_seen": System(Path(__file__).parent / "registers_seen")}

SECONDS = 2


def instruments(devkit, system, *arguments, fault=None, seconds=SECONDS):
    """The console's lines."""
    inject = ["--inject", fault] if fault else []
    out = build(devkit, BY_NAME[system], arguments=inject,
                out=BUILD / "conformance" / "instruments" / system)
    done = subprocess.run([devkit.path / "bin" / "instruments", out / "loader.img",
                           "--seconds", str(seconds), *arguments, "--", "-nic", "none"],
                          capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.replace("\r", "").splitlines()


@pytest.fixture(scope="module")
def traced(devkit, tmp_path_factory):
    """A trace of irq_level, as text, and what was said."""
    file = tmp_path_factory.mktemp("trace") / "trace.json"
    lines = instruments(devkit, "irq_level", "--trace", file)
    return file.read_text(), lines


def test_same_trace_twice(devkit, traced, tmp_path):
    lines = instruments(devkit, "irq_level", "--trace", tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == traced[0]
    assert lines == traced[1]


def test_tracing_changes_nothing(devkit, traced):
    assert instruments(devkit, "irq_level") == traced[1]
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
    ("low@microkit_dbg_puts#3+2:pc=0x20", "low: fault: execute 0x20, "),
    ("high@notified#1:x30=0x4", "high: fault: execute 0x4, "),
], ids=str)
def test_fault_hits_the_one_named(devkit, fault, line):
    """And only that one; the others go on."""
    lines = instruments(devkit, "preempt", fault=fault)
    victim = fault.partition("@")[0]
    assert f"instruments: {victim}: fault injected" in "\n".join(lines)
    faults = [text for text in lines if ": fault: " in text]
    assert len(faults) == 1 and faults[0].startswith(line), lines
    assert lines[1] == "| high: init"
    assert ("| low: went on" in lines) == (victim == "high")


@pytest.mark.parametrize("register", ["x0", "x8", "x9", "x15", "x16", "x18", "x19", "x28", "x29", "x30", "sp"])
def test_register(devkit, register):
    """What the register holds then is what a debugger's eye would see: the parent's."""
    lines = instruments(devkit, "registers_seen", seconds=0.5, fault=f"child@look+1:{register}=0x123456789a")
    assert said(lines) == [f"parent: {register} 0x123456789a"]


def test_time_and_count(devkit):
    """The third time that the place is reached, five instructions later."""
    lines = instruments(devkit, "registers_seen", fault="child@loop#3+5:x0=0xabc0000000")
    assert said(lines) == ["parent: x0 0xabc0000005", "parent: x1 0x8"]


def test_fault_in_memory(devkit):
    """In the page that counts its lives: the child goes on from there, with its budget."""
    lines = instruments(devkit, "stop", fault="child@init:0x5000000=6")
    assert lines[2] == "| child: life 7"


def test_memory_that_is_not_there(devkit):
    lines = instruments(devkit, "preempt", fault="low@init:0x5000000=6")
    assert "instruments: low has no memory at 0x5000000" in lines
    assert said(lines) == BY_NAME["preempt"].expected("devkit")


def test_faulty_runs_are_the_same(devkit, tmp_path):
    runs = [(instruments(devkit, "turns", "--trace", tmp_path / name, "--last", "40000000",
                         fault="two@init+100:x0=1"), (tmp_path / name).read_text())
            for name in "ab"]
    assert runs[0] == runs[1] and "instruments: two: fault injected" in "\n".join(runs[0][0])


@pytest.mark.parametrize("fault, said_", [
    ("nobody@init:x0=1", "there is no protection domain 'nobody'"),
    ("low@nowhere:x0=1", "there is no symbol 'nowhere' in"),
    ("low@init:x31=1", "'x31' is no register, address or 'instruction'"),
    ("low@init:x0=z", "'z' is not a number"),
    ("low@init#z:x0=1", "'z' is not a number"),
    ("low@init", "PD@PLACE[#TIME][+COUNT]:WHAT=VALUE"),
])
def test_refused(devkit, fault, said_):
    out = build(devkit, BY_NAME["preempt"])
    done = devkit.microkit(BY_NAME["preempt"].description, "--search-path", out, "--inject", fault,
                           "-o", "no.img", cwd=out)
    assert done.returncode == 1 and f"microkit: --inject {fault}: {said_}" in done.stderr


def test_off_unless_asked_for(devkit):
    """Not a byte of it is in the kernel that systems run on."""
    for config in "debug", "release", "benchmark":
        elf = devkit.board(config) / "elf"
        assert b"instruments: " not in (elf / "sel4.elf").read_bytes()
        assert b"instruments: " in (elf / "instruments.elf").read_bytes()


@pytest.mark.parametrize("arguments, said_", [
    ([], "an image is missing, as 'microkit' makes it"),
    (["a.img", "b.img"], "there is one image; what is for the emulator comes after '--'"),
    (["a.img", "--seconds", "soon"], "--seconds: 'soon' is not a number above 0"),
    (["a.img", "--last", "-1", "--trace", "t"], "--last: '-1' is not a number above 0"),
    (["no.img", "--trace", "t"], "cannot read 'no.img': No such file or directory"),
])
def test_misused(devkit, tmp_path, arguments, said_):
    done = subprocess.run([devkit.path / "bin" / "instruments", *arguments], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.endswith(f"instruments: {said_}\n")
    assert not list(tmp_path.iterdir())
