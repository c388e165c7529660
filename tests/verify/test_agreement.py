# SPDX-License-Identifier: BSD-2-Clause
"""Steps taken out of the real queue: the simulator, which tries all orders of real code with
stores that come late, agrees with verify/models/verdicts."""
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "sim"))
import simulator  # noqa: E402

QUEUE = (ROOT / "include" / "quoll" / "queue.h").read_text()
FENCE = "    atomic_thread_fence(memory_order_seq_cst);\n"
STEPS = {  # of the model: the function that has it, the text that goes, what comes instead
    "nothing": ("queue_publish", "", ""),
    "publish_store": ("queue_publish", "    atomic_store_explicit(&q->mine->tail, tail, memory_order_release);\n", ""),
    "publish_fence": ("queue_publish", FENCE, ""),
    "wait_store": ("queue_wait_for_room",
                   "    atomic_store_explicit(&q->mine->room_at, q->tail - q->capacity, memory_order_relaxed);\n", ""),
    "wait_fence": ("queue_wait_for_room", FENCE, ""),
    "wait_look": ("queue_wait_for_room", "return queue_look_for_room(q) == 0;", "return q->room == 0;"),
    "release_fence": ("queue_release", FENCE, ""),
    "release_store": ("queue_release", "    atomic_store_explicit(&q->mine->head, head, memory_order_release);\n", ""),
    "sleep_store": ("queue_sleep", "    atomic_store_explicit(&q->mine->wake_at, q->head, memory_order_relaxed);\n", ""),
    "sleep_fence": ("queue_sleep", FENCE, ""),
    "sleep_look": ("queue_sleep", "return queue_look(q) == 0;", "return q->ready == 0;"),
}


def without(step):
    function, before, after = STEPS[step]
    start = QUEUE.index(f" {function}(struct")
    end = QUEUE.index("\n}\n", start)
    body = QUEUE[start:end]
    assert before in body
    return QUEUE[:start] + body.replace(before, after, 1) + QUEUE[end:]


def verdict(step):
    lines = (ROOT / "verify" / "models" / "verdicts").read_text().splitlines()
    return next(line.split()[2] for line in lines if line.split()[:2] == ["transfer", step])


@pytest.mark.parametrize("step", STEPS)
def test_the_simulator_agrees(tmp_path, step):
    header = tmp_path / "include" / "quoll" / "queue.h"
    header.parent.mkdir(parents=True)
    header.write_text(without(step))
    folder = tmp_path / "system"
    folder.mkdir()
    for side in ("producer", "consumer"):
        simulator.compile_checked([ROOT / "tests" / "sim" / f"pd_numbers4_{side}.c"], folder / f"{side}.elf", "-I",
                                  tmp_path / "include")
    system = (ROOT / "tests" / "sim" / "toy.system").read_text()
    (folder / "system.system").write_text(system.replace("PRODUCER", "producer").replace("CONSUMER", "consumer"))
    done = simulator.run(folder, "--schedule", "exhaustive", "--memory", "weak", timeout=300)
    found = {0: "holds", 1: "fails"}[done.status]
    assert found == verdict(step), done.text[-2000:]
