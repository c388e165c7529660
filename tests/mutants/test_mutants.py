# SPDX-License-Identifier: BSD-2-Clause
"""The script that makes mutants, on a few of them and their unit tests; all of them with all
floors are `make mutants`."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def mutants(*options):
    return subprocess.run([sys.executable, HERE / "mutants.py", "--build", ROOT / "build", *options], text=True,
                          capture_output=True, timeout=600, env={**os.environ, "MAKEFLAGS": ""})


@pytest.fixture(scope="module")
def listed():
    done = mutants("--list")
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    assert last == f"{len(lines)} mutants"
    return [line.split("  ->  ")[0] for line in lines]


def test_there_are_enough_of_each_kind(listed):
    sys.path.insert(0, str(HERE))
    import operators
    made = {name.split(" | ")[0] for name in listed}
    assert len(listed) >= 100
    assert made == {name for name, *_ in operators.OPERATORS}
    assert len(set(listed)) == len(listed)


def test_comments_are_left_alone():
    sys.path.insert(0, str(HERE))
    import mutants
    lines = ["int a;", "/* one */", "    /*@ loop assigns b;", "        loop variant b; */", "    b += 1; /* two", "     * three", "     */", "c();", "// four"]
    assert list(mutants.comments(lines)) == [1, 2, 3, 5, 6, 8]


def test_some_are_made_and_noticed(tmp_path):
    done = mutants("--trees", tmp_path, "--floors", "unit", "--only", "| serial/driver.c |", "--jobs", "1", "--sample", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.strip().splitlines()[-1]
    assert re.fullmatch(r"(\d+) mutants in \d+ s: \1 valid, \1 of them noticed, 0 equivalent, 0 unexplained", last), done.stdout
