# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the web server's tests; the machinery is in ../harness.py."""
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import harness  # noqa: E402


@pytest.fixture
def boot(tmp_path):
    """boot(sdk, disk, ...): the example's WebMachine, stopped at the test's end."""
    machines = []

    def start(sdk, disk, image=None, **options):
        machines.append(harness.WebMachine(tmp_path, image or harness.image(sdk), disk, **options))
        return machines[-1]

    yield start
    for machine in machines:
        machine.stop()


@pytest.fixture(scope="session")
def many_files(tmp_path_factory):
    """A thousand files of 0 to 16 MiB, most of them small; always the same."""
    folder = tmp_path_factory.mktemp("many")
    chance = random.Random(1)
    for n in range(1000):
        size = {0: 0, 1: 16 << 20, 2: (16 << 20) - 1, 3: 1, 4: 16384, 5: 16383, 6: 16385,
                7: 4 << 20}.get(n, int(2 ** chance.uniform(0, 17)))
        where = folder / f"folder-{n % 10}"
        where.mkdir(exist_ok=True)
        (where / f"file-{n}.bin").write_bytes(chance.randbytes(size))
    return folder


@pytest.fixture(scope="session")
def many_disk(many_files, tmp_path_factory):
    return harness.make_disk(many_files, tmp_path_factory.mktemp("disk") / "many.img")
