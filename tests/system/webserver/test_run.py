# SPDX-License-Identifier: BSD-2-Clause
"""`make run`, as a user says it: what it prints, what it refuses, and with which words."""
import os
import signal
import socket
import subprocess
import time

import pytest

import harness

DISK = harness.ROOT / "examples/webserver/disk.sh"


def ports():
    return {"HTTP_PORT": harness.free_port(), "ECHO_TCP_PORT": harness.free_port(),
            "ECHO_UDP_PORT": harness.free_port(socket.SOCK_DGRAM)}


def words(settings):
    return [f"{name}={value}" for name, value in settings.items()]


@pytest.mark.parametrize("name,kind,protocol", [
    ("HTTP_PORT", socket.SOCK_STREAM, "TCP"), ("ECHO_TCP_PORT", socket.SOCK_STREAM, "TCP"),
    ("ECHO_UDP_PORT", socket.SOCK_DGRAM, "UDP")])
def test_a_busy_port_is_named(name, kind, protocol):
    settings = ports()
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", settings[name]))
        if kind == socket.SOCK_STREAM:
            s.listen()
        done = harness.make("run", *words(settings), stdin=subprocess.DEVNULL)
    assert done.returncode != 0
    assert (f"run: {protocol} port {settings[name]} of this machine is in use by another program; "
            f"choose another one: make run {name}=NUMBER\n") in done.stderr


@pytest.mark.parametrize("value", ["0", "65536", "http", "-1", "1x"])
def test_a_port_must_be_one(value):
    done = harness.make("ports", f"HTTP_PORT={value}", "ECHO_TCP_PORT=1", "ECHO_UDP_PORT=1")
    assert done.returncode != 0
    assert f"run: HTTP_PORT={value}: a port is a number from 1 to 65535\n" in done.stderr


def test_run_serves_the_folder_that_site_names(tmp_path):
    folder = tmp_path / "my site"
    folder.mkdir()
    (folder / "index.html").write_bytes(b"mine")
    settings = ports()
    output = tmp_path / "output"
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MICROKIT_SDK")}
    with open(output, "wb") as log:
        run = subprocess.Popen(["make", "--no-print-directory", "SETUP=no", "run",
                                *words(settings)], cwd=harness.ROOT,
                               env=dict(environment, SITE=str(folder)), stdin=subprocess.PIPE,
                               stdout=log, stderr=log, start_new_session=True)
    try:
        body, end = b"", time.monotonic() + 120
        while body != b"mine":
            assert time.monotonic() < end and run.poll() is None, output.read_text("latin-1")[-3000:]
            time.sleep(0.2)
            try:
                with socket.create_connection(("127.0.0.1", settings["HTTP_PORT"]), 5) as s:
                    s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    body = harness.read_all(s).partition(b"\r\n\r\n")[2]
            except OSError:
                pass
        text = output.read_text("latin-1")
        assert f"http://localhost:{settings['HTTP_PORT']}/" in text
        assert "development kernel, not seL4: for testing only" in text
        assert "Leave with Ctrl-A x" in text
        run.stdin.write(b"\x01x")
        run.stdin.flush()
        assert run.wait(timeout=20) == 0
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)


# ---- The disk ----

def disk(folder, image):
    return subprocess.run(["sh", DISK, folder, image], capture_output=True, text=True)


def refused(folder, tmp_path, words_):
    """The disk is not made; the one there was is left as it was; nothing else is left."""
    (tmp_path / "out").mkdir()
    image = tmp_path / "out" / "site.img"
    image.write_bytes(b"before")
    done = disk(folder, image)
    assert done.returncode != 0
    assert words_ in done.stderr
    assert [path.name for path in image.parent.iterdir()] == ["site.img"]
    assert image.read_bytes() == b"before"


def test_no_folder(tmp_path):
    refused(tmp_path / "none", tmp_path, "none is not a folder")


def test_too_many_files(tmp_path):
    (tmp_path / "site").mkdir()
    for n in range(4097):
        (tmp_path / "site" / str(n)).touch()
    refused(tmp_path / "site", tmp_path, "has 4097 files; the web server knows at most 4096")


def test_too_large(tmp_path):
    (tmp_path / "site").mkdir()
    with open(tmp_path / "site" / "sparse", "wb") as f:
        f.truncate(5 << 30)
    refused(tmp_path / "site", tmp_path, "a disk has at most 4294967296")


def test_names_that_ustar_cannot_hold(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / ("n" * 200)).touch()
    refused(tmp_path / "site", tmp_path, "file name is too long")


def test_a_link_to_nothing(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "link").symlink_to("nothing")
    refused(tmp_path / "site", tmp_path, "cannot be packed")
