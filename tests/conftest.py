# SPDX-License-Identifier: BSD-2-Clause
"""What all tests share: unit tests in C appear as pytest's own, and the closing line."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".c" and file_path.name.startswith("test_") and file_path.parent.name == "unit":
        return UnitFile.from_parent(parent, path=file_path)
    return None


class UnitFile(pytest.File):
    """One cmocka program, run once when the first of its tests is."""

    def collect(self):
        source = self.path.read_text()
        for other in re.findall(r'^#include "(test_\w+\.c)"', source, re.M):  # the same of another program
            source += (self.path.parent / other).read_text()
        names = re.findall(r"^ .*\b(?:cmocka_unit_test\w*|IN_A_PD)\(\s*(\w+)", source, re.M)
        if not names:
            raise self.CollectError(f"{self.path}: no cmocka_unit_test() in it")
        self.lines = None
        for name in names:
            yield UnitTest.from_parent(self, name=name)

    def run(self):
        if self.lines is None:
            program = ROOT / "build" / "unit" / self.path.stem
            environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
            done = subprocess.run([program], capture_output=True, text=True, timeout=300,
                                  env=environment, errors="replace")
            self.lines = done.stdout.splitlines()
            self.log = done.stdout + done.stderr
        return self.lines


class UnitTest(pytest.Item):
    def runtest(self):
        for line in self.parent.run():
            if re.fullmatch(rf"ok \d+ - {self.name}", line.strip()):
                return
        raise UnitFailure(self.parent.log[-6000:])

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, UnitFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, f"{self.path.stem}: {self.name}"


class UnitFailure(Exception):
    pass


# ---- Side by side ----

# Tests that build in the same place.
TOGETHER = ("tests/conformance/test_conformance.py", "tests/devkit/")
# Files whose tests on different kernels, or of differently built programs, share nothing.
APART = ("tests/system/", "tests/hostile/")
KIND = re.compile(r"\[(?:.*-)?(devkit|2\.\d\.\d|checked|asan)\b")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With several workers (`-n`), tests that share what is built or booted go to the same one."""
    from xdist.scheduler import LoadScopeScheduling

    class ByWhatTheyShare(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, _, test = nodeid.partition("::")
            kind = KIND.search(test)
            if file.startswith(TOGETHER):
                return TOGETHER[0]
            return f"{file} {kind[1]}" if kind and file.startswith(APART) else file

    return ByWhatTheyShare(config, log)


def pytest_unconfigure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    count = {key: len(reporter.stats.get(key, ())) for key in ("passed", "failed", "error", "skipped")}
    reporter.write_line(f"{count['passed']} passed, {count['failed'] + count['error']} failed, "
                        f"{count['skipped']} skipped")
