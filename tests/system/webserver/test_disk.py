# SPDX-License-Identifier: BSD-2-Clause
"""Disks that are broken, foreign or failing: a clear line in the log, 503 with the
reason, and never a wrong byte."""
import random
import shutil
import subprocess
import time

import pytest

import harness

START = harness.SITE_START


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_bytes(b"hello")
    # so that big.bin's content begins a piece of the cache of its own
    (folder / "a.bin").write_bytes(bytes(2 * 16384 - 3 * 512))
    (folder / "big.bin").write_bytes(bytes(range(256)) * 8192)
    return harness.make_disk(folder, tmp_path_factory.mktemp("disk") / "good.img")


def zeros(data):
    data[START:] = bytes(len(data) - START)


def foreign(data):
    data[START:-(1 << 20)] = random.Random(1).randbytes(len(data) - START - (1 << 20))


def bad_checksum(data):
    data[START + 512 + 148] ^= 1


def endless_size(data):
    at = data.index(b"./index.html", START)
    data[at + 124:at + 136] = b"77777777777\0"
    total = sum(data[at:at + 148]) + 8 * 32 + sum(data[at + 156:at + 512])
    data[at + 148:at + 156] = b"%06o\0 " % total


def second_header_gone(data):
    at = data.index(b"./index.html", START)
    data[at:at + 512] = b"\xff" * 512


@pytest.mark.parametrize("spoil,why", [
    (zeros, "the partition is empty: it begins with zeros"),
    (foreign, "the partition holds no ustar archive"),
    (bad_checksum, "the archive is corrupt: a header's checksum is wrong"),
    (endless_size, "the archive is truncated: a file reaches past the partition's end"),
    (second_header_gone, "the archive is corrupt: a header has no 'ustar' magic"),
])
def test_spoiled_archives(boot, sdk, good, tmp_path, spoil, why):
    data = bytearray(good.read_bytes())
    spoil(data)
    (tmp_path / "bad.img").write_bytes(data)
    machine = boot(sdk, tmp_path / "bad.img")
    machine.wait_for(rf"web: no site: {why} \(at byte \d+ of the partition\)")
    for path in ("/", "/index.html", "/none"):
        status, headers, body = machine.get(path)
        assert (status, headers["Retry-After"]) == (503, "1")
        assert body.decode() == f"503 Service Unavailable: {why}\n"
    assert machine.get("/.quoll/counters.json")[0] == 200


def no_partition(image):
    subprocess.run(["/usr/sbin/sgdisk", "--change-name=1:other", image], check=True,
                   capture_output=True)


def no_table(image):
    with open(image, "r+b") as f:
        f.write(bytes(1 << 16))
        f.seek(-(1 << 16), 2)
        f.write(bytes(1 << 16))


@pytest.mark.parametrize("spoil,why", [
    (no_partition, "the disk has no such partition"),
    (no_table, None),
])
def test_disks_without_the_partition(boot, sdk, good, tmp_path, spoil, why):
    image = shutil.copy(good, tmp_path / "bad.img")
    spoil(image)
    machine = boot(sdk, image)
    machine.wait_for("web: listening on 10.0.2.16, port 80")
    end = time.monotonic() + 20
    body = b"the disk is starting"
    while b"the disk is starting" in body and time.monotonic() < end:
        status, _, body = machine.get("/")
        assert status == 503
    assert body.startswith(b"503 Service Unavailable: the disk")
    assert why is None or body.decode() == f"503 Service Unavailable: {why}\n"


def test_a_read_error_is_503_and_then_a_broken_connection(boot, sdk, good, tmp_path):
    """Sectors of big.bin fail: its first ones in one copy, later ones in the other."""
    data = good.read_bytes()
    at = data.index(b"./big.bin", START) // 512 + 1
    for sector, status in ((at, 503), (at + 1024, 200)):
        rules = tmp_path / "rules"
        rules.write_text(f'[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "{sector}"\n'
                         'once = "off"\n')
        machine = boot(sdk, good, drive_options=(
            f"if=none,id=disk,readonly=on,driver=raw,file.driver=blkdebug,file.config={rules},"
            f"file.image.driver=file,file.image.filename={good}"))
        machine.wait_for("web: serving 3 files")
        for _ in range(3):
            answer = machine.talk(b"GET /big.bin HTTP/1.0\r\n\r\n") if status == 503 else \
                broken_answer(machine)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 %d " % status)
            if status == 503:
                assert body == b"503 Service Unavailable: the disk failed to read this file\n"
            else:
                assert len(body) < 2 << 20
                assert body == (bytes(range(256)) * 8192)[:len(body)]
        assert machine.get("/index.html")[2] == b"hello"
        machine.wait_for(r"web: the disk cannot read at \d+ KiB: I/O error")
        machine.stop()


def broken_answer(machine):
    data = b""
    with machine.connect() as s:
        s.sendall(b"GET /big.bin HTTP/1.0\r\n\r\n")
        try:
            while piece := s.recv(65536):
                data += piece
        except ConnectionResetError:
            pass
    return data
