# SPDX-License-Identifier: BSD-2-Clause
"""What `make` says when something is missing, before it builds anything."""
import os
import subprocess

from sdks import ROOT


def make(*arguments):
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MICROKIT_SDK")}
    return subprocess.run(["make", "--no-print-directory", "SETUP=no", *arguments], cwd=ROOT,
                          env=environment, text=True, capture_output=True, timeout=60)


def last_words(done):
    assert done.returncode != 0
    return done.stderr.strip().split("*** ")[-1]


def test_an_sdk_that_is_none():
    assert last_words(make("run", "MICROKIT_SDK=/nowhere")) == (
        "MICROKIT_SDK=/nowhere is not a Microkit SDK: it has no bin/microkit.  Stop.")


def test_an_sdk_without_the_board(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "microkit").touch()
    (tmp_path / "board/zcu102/debug/include").mkdir(parents=True)
    (tmp_path / "board/zcu102/debug/include/microkit.h").touch()
    assert last_words(make("run", f"MICROKIT_SDK={tmp_path}")) == (
        f"MICROKIT_SDK={tmp_path} has no board qemu_virt_aarch64 with configuration debug; "
        "it has: zcu102/debug.  Stop.")


def test_missing_commands_are_all_named_with_their_packages():
    done = subprocess.run(["sh", ROOT / "mk/needs.sh", "sh=dash", "no-such-cc=gcc", "no-such-qemu=qemu-system-arm"],
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1, "setup: no-such-cc is missing (Debian package gcc); 'make setup' installs it\n"
           "setup: no-such-qemu is missing (Debian package qemu-system-arm); 'make setup' installs it\n")


def test_setup_without_debian_says_what_to_install(tmp_path):
    (tmp_path / "list").write_text("gcc\nmake\n")
    done = subprocess.run(["/bin/sh", ROOT / "mk/setup.sh", tmp_path / "list"], capture_output=True,
                          text=True, env={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.startswith("setup: this is not a Debian machine;")
