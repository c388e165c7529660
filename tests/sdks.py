# SPDX-License-Identifier: BSD-2-Clause
"""The SDKs that tests run on: those of QUOLL_SDKS, "NAME=SDK=OUT NAME=SDK=OUT ...",
as `make test` sets it (OUT is where what was built for the SDK lies); by hand, without
it, the development SDK.

    @pytest.mark.parametrize("sdk", SDKS, ids=str)
"""
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
BOARD = "qemu_virt_aarch64"
DEFAULT = f"devkit={BUILD}/devkit={BUILD}/devkit/{BOARD}-debug"
NO_OFFICIAL = "no official SDK (see OFFICIAL_SDKS in mk/tests.mk)"


class Sdk:
    def __init__(self, entry):
        self.name, path, out = entry.split("=")
        self.path, self.out = Path(path), Path(out)

    def __str__(self):
        return "devkit" if self.is_devkit else self.version

    @property
    def is_devkit(self):
        return self.name == "devkit"

    @property
    def version(self):
        """"2.0.1", or what VERSION says."""
        return (self.path / "VERSION").read_text().strip()

    @property
    def kernel(self):
        """What people call it."""
        return "devkit" if self.is_devkit else f"seL4 {self.version}"

    @property
    def programs(self):
        return self.out / "programs"

    @property
    def test_programs(self):
        return self.out / "test-programs"

    def board(self, config="debug"):
        return self.path / "board" / BOARD / config

    def microkit(self, *arguments, cwd, config="debug", timeout=60):
        """The SDK's tool; its own MICROKIT_SDK must not be ours."""
        env = {k: v for k, v in os.environ.items() if k != "MICROKIT_SDK"}
        return subprocess.run([self.path / "bin" / "microkit", *arguments, "--board", BOARD,
                               "--config", config], cwd=cwd, env=env, capture_output=True,
                              text=True, timeout=timeout)


SDKS = [Sdk(entry) for entry in os.environ.get("QUOLL_SDKS", DEFAULT).split()]
DEVKIT = next((sdk for sdk in SDKS if sdk.is_devkit), None)
OFFICIAL = [sdk for sdk in SDKS if not sdk.is_devkit]
