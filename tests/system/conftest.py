# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of system tests: each runs on each SDK of tests/sdks.py."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from machine import COUNTED_TIME, HERE, SDKS, Machine, compose  # noqa: E402


@pytest.fixture(scope="module", params=SDKS, ids=str)
def sdk(request):
    return request.param


@pytest.fixture
def boot(sdk, tmp_path):
    """boot(name, replace={}, arguments=[]): tests/system/NAME's Machine, stopped at the test's end."""
    machines = []

    def start(name, replace={}, arguments=()):
        image = compose(sdk, HERE / name / "system.yaml", tmp_path, replace)
        machines.append(Machine(image, tmp_path, [*COUNTED_TIME, *arguments]))
        return machines[-1]

    yield start
    for machine in machines:
        machine.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """What a failing test's machines have shown last is part of its report."""
    report = (yield).get_result()
    if report.failed:
        for machine in Machine.running:
            report.sections.append((f"console of {machine.console}", machine.text[-3000:]))
