# SPDX-License-Identifier: BSD-2-Clause
"""The comparison that ends `make bench`: a count that grew is found, and only that."""
import json
import subprocess

import pytest

from sdks import BUILD

BENCH = BUILD / "bench" / "bench"
CASE = {"median": {"total": 1000.0, "kernel": 400.0, "driver": 100.0, "tiny": 5.0},
        "least": {"total": 990.0, "kernel": 400.0, "driver": 100.0, "tiny": 5.0}}


def figures(**changed):
    """A baseline's or a run's contents: one kind, two sets."""
    case = {group: {**parts, **changed} for group, parts in CASE.items()}
    return {"devkit": {"net": {"64 B, 1": case}, "queue": {"16 B, batch 1": CASE}}}


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
    assert compare(tmp_path, figures(kernel=413.0), figures(), "net", "queue") == (
        1, "regression: devkit, net: 64 B, 1, kernel: 413.00, was 400.00 (+3.2 %)\n"
           "devkit: 2 cases compared with the baseline; 1 regressions over 3 %\n")


@pytest.mark.parametrize("changed", [{"kernel": 411.0}, {"kernel": 200.0}, {"tiny": 10.0}],
                         ids=["within 3 %", "better", "under 1 % of the total"])
def test_what_is_no_regression(tmp_path, changed):
    assert compare(tmp_path, figures(**changed), figures(), "net")[0] == 0


def test_the_least_of_the_runs_counts(tmp_path):
    """Batches depend on the host: a regression is one that no run is without."""
    results = figures()
    results["devkit"]["net"]["64 B, 1"]["median"]["total"] = 1100.0
    assert compare(tmp_path, results, figures(), "net")[0] == 0
    results["devkit"]["net"]["64 B, 1"]["least"]["total"] = 1031.0
    assert compare(tmp_path, results, figures(), "net")[0] == 1


def test_only_the_sets_that_were_measured(tmp_path):
    assert compare(tmp_path, figures(kernel=413.0), figures(), "queue") == (
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


def test_keeping_a_new_baseline_leaves_other_kinds_alone(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(figures(kernel=413.0)))
    (tmp_path / "baseline.json").write_text(json.dumps({"2.0.1": {"net": {}}}))
    subprocess.run([BENCH, "keep", tmp_path / "results.json", tmp_path / "baseline.json", "devkit"],
                   check=True)
    kept = json.loads((tmp_path / "baseline.json").read_text())
    assert kept == {"2.0.1": {"net": {}}, **figures(kernel=413.0)}
