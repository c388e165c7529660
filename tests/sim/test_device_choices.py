# SPDX-License-Identifier: BSD-2-Clause
"""An exhaustive search takes devices' ways too: when they act, and what they choose then."""
import shutil
import subprocess

import simulator


def compose(folder, program):
    """tests/sim/alarm.yaml with this program: timer driver, virtualiser, supervisor, all as shipped."""
    (folder / "programs").mkdir()
    shutil.copy(simulator.SIM / "checked" / "test-programs" / f"{program}.elf", folder / "programs" / "alarm.elf")
    build = simulator.ROOT / "build"
    subprocess.run([build / "tool" / "quoll", "build", simulator.ROOT / "tests" / "sim" / "alarm.yaml", "--dtb",
                    build / "boards" / "qemu_virt_aarch64.dtb", "--sdk", "host", "--config", "debug", "--programs",
                    folder / "programs", "--programs", simulator.SIM / "checked" / "programs", "-o", folder / "system"],
                   check=True, cwd=simulator.ROOT)
    return folder / "system"


def test_all_ways_of_the_timer_within_two_odd_choices(tmp_path):
    done = simulator.run(compose(tmp_path, "alarm"), "--schedule", "exhaustive", "--odd", 2)
    assert (done.status, done.lines[-1]) == (0, "all states within --odd seen: no failure")
    assert int(done.lines[0].split()[0]) > 2000


def test_who_relies_on_a_timer_in_time_is_found(tmp_path):
    system = compose(tmp_path, "hurried_alarm")
    assert simulator.run(system, "--until", 1).status == 0
    assert simulator.run(system, "--schedule", "exhaustive", "--odd", 0).status == 0
    done = simulator.run(system, "--schedule", "exhaustive", "--odd", 1)
    assert (done.status, done.failure) == (1, "FAILED: alarm gave up, at tests/sim/pd_alarm.c:37 in pd_wake")
    choices = [step for step in done.steps if step.startswith("(choice ")]
    assert len(choices) == 1 and choices[0].endswith("clock, interrupts late)")


def test_each_process_of_a_search_has_devices_of_its_own():
    done = simulator.run(simulator.SIM / "checked" / "systems" / "block", "--schedule", "exhaustive", "--odd", 1,
                         "--jobs", 2, "--device", "disk=faults=lost+spurious+late")
    assert (done.status, done.lines[-1]) == (0, "all states within --odd seen: no failure")
