# SPDX-License-Identifier: BSD-2-Clause
"""The quick proofs of verify/proofs: no goal is open, and mistakes leave some open; all: make verify."""
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("frama-c") is None,
                                reason="frama-c is not installed (make verify installs it)")


def prove(root, logs, unit):
    return subprocess.run(["sh", root / "verify/proofs/run.sh", root, logs, unit], capture_output=True, text=True,
                          timeout=600)


@pytest.mark.parametrize("unit", ["fetch.c", "link.c"])
def test_no_goal_is_open(tmp_path, unit):
    done = prove(ROOT, tmp_path, unit)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[0].startswith(f"{unit.removesuffix('.c'):12} eva ")
    assert done.stdout.splitlines()[0].endswith("  proved")


@pytest.mark.parametrize("unit, before, after", [
    ("fetch.c", "*end = from + count * size", "*end = from + (count + 1) * size"),
    ("link.c", "__builtin_expect(ready > capacity, 0)", "__builtin_expect(ready > capacity + 1U, 0)"),
])
def test_a_mistake_leaves_goals_open(tmp_path, unit, before, after):
    for folder in ("include", "core", "verify", "sim/include"):
        shutil.copytree(ROOT / folder, tmp_path / "tree" / folder)
    queue = tmp_path / "tree" / "include" / "quoll" / "queue.h"
    text = queue.read_text()
    assert text.count(before) == 1
    queue.write_text(text.replace(before, after))
    done = prove(tmp_path / "tree", tmp_path / "logs", unit)
    assert done.returncode == 1, done.stdout
    line = done.stdout.splitlines()[0]
    assert line.endswith("  OPEN")
    assert int(line.split()[2]) > 0  # the analysis came to its end
