# SPDX-License-Identifier: BSD-2-Clause
"""Planted mistakes are found by random and by all schedules and made short; right protocols pass."""
import re

import pytest

import simulator

TOY = (simulator.ROOT / "tests" / "sim" / "toy.system").read_text()
ASLEEP = "consumer: all are asleep for ever, and it is not at rest"


def toy(folder, producer, consumer):
    return simulator.raw(folder, TOY, PRODUCER=producer, CONSUMER=consumer)


@pytest.mark.parametrize("memory", ["ordered", "weak"])
@pytest.mark.parametrize("producer, consumer", [("toy_producer", "toy_consumer"),
                                                ("numbers_producer", "numbers_consumer"),
                                                ("numbers4_producer", "numbers4_consumer")])
def test_right_protocols_pass(tmp_path, producer, consumer, memory):
    system = toy(tmp_path, producer, consumer)
    every = simulator.run(system, "--schedule", "exhaustive", "--memory", memory)
    assert (every.status, every.lines[-1]) == (0, "all states seen: no failure")
    some = simulator.run(system, "--schedule", "random", "--memory", memory, "--runs", 2000, "--preempt", 4)
    assert some.status == 0
    assert some.lines[-1].startswith("2000 runs, seeds 1 to 2000: no failure; ")


def test_all_states_are_seen_however_many_search(tmp_path):
    system = toy(tmp_path, "numbers4_producer", "numbers4_consumer")
    counts = {simulator.run(system, "--schedule", "exhaustive", "--jobs", jobs).lines[0].split(" ends")[0]
              for jobs in (1, 2, 3)}
    assert len(counts) == 1


def test_the_rate_of_the_search(tmp_path):
    """Per second that a processor works for it, since there may be others at work (make sim-rate)."""
    done = simulator.run(toy(tmp_path, "numbers_long_producer", "numbers_long_consumer"), "--schedule", "exhaustive")
    assert done.lines[2] == "all states seen: no failure"
    assert int(re.match(r"[\d.]+ s of processors, (\d+) states/s of each", done.lines[1])[1]) > 250000


@pytest.mark.parametrize("producer, consumer, memory", [("toy_producer", "lossy_consumer", "ordered"),
                                                        ("unfenced_producer", "unfenced_consumer", "weak")])
def test_lost_wake_up_is_found_and_made_short(tmp_path, producer, consumer, memory):
    system = toy(tmp_path / "system", producer, consumer)
    assert simulator.run(system).status == 0  # the ordinary order does not show it
    for search in (["exhaustive"], ["random", "--preempt", 4, "--runs", 10000, "--keep", tmp_path / "kept"]):
        done = simulator.run(system, "--memory", memory, "--schedule", *search)
        assert (done.status, done.failure) == (1, f"FAILED: {ASLEEP}")
        needed = int(re.search(r"(\d+) of them needed", done.text)[1])
        assert needed <= 4
        assert done.steps[-1] == f"FAILURE: {ASLEEP}"
        assert sum(step.startswith("(choice ") for step in done.steps) == needed
    trace, = (tmp_path / "kept").iterdir()
    again = simulator.run(system, "--schedule", "replay", "--trace", trace)
    assert (again.status, again.lines[-1]) == (1, f"FAILED: {ASLEEP}")


def test_without_late_stores_the_missing_fence_does_no_harm(tmp_path):
    system = toy(tmp_path, "unfenced_producer", "unfenced_consumer")
    assert simulator.run(system, "--schedule", "exhaustive").status == 0


def test_a_seed_is_a_schedule(tmp_path):
    system = toy(tmp_path, "toy_producer", "lossy_consumer")
    runs = [simulator.run(system, "--schedule", "random", "--preempt", 4, "--runs", 1, "--seed", seed, "--verbose").text
            for seed in (7, 7, 9)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("memory", ["ordered", "weak"])
def test_a_link_survives_a_new_life_at_any_time(tmp_path, memory):
    system = simulator.raw(tmp_path, (simulator.ROOT / "tests" / "sim" / "lives.system").read_text(),
                           lives_keeper="lives_keeper", lives_left="lives_left", lives_right="lives_right")
    done = simulator.run(system, "--schedule", "exhaustive", "--memory", memory)
    assert (done.status, done.lines[-1]) == (0, "all states seen: no failure")
    assert int(done.lines[0].split()[0]) > 20000
