# SPDX-License-Identifier: BSD-2-Clause
"""A slice of the attack matrix, in the simulator and on each kernel: every role, every kind of
attack, once. The whole of it is `make hostile`."""
import pytest

import matrix

QUIET = [kind for kind in matrix.KINDS if kind not in matrix.BUSY]


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    return matrix.make_disk(tmp_path_factory.mktemp("disk") / "disk.img")


@pytest.fixture(scope="module", params=["checked", "asan"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def baseline(kind, disk, tmp_path_factory):
    return matrix.baseline_of(matrix.run_sim(tmp_path_factory.mktemp("nobody"), kind, disk, matrix.NOBODY, 60))


def kinds_seen(said, role):
    return {kind for kind, phases in matrix.by_kind(said, role).items() if phases}


@pytest.mark.parametrize("role", matrix.ROLES)
def test_nobody_is_hurt(kind, role, baseline, disk, tmp_path):
    said = matrix.run_sim(tmp_path, kind, disk, list(matrix.ROLES).index(role), len(matrix.KINDS))
    assert matrix.hurts(said, role) == []
    assert matrix.starved(said, role, baseline, together=True) == []
    assert kinds_seen(said, role) == {kind for kind in matrix.KINDS if matrix.applies(role, kind)}
    assert sum(p.refused for p in said.phases if p.role == role) > 0


@pytest.fixture(scope="module")
def baseline_copying(kind, disk, tmp_path_factory):
    return matrix.baseline_of(matrix.run_sim(tmp_path_factory.mktemp("nobody"), kind, disk, matrix.NOBODY, 60,
                                             copying="virtualiser"))


@pytest.mark.parametrize("role", ["mallory", "nic_rx", "nic_driver"])
def test_nobody_is_hurt_beside_the_copying_virtualiser(kind, role, baseline_copying, disk, tmp_path):
    """Its client, itself, its driver: all that its links reach."""
    said = matrix.run_sim(tmp_path, kind, disk, list(matrix.ROLES).index(role), len(matrix.KINDS),
                          copying="virtualiser")
    assert matrix.hurts(said, role) == []
    assert matrix.starved(said, role, baseline_copying, together=True) == []
    assert kinds_seen(said, role) == {kind for kind in matrix.KINDS if matrix.applies(role, kind)}
    assert sum(p.refused for p in said.phases if p.role == role) > 0


@pytest.mark.parametrize("device", matrix.DEVICES)
def test_a_device_hurts_only_those_who_use_it(device, disk, tmp_path):
    """In all ways in which it can misbehave at once; one by one: make hostile."""
    for kind in ("checked", "asan"):
        said = matrix.run_device(tmp_path, kind, disk, device, "all", 0.1)
        assert matrix.hurts(said, device) == []
        assert said.odd > 0 and sum(sum(p.work.values()) for p in said.phases) > 1000


@pytest.mark.parametrize("sdk", matrix.SDKS, ids=str)
def test_nobody_is_hurt_on_a_kernel(sdk, disk, tmp_path):
    """One image for all roles, in turn."""
    baseline = matrix.baseline_of(matrix.run_qemu(tmp_path / "nobody", sdk, disk, matrix.NOBODY, 60))
    said = matrix.run_qemu(tmp_path / "all", sdk, disk, matrix.ALL, len(matrix.KINDS))
    assert matrix.hurts(said, None) == []
    for role in matrix.ROLES:  # a life may end between two turns of all victims, and be seen by none
        assert len(kinds_seen(said, role)) >= len(matrix.KINDS) * 3 // 4
        assert matrix.starved(said, role, baseline, together=True, rough=matrix.ROUGH) == []
    assert sum(p.refused for p in said.phases) > 0
    quiet = [p for p in said.phases if p.role and p.kind in QUIET]
    assert matrix.served(quiet, baseline)[0] >= matrix.FAIR
