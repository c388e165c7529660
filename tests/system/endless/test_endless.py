# SPDX-License-Identifier: BSD-2-Clause
"""A driver that never comes to the end of its start has 9 of every 10 ms, and no more: those
below it are late, not lost."""
import re


def test_a_driver_whose_start_never_ends(boot):
    machine = boot("endless", replace={"virtio_net": "crashing_endless"})
    machine.wait_for("patient: 20 periods in [0-9]+ ms")
    took = int(re.search(r"patient: 20 periods in (\d+) ms", machine.text)[1])
    assert 1000 <= took <= 1100


def test_without_it(boot):
    machine = boot("endless")
    machine.wait_for("patient: 20 periods in [0-9]+ ms")
    took = int(re.search(r"patient: 20 periods in (\d+) ms", machine.text)[1])
    assert 1000 <= took <= 1001
