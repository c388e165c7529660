# SPDX-License-Identifier: BSD-2-Clause
"""Each driver under its class's tests (tests/driver/CLASS.c), with the simulated device
(`checked`: acting between any two accesses of the driver to memory) and with QEMU's model. Built by `make driver-tests`."""
import functools
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TESTS = Path(__file__).resolve().parent
BUILD = ROOT / "build"


def names(class_name):
    """Those for all machines, and those for the simulated device alone."""
    sources = [TESTS / f"{class_name}.c", *TESTS.glob(f"{class_name}_*.c")]
    lists = re.findall(r"CMUnitTest (\w+)\[\w*\] = {(.*?)};", "".join(s.read_text() for s in sources), re.S)
    found = {name: re.findall(r"DRIVER_TEST\((\w+)\)", body) for name, body in lists}
    common, (simulated,) = found.pop("tests"), found.values()
    return common, simulated


def cases():
    for driver in sorted(ROOT.glob("*/drivers/*.c")):
        class_name = driver.parent.parent.name
        if not (TESTS / f"{class_name}.c").exists():
            continue
        common, simulated = names(class_name)
        for name in common + simulated:
            yield pytest.param(driver, "simulated", name, id=f"{driver.stem}-simulated-{name}")
            yield pytest.param(driver, "checked", name, id=f"{driver.stem}-checked-{name}")
        for name in common:
            yield pytest.param(driver, "qemu", name, id=f"{driver.stem}-qemu-{name}")


@functools.cache
def run(driver, machine):
    program = BUILD / "driver" / f"driver-{driver.parent.parent.name}"
    kind = "checked" if machine == "checked" else "asan"
    elf = BUILD / "sim" / kind / "programs" / f"{driver.stem}.elf"
    environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    done = subprocess.run([program, elf, "qemu" if machine == "qemu" else "simulated"], capture_output=True, text=True, timeout=300,
                          env=environment, errors="replace")
    return done.stdout + done.stderr


@pytest.mark.parametrize("driver, machine, name", cases())
def test_driver(driver, machine, name):
    log = run(driver, machine)
    if not re.search(rf"^ok \d+ - {name}$", log, re.M):
        pytest.fail(log[-4000:], pytrace=False)
