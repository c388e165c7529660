# SPDX-License-Identifier: BSD-2-Clause
"""The SDKs that a test runs on."""
import subprocess

import pytest
from devkit_sdk import BUILD, ROOT, Sdk, official_path


@pytest.fixture(scope="session")
def devkit():
    path = BUILD / "sdk"
    subprocess.run(["make", "-s", "-C", ROOT / "devkit", f"O={path}"], check=True,
                   stdout=subprocess.DEVNULL)
    return Sdk("devkit", path)


@pytest.fixture(scope="session")
def official():
    if official_path() is None:
        pytest.skip("no official SDK (MICROKIT_SDK_OFFICIAL)")
    return Sdk("official", official_path())


@pytest.fixture(scope="session", params=["devkit", "official"])
def sdk(request):
    return request.getfixturevalue(request.param)
