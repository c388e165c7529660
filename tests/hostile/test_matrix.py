# SPDX-License-Identifier: BSD-2-Clause
"""A slice of the attack matrix in the simulator: every role, every kind of attack, once.
The whole of it is `make hostile`."""
import pytest

import matrix


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    return matrix.make_disk(tmp_path_factory.mktemp("disk") / "disk.img")


@pytest.fixture(scope="module", params=["checked", "asan"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def baseline(kind, disk, tmp_path_factory):
    """What victims get beside an honest neighbour that takes all it can."""
    said = matrix.run_sim(tmp_path_factory.mktemp("nobody"), kind, disk, matrix.NOBODY, 60)
    assert matrix.hurts(said, None) == []
    return matrix.rates([p for p in said.phases if p.started and not p.over])


@pytest.mark.parametrize("role", matrix.ROLES)
def test_nobody_is_hurt(kind, role, baseline, disk, tmp_path):
    said = matrix.run_sim(tmp_path, kind, disk, list(matrix.ROLES).index(role), len(matrix.KINDS))
    assert matrix.hurts(said, role) == []
    assert matrix.starved(said, role, baseline, together=True) == []
    attacked = {kind for kind, phases in matrix.by_kind(said, role).items() if phases}
    assert attacked == {kind for kind in matrix.KINDS if matrix.applies(role, kind)}
    assert sum(p.refused for p in said.phases if p.role == role) > 0
