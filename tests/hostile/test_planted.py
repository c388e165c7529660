# SPDX-License-Identifier: BSD-2-Clause
"""Some of the mistakes that the attack matrix must notice. All of them: make hostile PLANTED=yes."""
import pytest

import matrix
import planted


@pytest.mark.parametrize("name", ["block-not-sent", "tx-stock", "tx-address", "timer-id"])
def test_a_planted_mistake_is_noticed(name, tmp_path):
    disk = matrix.make_disk(tmp_path / "disk.img")
    assert planted.notice(name, tmp_path, disk, rounds=4, kinds=["checked"]) != []
