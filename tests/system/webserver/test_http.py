# SPDX-License-Identifier: BSD-2-Clause
"""HTTP on the wire: what the server answers, when it closes, and what it does not let a
peer do. The grammar is tested natively (tests/unit/test_http.c); this is the rest."""
import contextlib
import os
import socket
import time

import pytest

import harness

HOST = b"Host: localhost\r\n"
FILES = {
    "index.html": b"<!doctype html><p>hello",
    "style.css": b"p { color: red }",
    "empty.txt": b"",
    "sub/index.html": b"sub",
    "no index/x.bin": b"\0\1\2",
    "a b%c.txt": b"odd name",
    "big.bin": bytes(range(256)) * 4096,
}


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        os.utime(folder / name, (784111777, 784111777))
    return harness.make_disk(folder, tmp_path_factory.mktemp("disk") / "site.img")


@pytest.fixture(scope="module")
def machine(sdk, disk, tmp_path_factory):
    machine = harness.WebMachine(tmp_path_factory.mktemp("machine"), harness.image(sdk), disk)
    yield machine.wait_for(f"web: serving {len(FILES)} files")
    machine.stop()


@pytest.fixture
def fresh(boot, sdk, disk):
    """A machine for a test alone that takes most of the connections one peer gets: the server
    learns only by and by that its peers have gone."""
    return boot(sdk, disk).wait_for(f"web: serving {len(FILES)} files")


def split(answer):
    """Status, headers in lower case, and what follows the head."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert lines[0].startswith("HTTP/1.1 ")
    return int(lines[0].split()[1]), headers, rest


def ask(machine, request):
    return split(machine.talk(request))


def test_a_whole_answer(machine):
    answer = machine.talk(b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert answer == (
        b"HTTP/1.1 200 OK\r\nServer: Quoll\r\nContent-Length: 23\r\n"
        b"Content-Type: text/html; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
        b"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"2ebc98a1-17\"\r\n"
        b"Connection: close\r\n\r\n<!doctype html><p>hello").replace(
            b'"2ebc98a1-17"', b'"%x-%x"' % (784111777, 23))


@pytest.mark.parametrize("path,name", [
    ("/", "index.html"), ("/index.html", "index.html"), ("/style.css", "style.css"),
    ("/empty.txt", "empty.txt"), ("/sub/", "sub/index.html"), ("/sub/?q=1", "sub/index.html"),
    ("/no%20index/x.bin", "no index/x.bin"), ("/a%20b%25c.txt", "a b%c.txt"),
    ("/big.bin", "big.bin"), ("/%62ig.bin", "big.bin"),
])
def test_files(machine, path, name):
    status, headers, body = machine.get(path)
    assert status == 200
    assert body == FILES[name]
    status, head, body = machine.get(path, "HEAD")
    assert (status, body) == (200, b"")
    assert dict(head) == dict(headers)


@pytest.mark.parametrize("request_,status", [
    (b"GET /none HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", 404),
    (b"GET /no%20index/ HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", 404),
    (b"GET /no%20index HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", 404),
    (b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", 404),
    (b"GET /sub%2Findex.html HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", 404),
    (b"GET /index.html%00 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", 404),
    (b"BREW / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", 501),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    (b"GET /\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    (b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"b" * 17000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 101 + b"\r\n", 431),
    # what is left of a refused request must not reset the answer
    (b"GET /" + b"a" * 60000, 414),
    (b"GET / HTTP/1.1\r\n\r\n" + b"x" * 60000, 400),
], ids=lambda value: str(value) if isinstance(value, int) else value[:20].decode("latin-1"))
def test_refusals(machine, request_, status):
    got, headers, body = ask(machine, request_)
    assert got == status
    assert len(body) == int(headers["content-length"])
    assert headers["connection"] == "close"
    assert body.startswith(b"%d " % status)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_methods_that_are_not_allowed(machine, method):
    status, headers, _ = machine.get("/", method)
    assert status == 405
    assert headers["Allow"] == "GET, HEAD"


def test_a_folder_is_redirected_to_its_slash(machine):
    status, headers, _ = machine.get("/sub")
    assert (status, headers["Location"]) == (301, "/sub/")


def test_conditions(machine):
    _, headers, _ = machine.get("/style.css")
    for condition, status in [
            ({"If-None-Match": headers["ETag"]}, 304),
            ({"If-None-Match": "W/" + headers["ETag"]}, 304),
            ({"If-None-Match": "*"}, 304),
            ({"If-None-Match": '"other"'}, 200),
            ({"If-None-Match": '"other"', "If-Modified-Since": headers["Last-Modified"]}, 200),
            ({"If-Modified-Since": headers["Last-Modified"]}, 304),
            ({"If-Modified-Since": "Sun, 06 Nov 1994 08:49:36 GMT"}, 200),
            ({"If-Modified-Since": "yesterday"}, 200)]:
        got, _, body = machine.get("/style.css", headers=condition)
        assert got == status, condition
        assert body == (b"" if status == 304 else FILES["style.css"])


def test_ranges_are_ignored(machine):
    status, _, body = machine.get("/style.css", headers={"Range": "bytes=0-1"})
    assert (status, body) == (200, FILES["style.css"])


# ---- Connections ----

def take_answer(s, buffered=b""):
    """One answer off a kept connection: status, headers, body, what came after it."""
    while b"\r\n\r\n" not in buffered:
        piece = s.recv(65536)
        assert piece, "closed"
        buffered += piece
    status, headers, rest = split(buffered)
    length = int(headers.get("content-length", 0))
    while len(rest) < length:
        piece = s.recv(65536)
        assert piece, "closed"
        rest += piece
    return status, headers, rest[:length], rest[length:]


def test_a_connection_is_kept(machine):
    with machine.connect() as s:
        for name in ["style.css", "none", "empty.txt", "big.bin"] * 3:
            s.sendall(b"GET /" + name.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
            status, _, body, rest = take_answer(s)
            assert (status, rest) == (200 if name in FILES else 404, b"")
            assert name not in FILES or body == FILES[name]


def test_requests_in_a_pipeline(machine):
    names = ["style.css", "big.bin", "empty.txt", "index.html"] * 25
    requests = b"".join(b"GET /" + n.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n" for n in names)
    with machine.connect() as s:
        s.sendall(requests)
        rest = b""
        for name in names:
            status, _, body, rest = take_answer(s, rest)
            assert (status, body) == (200, FILES[name])


def test_a_request_byte_by_byte(machine):
    with machine.connect() as s:
        for byte in b"GET /style.css HTTP/1.1\r\n" + HOST + b"\r\n":
            s.sendall(bytes([byte]))
            time.sleep(0.002)
        assert take_answer(s)[2] == FILES["style.css"]


def test_requests_of_all_lengths(machine):
    """So that their ends fall before, on and after each edge of a received buffer."""
    with machine.connect() as s:
        for length in [*range(0, 160), *range(1300, 1500, 7), 3000, 8000]:
            s.sendall(b"GET /style.css HTTP/1.1\r\n" + HOST + b"A: " + b"b" * length + b"\r\n\r\n")
            assert take_answer(s)[2] == FILES["style.css"], length


def test_http_1_0_closes_unless_asked(machine):
    status, headers, body = ask(machine, b"GET /style.css HTTP/1.0\r\n\r\n")
    assert (status, headers["connection"], body) == (200, "close", FILES["style.css"])
    with machine.connect() as s:
        s.sendall(b"GET /style.css HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert take_answer(s)[1]["connection"] == "keep-alive"
        s.sendall(b"GET /empty.txt HTTP/1.0\r\n\r\n")
        assert take_answer(s)[0] == 200
        assert s.recv(1) == b""


def test_a_body_ends_the_conversation(machine):
    """What follows must not be taken for a request (RFC 9112, 11.2)."""
    answer = machine.talk(b"GET /style.css HTTP/1.1\r\n" + HOST + b"Content-Length: 60\r\n\r\n"
                          b"GET /index.html HTTP/1.1\r\n" + HOST + b"\r\n")
    status, headers, body = split(answer)
    assert (status, headers["connection"], body) == (200, "close", FILES["style.css"])


def test_a_peer_that_has_closed_still_gets_its_answer(machine):
    with machine.connect() as s:
        s.sendall(b"GET /big.bin HTTP/1.1\r\n" + HOST + b"\r\n")
        s.shutdown(socket.SHUT_WR)
        assert split(harness.read_all(s))[2] == FILES["big.bin"]


def served_within(machine, seconds):
    """Whether a file is served before `seconds` are over; until then there may be no room."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status, _, body = machine.get("/style.css")
        if status == 200:
            return body == FILES["style.css"]
        assert (status, body) == (503, b"too many connections\n")
        time.sleep(0.1)
    return False


