# SPDX-License-Identifier: BSD-2-Clause
"""What the tests take for granted of the emulator."""
import re

from machine import EXAMPLE, Machine, compose


def test_the_guest_s_memory_barriers_are_kept(sdk, tmp_path):
    """Without them, the guest and the emulator's devices miss each other's wake-ups at last."""
    log = tmp_path / "operations.txt"
    machine = Machine(compose(sdk, EXAMPLE, tmp_path), tmp_path, ["-d", "op", "-D", str(log)])
    machine.wait_for("echo: listening on .*")
    machine.stop()
    assert re.search(r"^ mb ", log.read_text(), re.MULTILINE)
