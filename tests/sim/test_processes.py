# SPDX-License-Identifier: BSD-2-Clause
"""With --processes each protection domain runs in a process of its own: the same runs, step by
step, and nothing that a program does reaches further than its own process."""
import pytest

import simulator
from test_schedules import ASLEEP, TOY
from test_views import PROGRAM, SYSTEM

SYSTEMS = simulator.SIM / "checked" / "systems"


def both(*arguments, **keywords):
    return simulator.run(*arguments, **keywords), simulator.run(*arguments, "--processes", **keywords)


@pytest.mark.parametrize("options", [["--until", 0.002, "--verbose"], ["--until", 0.3]])
def test_the_same_run(options):
    one, many = both(SYSTEMS / "timer", *options)
    assert one.status == many.status == 0
    assert one.text == many.text and "ticker" in one.text


@pytest.mark.parametrize("memory", ["ordered", "weak"])
def test_the_same_random_schedules(tmp_path, memory):
    system = simulator.raw(tmp_path, TOY, PRODUCER="unfenced_producer", CONSUMER="unfenced_consumer")
    one, many = both(system, "--schedule", "random", "--memory", memory, "--preempt", 2, "--runs", 40)
    assert one.text == many.text
    assert one.status == many.status == (1 if memory == "weak" else 0)


def test_a_schedule_of_one_mode_is_one_of_the_other(tmp_path):
    system = simulator.raw(tmp_path / "system", TOY, PRODUCER="toy_producer", CONSUMER="lossy_consumer")
    for first, second in ([], ["--processes"]), (["--processes"], []):
        kept = tmp_path / f"kept{len(first)}"
        assert simulator.run(system, "--schedule", "random", "--preempt", 4, "--keep", kept, *first).status == 1
        trace, = kept.iterdir()
        again = simulator.run(system, "--schedule", "replay", "--trace", trace, *second)
        assert (again.status, again.failure) == (1, f"FAILED: {ASLEEP}")


def test_the_same_faults_and_restarts():
    one, many = both(SYSTEMS / "faults", "--until", 1)
    assert one.text == many.text
    assert "faulty: life 3, clean" in many.lines
    assert "sim: faulty wrote 0x12345678, where it has nothing, at tests/system/faults/pd_faulty.c:26 in misbehave" \
        in many.lines


def run_bad(folder, code, plain=True):
    """`code` in a program that shows nothing of what it does (as kind fast), or all (as checked)."""
    (folder / "bad.c").write_text(PROGRAM % code)
    (folder / "good.c").write_text(PROGRAM % "*(volatile int *)0x20030000 = 7;")
    for name in "bad", "good":
        if plain:
            simulator.compile_plain([folder / f"{name}.c"], folder / f"{name}.elf")
        else:
            simulator.compile_checked([folder / f"{name}.c"], folder / f"{name}.elf", "-Wno-array-bounds")
    (folder / "system.system").write_text(SYSTEM)
    return both(folder, "--until", 1)


@pytest.mark.parametrize("code, told", [
    ("*(volatile int *)0x20010008 = 1;", "bad wrote 'shown' + 0x8, which it may only read"),
    ("(void)*(volatile int *)0x20030004;", "bad read 'shown' + 0x4, which is good's view"),
    ("(void)*(volatile int *)0x20020018;", "bad read 'uart' + 0x18, not by mmio.h"),
    ("__builtin_trap();", "bad gave up"),
])
@pytest.mark.parametrize("plain", [False, True])
def test_wrong_access(tmp_path, code, told, plain):
    one, many = run_bad(tmp_path, code, plain)
    assert (many.status, many.failure) == (1, f"FAILED: {told}, at {tmp_path}/bad.c:5 in init")
    if not plain and "good's" in told:
        assert one.failure == many.failure


def test_what_only_processes_find(tmp_path):
    """Another's view is memory like any other in one process, if the program is not checked."""
    one, many = run_bad(tmp_path, "(void)*(volatile int *)0x20030004;")
    assert (one.status, many.status) == (0, 1)


@pytest.mark.parametrize("code, told", [
    # getpid()
    ('long n = 39; __asm__ volatile("syscall" : "+a"(n) : : "rcx", "r11", "memory");',
     "bad: its process has ended, by signal 9"),
    # write(0, ...), which is its socket: a message of nonsense, and a short one
    ('static const unsigned words[64] = {99}; long n = 1; __asm__ volatile("syscall" : "+a"(n) : "D"(0), "S"(words), '
     '"d"(120) : "rcx", "r11", "memory");', "bad: asks for what there is not: 99"),
    ('long n = 1; __asm__ volatile("syscall" : "+a"(n) : "D"(0), "S"("x"), "d"(1) : "rcx", "r11", "memory");',
     "bad: its process has ended, by signal 9"),
])
def test_a_program_that_goes_round_the_simulator(tmp_path, code, told):
    _, many = run_bad(tmp_path, code)
    assert (many.status, many.failure) == (1, f"FAILED: {told}")


def test_not_for_the_exhaustive_search():
    done = simulator.run(SYSTEMS / "timer", "--processes", "--schedule", "exhaustive")
    assert done.status == 1 and "--processes is not for the schedule 'exhaustive'" in done.text
