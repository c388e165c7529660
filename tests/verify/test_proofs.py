# SPDX-License-Identifier: BSD-2-Clause
"""The proofs of verify/proofs: no goal is open, and mistakes leave some open."""
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MISSING = [tool for tool in ("frama-c", "why3", "z3", "cvc4") if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"{', '.join(MISSING)} not installed (make verify installs them)")


def prove(root, logs, *units):
    return subprocess.run(["sh", root / "verify/proofs/run.sh", root, logs, *units], capture_output=True, text=True)


def test_no_goal_is_open(tmp_path):
    done = prove(ROOT, tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    units = [line.split() for line in done.stdout.splitlines() if line.endswith("  proved")]
    assert sorted(unit[0] for unit in units) == ["fetch", "gpt", "gpt_reading", "ledger", "link", "queue", "ranges"]


@pytest.mark.parametrize("unit, path, before, after", [
    ("ledger.c", "block/ledger.h", "return id < LEDGER_SLOTS && ", "return "),
    ("ranges.c", "block/virt_client.c", "r->data <= size && length <= size - r->data", "r->data + length <= size"),
    ("fetch.c", "include/quoll/queue.h", "*end = from + count * size", "*end = from + (count + 1) * size"),
])
def test_a_mistake_leaves_goals_open(tmp_path, unit, path, before, after):
    for folder in ("include", "block", "core", "verify", "sim/include"):
        shutil.copytree(ROOT / folder, tmp_path / "tree" / folder)
    mistaken = tmp_path / "tree" / path
    text = mistaken.read_text()
    assert text.count(before) == 1
    mistaken.write_text(text.replace(before, after))
    done = prove(tmp_path / "tree", tmp_path / "logs", unit)
    assert done.returncode == 1, done.stdout
    assert f"{unit.removesuffix('.c'):12} " in done.stdout and "OPEN" in done.stdout
