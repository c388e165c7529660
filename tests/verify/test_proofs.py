# SPDX-License-Identifier: BSD-2-Clause
"""The quick proofs of verify/proofs: no goal is open, and mistakes leave some open; all: make verify."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("frama-c") is None,
                                reason="frama-c is not installed (make verify installs it)")


def prove(root, logs, unit, seconds=60):
    return subprocess.run(["sh", root / "verify/proofs/run.sh", root, logs, unit], capture_output=True, text=True,
                          timeout=600, env={**os.environ, "TIMEOUT": str(seconds)})


@pytest.mark.parametrize("unit, tool", [("fetch.c", "eva"), ("link.c", "eva"), ("let_out.c", "eva"), ("pool.c", "wp"),
                                        ("frames.c", "wp")])
def test_no_goal_is_open(tmp_path, unit, tool):
    done = prove(ROOT, tmp_path, unit)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[0].startswith(f"{unit.removesuffix('.c'):12} {tool:4} ")
    assert done.stdout.splitlines()[0].endswith("  proved")


@pytest.mark.parametrize("unit, path, before, after", [
    ("fetch.c", "include/quoll/queue_entries.h", "*end = from + count * size", "*end = from + (count + 1) * size"),
    ("link.c", "include/quoll/queue.h", "__builtin_expect(ready > capacity, 0)",
     "__builtin_expect(ready > capacity + 1U, 0)"),
    ("let_out.c", "net/tx_head.h", "length <= client->size - offset", "length <= client->size"),
    ("frames.c", "net/frames.h", "frame->offset <= size && ", ""),
])
def test_a_mistake_leaves_goals_open(tmp_path, unit, path, before, after):
    for folder in ("include", "core", "net", "verify", "sim/include"):
        shutil.copytree(ROOT / folder, tmp_path / "tree" / folder)
    source = tmp_path / "tree" / path
    text = source.read_text()
    assert text.count(before) == 1
    source.write_text(text.replace(before, after))
    done = prove(tmp_path / "tree", tmp_path / "logs", unit, 5)
    assert done.returncode == 1, done.stdout
    line = done.stdout.splitlines()[0]
    assert line.endswith("  OPEN")
    assert int(line.split()[2]) > 0  # the analysis came to its end
