# SPDX-License-Identifier: BSD-2-Clause
"""The lint (mk/lint.mk, docs/testing.md): the sources are clean, and each rule finds what was
planted for it, on its very line, and nothing beside."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from sdks import ROOT, SDKS

HERE = Path(__file__).parent
PLANTED = sorted((HERE / "planted").glob("*.c"))


def make(target):
    """For any SDK: not as a part of the make that may have started us."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "MICROKIT_SDK"))}
    sdk = [] if SDKS[0].is_devkit else [f"MICROKIT_SDK={SDKS[0].path}"]
    return subprocess.run(["make", "-s", "SETUP=no", *sdk, target], cwd=ROOT, env=env, capture_output=True,
                          text=True)


@pytest.fixture(scope="module")
def lint():
    """The command and the flags, as make has them."""
    done = make("lint-command")
    assert done.returncode == 0, done.stdout + done.stderr
    if "skipped" in done.stdout:
        pytest.skip(done.stdout.strip())
    return done.stdout.splitlines()[-1].split()  # before it, what make builds


def run(lint, trusted, *files):
    command, *flags = lint
    return subprocess.run([command, trusted, *flags, "--", *map(str, files)], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)


def test_the_sources(lint):
    done = make("lint")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("planted", PLANTED, ids=lambda path: path.stem)
def test_what_was_planted(lint, tmp_path, planted):
    path = planted.relative_to(ROOT)
    trusted = tmp_path / "trusted"
    trusted.write_text((HERE / "trusted").read_text() + f"data {path}:open_data  # planted\n")
    done = run(lint, trusted, path)
    found = set(re.findall(rf"^{re.escape(str(path))}:(\d+):\d+: (\w+): ", done.stdout, re.M))
    wanted = {(str(number), rule) for number, line in enumerate(planted.read_text().splitlines(), 1)
              for rule in re.findall(r"/\* lint: (\w+) \*/", line)}
    assert done.returncode == 1
    assert found == wanted
    assert wanted


@pytest.mark.parametrize("line, message", [
    ("accessor queue_look", "no reason"),
    ("accessor queue_look  #  ", "no reason"),
    ("friend queue_look  # we know each other", "unknown kind"),
    ("accessor  # why not", "not KIND NAME [ARGUMENT]  # reason"),
])
def test_a_malformed_exemption(lint, tmp_path, line, message):
    trusted = tmp_path / "trusted"
    trusted.write_text("# head\n" + line + "\n")
    done = run(lint, trusted, "core/error.c")
    assert (done.returncode, done.stderr) == (2, f"{trusted}:2: {message}\n")


def test_an_exemption_that_nothing_needs(lint, tmp_path):
    trusted = tmp_path / "trusted"
    trusted.write_text("loop core/error.c:quoll_error_name  # it has no loop\n")
    done = run(lint, trusted, "core/error.c")
    assert done.returncode == 1
    assert done.stdout == f"{trusted}:1: nothing needs 'loop core/error.c:quoll_error_name'\n"


def test_what_does_not_compile(lint, tmp_path):
    (tmp_path / "broken.c").write_text("int f(void) { return }\n")
    done = run(lint, HERE / "trusted", tmp_path / "broken.c")
    assert done.returncode == 2 and "does not compile" in done.stderr
