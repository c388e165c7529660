# SPDX-License-Identifier: BSD-2-Clause
"""The models of verify/models: every step's verdict, and that they follow the code."""
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "verify" / "models"
needs_spin = pytest.mark.skipif(shutil.which("spin") is None, reason="spin is not installed (make verify installs it)")


def orders(root):
    return subprocess.run(["sh", MODELS / "orders.sh", root], capture_output=True, text=True)


def test_the_codes_orders_are_the_models():
    done = orders(ROOT)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path, before, after", [
    ("include/quoll/queue.h", "    atomic_thread_fence(memory_order_seq_cst);\n    return queue_look(q) == 0;",
     "    return queue_look(q) == 0;"),
    ("core/link.c", "stored(my_life()), memory_order_release", "stored(my_life()), memory_order_relaxed"),
])
def test_another_order_is_noticed(tmp_path, path, before, after):
    for name in ("include/quoll/queue.h", "include/quoll/link.h", "core/link.c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    text = (tmp_path / path).read_text()
    assert text.count(before) == 1
    (tmp_path / path).write_text(text.replace(before, after))
    done = orders(tmp_path)
    assert done.returncode == 1
    assert "are not those of verify/models" in done.stderr


@needs_spin
def test_each_step_is_needed_but_those_with_a_reason(tmp_path):
    done = subprocess.run(["sh", MODELS / "run.sh", tmp_path, "5"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[-1].startswith(f"{sum(not line.startswith('#') for line in (MODELS / 'verdicts').open())} searches, ")
