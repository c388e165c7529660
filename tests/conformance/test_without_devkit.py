# SPDX-License-Identifier: BSD-2-Clause
"""A copy of the project without devkit/ builds and runs with an official SDK."""
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

import pytest
from sdks import BUILD, NO_OFFICIAL, OFFICIAL, ROOT

SECONDS = 240


def free_ports(count):
    """They stay free long enough, as far as anybody can know."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@pytest.fixture
def copy(tmp_path):
    """All that is in the repository, but for devkit/, and what set-up fetched."""
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for file in filter(None, files.split("\0")):
        if not file.startswith("devkit/") and (ROOT / file).is_file():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, tmp_path / file)
    if (BUILD / "deps").is_dir():
        (tmp_path / "build").mkdir(exist_ok=True)
        shutil.copytree(BUILD / "deps", tmp_path / "build" / "deps", symlinks=True)
    return tmp_path


def get(url, process):
    """The page, as soon as there is one."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.5)
    return b""


@pytest.mark.skipif(not OFFICIAL, reason=NO_OFFICIAL)
def test_builds_and_serves(copy):
    http, udp, tcp = free_ports(3)
    log = copy / "log"
    with log.open("w") as out:
        run = subprocess.Popen(["make", "SETUP=no", f"MICROKIT_SDK={OFFICIAL[0].path}", "run",
                                f"HTTP_PORT={http}", f"ECHO_UDP_PORT={udp}",
                                f"ECHO_TCP_PORT={tcp}"], cwd=copy, stdout=out,
                               stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                               start_new_session=True, env=clean_environment())
    try:
        page = get(f"http://127.0.0.1:{http}/", run)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert page == (ROOT / "examples/webserver/site/index.html").read_bytes(), log.read_text()[-4000:]


def clean_environment():
    """Without what the make that runs this test tells its children."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "QUOLL"))}


@pytest.mark.skipif(not OFFICIAL, reason=NO_OFFICIAL)
def test_says_what_is_missing_without_an_sdk(copy):
    done = subprocess.run(["make", "SETUP=no", "programs"], cwd=copy, capture_output=True,
                          text=True, env=clean_environment())
    assert done.returncode != 0 and "MICROKIT_SDK=" in done.stderr
