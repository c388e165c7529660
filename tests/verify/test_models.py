# SPDX-License-Identifier: BSD-2-Clause
"""The models of verify/models follow the code, and some of their verdicts; all: make verify."""
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "verify" / "models"
needs_spin = pytest.mark.skipif(shutil.which("spin") is None, reason="spin is not installed (make verify installs it)")


def orders(root):
    return subprocess.run(["sh", MODELS / "orders.sh", root], capture_output=True, text=True, timeout=120)


def test_the_codes_orders_are_the_models():
    done = orders(ROOT)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path, before, after", [
    ("include/quoll/queue.h", "    queue_show_sleep(q);\n    queue_fence();\n    return", "    queue_show_sleep(q);\n    return"),
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
@pytest.mark.parametrize("model, step, verdict", [
    ("transfer", "nothing", "holds"),
    ("transfer", "both_fence", "fails"),
    ("transfer", "show_tail_release", "fails"),
    ("lives", "set_up_fence", "fails"),
])
def test_what_happens_without_a_step(tmp_path, model, step, verdict):
    done = subprocess.run(["sh", MODELS / "run.sh", tmp_path, "5", model, step, verdict], capture_output=True,
                          text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[:3] == [model, step, verdict]