def test_peers_that_vanish_cost_nothing(fresh):
    """Far more of them than there may be, and nobody waits until they would be given up."""
    for _ in range(200):
        s = fresh.connect()
        s.sendall(b"GET /big.bin HTTP/1.1\r\n" + HOST + b"\r\n")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        s.close()
    assert served_within(fresh, 10)


def test_one_peer_does_not_get_all(fresh):
    with contextlib.ExitStack() as peers:
        for _ in range(96):  # each is served, and therefore there, and stays
            s = peers.enter_context(fresh.connect())
            s.sendall(b"HEAD /style.css HTTP/1.1\r\n" + HOST + b"\r\n")
            assert s.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        status, headers, body = ask(fresh, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (status, body, headers["retry-after"]) == (503, b"too many connections\n", "1")
    assert served_within(fresh, 10)


def test_slow_requests_time_out(machine):
    """A connection that asks for nothing and one that is half-done: 10 seconds each."""
    begun = time.monotonic()
    with machine.connect() as half, machine.connect() as silent:
        half.sendall(b"GET /style.css HTT")
        drip = b"P/1.1\r\nA: bbbbbbbbbbbbbbbbbbbbbb"
        for byte in drip[:8]:  # a byte a second does not save it
            half.sendall(bytes([byte]))
            time.sleep(1)
        for s in (half, silent):
            status, headers, body = split(harness.read_all(s))
            assert (status, headers["connection"]) == (408, "close")
            assert 9 < time.monotonic() - begun < 28  # it would be 30 for one that has been served


def test_a_slow_reader_keeps_nobody_waiting(fresh):
    """Peers that ask for much and read nothing hold their windows, and no more."""
    with contextlib.ExitStack() as slow:
        for _ in range(40):
            s = slow.enter_context(fresh.connect())
            s.sendall(b"GET /big.bin HTTP/1.1\r\n" + HOST + b"\r\n")
        begun = time.monotonic()
        for _ in range(5):
            assert fresh.get("/big.bin")[2] == FILES["big.bin"]
        assert time.monotonic() - begun < 20  # then the slow ones are given up
