# SPDX-License-Identifier: BSD-2-Clause
"""The comparison that ends `make bench`: a count that grew is found, and only that."""
import json
import subprocess

import pytest

from sdks import BUILD

BENCH = BUILD / "bench" / "bench"
PARTS = {"total": 1000.0, "kernel": 400.0, "driver": 100.0, "tiny": 5.0}
RESTS = {"system calls": 7.0, "waits": 1.0}  # after each packet
BATCHES = {"system calls": 0.35, "waits": 0.05}


def case(*runs, events=RESTS):
    """A case by its runs: what changed in each, and what happened in it."""
    runs = [{"parts": {**PARTS, **changed}, "events": events} for changed in runs or ({},)]
    return {"median": runs[0]["parts"], "events": events, "runs": runs}


def figures(*runs, events=RESTS):
    """A baseline's or a run's contents: one kind, two sets."""
    return {"devkit": {"net": {"64 B, 1": case(*runs, events=events)},
                       "queue": {"16 B, batch 1": case(events={})}}}


def regression(part, now, was, percent, found=1):
    return found, (f"regression: devkit, net: 64 B, 1, {part}: {now}, was {was} ({percent} %)\n"
                   f"devkit: 1 cases compared with the baseline; {found} regressions over 3 %\n")


def compare(folder, results, baseline, *sets):
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "baseline.json").write_text(json.dumps(baseline))
    done = subprocess.run([BENCH, "compare", folder / "results.json", folder / "baseline.json",
                           "devkit", *sets], capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_same_figures(tmp_path):
    assert compare(tmp_path, figures(), figures(), "net", "queue") == (
        0, "devkit: 2 cases compared with the baseline; 0 regressions over 3 %\n")


def test_a_planted_regression(tmp_path):
    assert compare(tmp_path, figures({"kernel": 413.0}), figures(), "net") == regression(
        "kernel", "413.00", "400.00", "+3.2")


@pytest.mark.parametrize("changed", [{"kernel": 411.0}, {"kernel": 200.0}, {"tiny": 10.0}],
                         ids=["within 3 %", "better", "under 1 % of the total"])
def test_what_is_no_regression(tmp_path, changed):
    assert compare(tmp_path, figures(changed), figures(), "net")[0] == 0


def test_the_least_of_the_runs_counts(tmp_path):
    """Batches depend on the host: a regression is one that no run is without."""
    one_without = figures({"total": 1100.0}, {"total": 1029.0})
    assert compare(tmp_path, one_without, figures(), "net")[0] == 0
    none_without = figures({"total": 1100.0}, {"total": 1031.0})
    assert compare(tmp_path, none_without, figures(), "net") == regression(
        "total", "1031.00", "1000.00", "+3.1")


def test_a_part_grows_with_the_batches_that_the_host_made(tmp_path):
    more = {"system calls": 0.42, "waits": 0.06}  # 1.2 times as many
    before = figures(events=BATCHES)
    assert compare(tmp_path, figures({"kernel": 480.0}, events=more), before, "net")[0] == 0
    assert compare(tmp_path, figures({"kernel": 504.0}, events=more), before, "net") == regression(
        "kernel", "420.00", "400.00", "+5.0")


def test_fewer_batches_excuse_nothing_and_ask_for_nothing(tmp_path):
    fewer = {"system calls": 0.175, "waits": 0.025}
    before = figures(events=BATCHES)
    assert compare(tmp_path, figures(events=fewer), before, "net")[0] == 0
    assert compare(tmp_path, figures({"kernel": 413.0}, events=fewer), before, "net")[0] == 1


def test_each_run_is_judged_by_its_own_batches(tmp_path):
    results, before = figures({"kernel": 480.0}, {"kernel": 440.0}, events=BATCHES), figures(events=BATCHES)
    runs = results["devkit"]["net"]["64 B, 1"]["runs"]
    assert compare(tmp_path, results, before, "net")[0] == 1
    runs[1]["events"] = {"system calls": 0.42, "waits": 0.06}
    assert compare(tmp_path, results, before, "net")[0] == 0
    runs[1]["parts"]["kernel"] = 600.0
    assert compare(tmp_path, results, before, "net")[0] == 1


def test_a_system_that_rests_each_time_makes_its_calls_itself(tmp_path):
    more = {"system calls": 8.0, "waits": 1.0}
    assert compare(tmp_path, figures({"kernel": 450.0}, events=more), figures(), "net") == regression(
        "kernel", "450.00", "400.00", "+12.5")


def test_batches_that_fall_apart_are_a_regression(tmp_path):
    """The host may make some of it, but not more than twice as many."""
    apart = {"system calls": 0.80, "waits": 0.04}
    assert compare(tmp_path, figures(events=apart), figures(events=BATCHES), "net") == regression(
        "system calls", "0.80", "0.35", "+128.6")


def test_only_the_sets_that_were_measured(tmp_path):
    assert compare(tmp_path, figures({"kernel": 413.0}), figures(), "queue") == (
        0, "devkit: 1 cases compared with the baseline; 0 regressions over 3 %\n")


def test_a_case_that_was_not_measured(tmp_path):
    results = figures()
    del results["devkit"]["net"]["64 B, 1"]
    assert compare(tmp_path, results, figures(), "net") == (
        1, "regression: devkit, net: 64 B, 1 was not measured\n"
           "devkit: 1 cases compared with the baseline; 1 regressions over 3 %\n")


def test_what_was_not_counted_is_not_compared(tmp_path):
    baseline = figures()
    baseline["devkit"]["net"]["time"] = {"noted": {"seconds": 1.0}}
    assert compare(tmp_path, figures(), baseline, "net")[0] == 0


def keep(folder, results, baseline, *sets):
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "baseline.json").write_text(json.dumps(baseline))
    subprocess.run([BENCH, "keep", folder / "results.json", folder / "baseline.json", "devkit",
                    *sets], check=True)
    return json.loads((folder / "baseline.json").read_text())


def kept(results):
    """Without the single runs, which nobody compares with."""
    return {kind: {name: {one: {k: v for k, v in figures.items() if k != "runs"}
                          for one, figures in cases.items()}
                   for name, cases in sets.items()}
            for kind, sets in results.items()}


def test_keeping_a_new_baseline_leaves_other_kinds_alone(tmp_path):
    results = figures({"kernel": 413.0}, {"kernel": 420.0})
    before = {"2.0.1": {"net": {}}}
    assert keep(tmp_path, results, before, "net", "queue", "linux") == {**before, **kept(results)}


def test_keeping_a_set_leaves_other_sets_alone(tmp_path):
    results, before = figures({"kernel": 413.0}), kept(figures())
    assert keep(tmp_path, results, before, "queue") == before
    assert keep(tmp_path, results, before, "net") == kept(results)
