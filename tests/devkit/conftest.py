# SPDX-License-Identifier: BSD-2-Clause
"""The SDKs that a test runs on, and how they are built and booted (tests/conformance)."""
import sys
from pathlib import Path

import pytest
from sdks import DEVKIT, SDKS

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "conformance"))


@pytest.fixture(scope="session")
def devkit():
    if DEVKIT is None:
        pytest.skip("the development SDK is not among the SDKs")
    return DEVKIT


@pytest.fixture(scope="session", params=SDKS, ids=str)
def sdk(request):
    return request.param
