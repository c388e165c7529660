# SPDX-License-Identifier: BSD-2-Clause
"""Each promise on each kernel; two emulators at a time."""
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from sdks import NO_OFFICIAL, OFFICIAL, SDKS
from systems import SYSTEMS, run

CASES = [(sdk, system) for sdk in SDKS for system in SYSTEMS]


@pytest.fixture(scope="session")
def results(request):
    """All that were asked for begin with the first that is looked at."""
    with ThreadPoolExecutor(min(2, os.cpu_count())) as pool:
        chosen = [item.callspec.params["case"] for item in request.session.items
                  if getattr(item, "originalname", None) == "test_promise"]
        yield {case: pool.submit(run, *case) for case in chosen}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1].name}")
def test_promise(results, case):
    wrong = results[case].result()
    assert not wrong, wrong


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_says_what_it_holds_to(system):
    assert system.promise and system.source
    own = {path.name.partition(".")[2] for path in system.folder.glob("expected.*")}
    assert own == set(system.differences)


def test_on_sel4():
    if not OFFICIAL:
        pytest.skip(NO_OFFICIAL)
