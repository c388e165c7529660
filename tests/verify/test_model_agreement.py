# SPDX-License-Identifier: BSD-2-Clause
"""Steps taken out of the real queue and out of its model: the simulator tries all orders of the
real code, Spin those of verify/models/transfer.pml with the same memory, in which stores come late,
and both say the same of each step. Some steps only, if not VERIFY=1/1; make verify does VERIFY=1/2
and 2/2."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "sim"))
import simulator  # noqa: E402

HERE = Path(__file__).resolve().parent
MODELS = ROOT / "verify" / "models"
HEADERS = [ROOT / "include" / "quoll" / name for name in ("queue.h", "queue_entries.h")]
VERDICTS = {line.split()[1]: line.split()[2] for line in (MODELS / "verdicts").read_text().splitlines()
            if line.startswith("transfer ")}

FENCE = r"    queue_fence\(\);\n"
FRESH = r"    if \((?:q->)?\w+ == q->\w+\) {\n        return false;\n    }\n"
LOOK = r"queue_look_from\(q, peer, capacity, head\) == 0"
IMPOSSIBLE = r"    if \(__builtin_expect\(\w+ > [^\n]*\n[^\n]*\n    }\n"
RELAXED = ("memory_order_(release|acquire)", "memory_order_relaxed")
PUT = r"entries\[q->tail & \(q->capacity - 1U\)\] = \*entry;"
TAKE = r"queue_copy_in\(entry, &entries\[q->head & \(q->capacity - 1U\)\]\);"
STEPS = {  # of the model: the function that has it, what goes, what comes instead
    "nothing": ("queue_publish", "$", ""),
    "put_first_word": ("name##_put", PUT, "entries[q->tail & (q->capacity - 1U)].second = entry->second;"),
    "put_second_word": ("name##_put", PUT, "entries[q->tail & (q->capacity - 1U)].first = entry->first;"),
    "put_room": ("name##_put", "q->room -= 1U;", ""),
    "put_tail": ("name##_put", r"q->tail \+= 1U;", ""),
    "room_acquire": ("queue_look_for_room", *RELAXED),
    "room_broken": ("queue_look_for_room", IMPOSSIBLE, ""),
    "show_tail_published": ("queue_show_tail", "    q->published = tail;\n", ""),
    "show_tail_store": ("queue_show_tail", "    atomic_store[^;]*;\n", ""),
    "show_tail_release": ("queue_show_tail", *RELAXED),
    "entries_awaited": ("queue_entries_awaited_from", "return [^;]*;", "return false;"),
    "publish_if_fresh": ("queue_publish", FRESH, ""),
    "publish_fence": ("queue_publish", FENCE, ""),
    "wait_store": ("queue_wait_for_room", r"    queue_show_wait[^;]*;\n", ""),
    "wait_fence": ("queue_wait_for_room", FENCE, ""),
    "wait_look": ("queue_wait_for_room", r"queue_look_for_room\(q\) == 0", "q->room == 0"),
    "look_acquire": ("queue_look_from", *RELAXED),
    "look_broken": ("queue_look_from", IMPOSSIBLE, ""),
    "take_first_word": ("name##_peek", TAKE, "entry->second = entries[q->head & (q->capacity - 1U)].second;"),
    "take_second_word": ("name##_peek", TAKE, "entry->first = entries[q->head & (q->capacity - 1U)].first;"),
    "take_ready": ("name##_drop", "q->ready -= 1U;", ""),
    "take_head": ("name##_drop", r"q->head \+= 1U;", ""),
    "show_head_released": ("queue_show_head", "    q->released = head;\n", ""),
    "show_head_store": ("queue_show_head", "    atomic_store[^;]*;\n", ""),
    "show_head_release": ("queue_show_head", *RELAXED),
    "show_sleep_store": ("queue_show_sleep", "    queue_write[^;]*;\n", ""),
    "room_awaited": ("queue_room_awaited_from", "return [^;]*;", "return false;"),
    "release_if_fresh": ("queue_release", FRESH, ""),
    "release_show": ("queue_release", r"queue_show_head\(q\)", "0"),
    "release_fence": ("queue_release", FENCE, ""),
    "release_awaited": ("queue_release", r"queue_room_awaited_from\(peer, head, fresh\)", "(void)peer, (void)fresh, false"),
    "sleep_show": ("queue_sleep", r"    queue_show_sleep\(q\);\n", ""),
    "sleep_fence": ("queue_sleep", FENCE, ""),
    "sleep_look": ("queue_sleep", LOOK, "(void)peer, (void)capacity, q->ready == 0"),
    "both_show_head": ("queue_release_and_sleep", r"queue_show_head\(q\)", "0"),
    "both_show_sleep": ("queue_release_and_sleep", r"    queue_show_sleep\(q\);\n", ""),
    "both_fence": ("queue_release_and_sleep", FENCE, ""),
    "both_awaited": ("queue_release_and_sleep", r"queue_room_awaited_from\(peer, head, fresh\)", "false"),
    "both_look": ("queue_release_and_sleep", LOOK, "(void)capacity, q->ready == 0"),
}
# What they order are other operations than a store and a load after it: only the whole model sees them.
OTHER_ORDERS = {"room_acquire", "show_tail_release", "look_acquire", "show_head_release"}
SHORT = ["nothing", "publish_fence", "wait_fence", "both_look", "show_head_released", "release_if_fresh"]
# Entries, of a batch, and whether the consumer gives back and goes to sleep in one: all ends, all batches.
RUNS = [(6, batch, together) for batch in (6, 2, 1) for together in (False, True)]
RUNS += [(entries, 6, together) for entries in range(1, 6) for together in (False, True)]


def without(step):
    """The header that has the step, and its text without that."""
    function, before, after = STEPS[step]
    definition = re.compile(rf"static inline \w+ {function}\(\s*(const )?struct")
    (header, text), = [(h, h.read_text()) for h in HEADERS if definition.search(h.read_text())]
    start = definition.search(text).start()
    end = re.compile(r"\n}\n|\n    }   ").search(text, start).start() + 1
    body, count = re.subn(before, after, text[start:end], count=1)
    assert count == 1, f"{function} has no {before}"
    return header, text[:start] + body + text[end:]


def simulated(folder, step):
    """What the simulator says of the real code without a step."""
    header, text = without(step)
    copies = folder / "include" / "quoll"
    copies.mkdir(parents=True)
    (copies / header.name).write_text(text)
    system = (ROOT / "tests" / "sim" / "toy.system").read_text()
    for number, (entries, batch, together) in enumerate(RUNS):
        run = folder / str(number)
        run.mkdir()
        for side in ("producer", "consumer"):
            simulator.compile_checked([HERE / "agreement" / f"{side}.c"], run / f"{side}.elf", "-I", folder / "include",
                                      "-Wno-unused", f"-DCOUNT={entries}U", f"-DBATCH={batch}U",
                                      *(["-DTOGETHER"] if together else []))
        (run / "system.system").write_text(system.replace("PRODUCER", "producer").replace("CONSUMER", "consumer"))
        done = simulator.run(run, "--schedule", "exhaustive", "--memory", "weak", "--jobs", 1, timeout=300)
        if done.status == 1:
            return "fails"
        assert done.lines[-1] == "all states seen: no failure", done.text[-2000:]
    return "holds"


def searched(folder, step):
    """What Spin says of the model without it, if only stores come late."""
    folder.mkdir()
    done = subprocess.run(["sh", MODELS / "run.sh", folder, "6", "transfer", step, "any"], capture_output=True, text=True,
                          timeout=600, env={**os.environ, "MEMORY": "STORE_LOAD"})
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[2]


def test_every_step_of_the_model_is_tried():
    assert STEPS.keys() == VERDICTS.keys()
    assert len({without(step) for step in STEPS}) == len(STEPS)


def chosen():
    if "VERIFY" not in os.environ:
        return SHORT
    part, parts = map(int, os.environ["VERIFY"].split("/"))
    return list(STEPS)[part - 1::parts]


@pytest.mark.parametrize("step", chosen())
def test_the_simulator_agrees(tmp_path, step):
    found = simulated(tmp_path / "simulator", step)
    assert found == ("holds" if step in OTHER_ORDERS else VERDICTS[step])
    if subprocess.run(["sh", "-c", "command -v spin"], capture_output=True).returncode == 0:
        assert searched(tmp_path / "spin", step) == found
