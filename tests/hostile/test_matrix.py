# SPDX-License-Identifier: BSD-2-Clause
"""A slice of the attack matrix, in the simulator and on each kernel: every role, every kind of
attack, once. The whole of it is `make hostile`."""
import pytest

import judging
import matrix

# Kinds of attack of which all that is promised is a part of the time.
BUSY = ("storm", "interrupts", "spin")


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    return matrix.make_disk(tmp_path_factory.mktemp("disk") / "disk.img")


@pytest.fixture(scope="module", params=["checked", "asan"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def nobody(kind, disk, tmp_path_factory):
    return matrix.rates_of(matrix.run_sim(tmp_path_factory.mktemp("nobody"), kind, disk, matrix.plan_of(matrix.NOBODY, 5)))


def kinds_seen(said, role):
    return {kind for kind, phases in judging.by_kind(said, role).items() if phases}


def try_role(role, kind, disk, folder, nobody, copying=False):
    honest = matrix.run_sim(folder, kind, disk, matrix.plan_of(role, 20, honest=True), copying)
    # Whose time slices fall into what a driver leaves of the five periods of one storm is chance.
    rounds = 2 if judging.applies(role, "interrupts") else 1
    said = matrix.run_sim(folder, kind, disk, matrix.plan_of(role, rounds * len(judging.KINDS)), copying)
    assert judging.hurts(said, role) == []
    assert judging.starved(said, role, matrix.rates_of(honest, role), True, matrix.rough_for(kind)) == []
    assert judging.not_served_again(said, nobody) == []
    assert kinds_seen(said, role) == {kind for kind in judging.KINDS if judging.applies(role, kind)}
    assert sum(p.refused for p in said.phases if p.role == role) > 0


@pytest.mark.parametrize("role", judging.ROLES)
def test_nobody_is_hurt(kind, role, nobody, disk, tmp_path):
    try_role(role, kind, disk, tmp_path, nobody)


@pytest.mark.parametrize("role", matrix.COPYING)
def test_nobody_is_hurt_beside_the_copying_virtualiser(kind, role, nobody, disk, tmp_path):
    """Its client, itself, its driver: all that its links reach."""
    try_role(role, kind, disk, tmp_path, nobody, copying=True)


@pytest.mark.parametrize("device", judging.DEVICES)
def test_a_device_hurts_only_those_who_use_it(device, disk, tmp_path):
    """In all ways in which it can misbehave at once; one by one: make hostile."""
    for kind in ("checked", "asan"):
        said = matrix.run_device(tmp_path, kind, disk, device, "all", 0.1)
        assert judging.hurts(said, device) == []
        assert said.odd > 0 and sum(sum(p.work.values()) for p in said.phases) > 1000


def unfair(said, honest):
    """Who got less than is promised, in words: by role, and beside all of them."""
    quiet = [p for p in said.phases if p.role and p.kind not in BUSY]
    part, who = judging.served(quiet, matrix.rates_of(honest))
    wrong = judging.starved_in_turn(said, {role: matrix.rates_of(honest, role) for role in judging.ROLES}, matrix.ROUGH)
    return wrong + ([f"{who} got {100 * part:.0f} % beside all roles"] if part < judging.FAIR else [])


@pytest.mark.parametrize("sdk", matrix.SDKS, ids=str)
def test_nobody_is_hurt_on_a_kernel(sdk, disk, tmp_path):
    """One image for all roles, in turn. Who starves others does so each time; but the emulator's
    devices are threads of the host, and a busy host lets them wait now and then."""
    for attempt in "first", "second", "third":
        honest = matrix.run_qemu(tmp_path / attempt / "honest", sdk, disk, matrix.plan_of(matrix.ALL, 5, honest=True))
        said = matrix.run_qemu(tmp_path / attempt / "all", sdk, disk, matrix.plan_of(matrix.ALL, len(judging.KINDS)))
        assert judging.hurts(said, None) == []
        for role in judging.ROLES:  # a life may end between two turns of all victims, and be seen by none
            assert len(kinds_seen(said, role)) >= len(judging.KINDS) * 3 // 4
        assert sum(p.refused for p in said.phases) > 0
        wrong = unfair(said, honest)
        if not wrong:
            break
        print(attempt, "attempt:", wrong)
    assert wrong == []
