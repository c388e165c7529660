# SPDX-License-Identifier: BSD-2-Clause
"""The system starts in any order of its protection domains, and at any priorities."""
import pytest

import harness


@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_a_shuffled_system_serves(boot, sdk, tmp_path, seed):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("in any order")
    image = harness.compose(sdk, harness.EXAMPLE, tmp_path, options=["--shuffle", seed])
    machine = boot(sdk, harness.make_disk(tmp_path / "site", tmp_path / "site.img"), image=image)
    machine.wait_for("web: serving 1 files", "echo: listening on .*")
    for _ in range(3):
        assert machine.get("/")[2] == b"in any order"
