# SPDX-License-Identifier: BSD-2-Clause
"""A host at the other end of the simulated network card's wire: it puts any frame on it, and
speaks as much ARP, UDP and TCP as it takes to be an honest client meanwhile."""
import socket
import struct
import subprocess
import threading
import time

from matrix import SIM

WEB = (bytes.fromhex("525400000010"), bytes([10, 0, 2, 16]))
ECHO = (bytes.fromhex("525400000011"), bytes([10, 0, 2, 17]))
BROADCAST = b"\xff" * 6
HONEST = (bytes.fromhex("525400000033"), bytes([10, 0, 2, 51]))
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ethernet(to, payload, kind=0x0800, me=HONEST):
    return to[0] + me[0] + struct.pack(">H", kind) + payload


def ip(to, protocol, payload, me=HONEST):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, me[1], to[1])
    return ethernet(to, head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload, me=me)


def udp(to, port, payload, source=4000, me=HONEST):
    return ip(to, 17, struct.pack(">HHHH", source, port, 8 + len(payload), 0) + payload, me)


def tcp(to, source, flags, sequence, acknowledge=0, data=b"", port=80, me=HONEST):
    segment = struct.pack(">HHIIBBHHH", source, port, sequence, acknowledge, 0x50, flags, 60000, 0, 0) + data
    value = checksum(me[1] + to[1] + struct.pack(">HH", 6, len(segment)) + segment)
    return ip(to, 6, segment[:16] + struct.pack(">H", value) + segment[18:], me)


class Connection:
    """One TCP connection to the web server."""

    def __init__(self, port):
        self.port, self.sequence, self.wanted = port, 1000, None
        self.data, self.established, self.closed = b"", False, False
        self.unseen = b""  # sent and not acknowledged


class Host:
    """The simulator with the web server, and we at its wire."""

    def __init__(self, kind, disk, until=600):
        self.wire, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (self.wire, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        program = SIM / ("quoll-sim-asan" if kind == "asan" else "quoll-sim")
        self.process = subprocess.Popen(
            [program, SIM / kind / "systems" / "webserver", "--pace", "--until", str(until), "--device",
             f"nic=net=fd:{theirs.fileno()}", "--device", f"disk=file={disk}"],
            pass_fds=[theirs.fileno()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        theirs.close()
        self.came = 0  # frames, for anybody
        self.said, self.next_port, self.echoes, self.connections = b"", 30000, {}, {}
        self.reader = threading.Thread(target=self.read_output, daemon=True)
        self.reader.start()

    def read_output(self):
        while piece := self.process.stdout.read1(65536):
            self.said += piece

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.wire.close()

    def wait_for(self, text, seconds=30):
        end = time.monotonic() + seconds
        while text not in self.said:
            assert time.monotonic() < end and self.process.poll() is None, self.said[-3000:].decode("latin-1")
            time.sleep(0.02)

    # ---- Frames ----

    def put(self, frame):
        """Any frame; ours are looked at meanwhile, so that neither side waits for the other."""
        self.wire.settimeout(20)
        self.wire.send(frame)
        self.take(0)

    def take(self, seconds):
        """Look at what has come, for so long at most if nothing has."""
        self.wire.settimeout(seconds)
        try:
            while True:
                self.look_at(self.wire.recv(4096))
                self.came += 1
                self.wire.settimeout(0)
        except (TimeoutError, BlockingIOError):
            pass

    def until(self, done, again, seconds=30):
        """Look at what comes until something is done. Every 0.2 s it is said again, since it may be lost;
        there may be a flood's answers to look at before."""
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:
            again()
            turn = time.monotonic() + 0.2
            while not done() and time.monotonic() < turn:
                self.take(0.2)
        return done()

    def look_at(self, frame):
        kind = frame[12:14]
        if kind == b"\x08\x06" and frame[20:22] == b"\0\1" and frame[38:42] == HONEST[1]:
            there = (frame[22:28], frame[28:32])
            self.wire.settimeout(20)
            self.wire.send(ethernet(there, struct.pack(">HHBBH", 1, 0x800, 6, 4, 2) + HONEST[0] + HONEST[1] +
                                    there[0] + there[1], 0x0806))
        elif kind == b"\x08\x00" and frame[30:34] == HONEST[1] and frame[23] == 17:
            length = struct.unpack(">H", frame[38:40])[0]
            self.echoes[struct.unpack(">H", frame[36:38])[0]] = frame[42:34 + length]
        elif kind == b"\x08\x00" and frame[30:34] == HONEST[1] and frame[23] == 6:
            self.segment(frame)

    def segment(self, frame):
        total = struct.unpack(">H", frame[16:18])[0]
        port, sequence = struct.unpack(">HI", frame[36:42])
        data, flags = frame[34 + (frame[46] >> 4) * 4:14 + total], frame[47]
        c = self.connections.get(port)
        if c is None:
            return
        if flags & ACK:
            missing = c.sequence - struct.unpack(">I", frame[42:46])[0]
            if missing < len(c.unseen):
                c.unseen = c.unseen[len(c.unseen) - missing:]
        if flags & RST:
            c.closed = True
        elif flags & SYN and c.wanted is None:
            c.wanted, c.established = sequence + 1, True
        elif c.wanted is not None and sequence == c.wanted:
            c.data += data
            c.wanted = sequence + len(data) + (1 if flags & FIN else 0) & 0xffffffff
            c.closed = c.closed or flags & FIN != 0
        if c.wanted is not None and (data or flags & (SYN | FIN)):
            self.wire.settimeout(20)
            self.wire.send(tcp(WEB, port, ACK, c.sequence, c.wanted))

    # ---- An honest client ----

    def connect(self):
        self.next_port += 1
        c = self.connections[self.next_port] = Connection(self.next_port)
        assert self.until(lambda: c.established, lambda: self.put(tcp(WEB, c.port, SYN, c.sequence - 1))), "no connection"
        return c

    def send(self, c, data):
        c.sequence += len(data)
        c.unseen += data
        self.put(tcp(WEB, c.port, PSH | ACK, c.sequence - len(data), c.wanted, data))

    def send_again(self, c):
        """What may be lost: a client has a share of the buffers, and a burst may be more than that."""
        if c.unseen and not c.closed:
            self.put(tcp(WEB, c.port, PSH | ACK, c.sequence - len(c.unseen), c.wanted, c.unseen))

    def talk(self, request, seconds=10):
        """What comes back on a connection until the server ends it, or the time."""
        c = self.connect()
        self.send(c, request)
        end = time.monotonic() + seconds
        while not c.closed and time.monotonic() < end:
            self.take(0.2)
        self.put(tcp(WEB, c.port, RST, c.sequence, 0))
        del self.connections[c.port]
        return c.data

    def get(self, path):
        return self.talk(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    def echo(self, payload):
        """Its echo, after up to three tries, since a datagram may get lost."""
        self.next_port += 1
        for _ in range(3):
            self.put(udp(ECHO, 7, payload, self.next_port))
            end = time.monotonic() + 2
            while self.next_port not in self.echoes and time.monotonic() < end:
                self.take(0.1)
            if self.next_port in self.echoes:
                return self.echoes.pop(self.next_port)
        return None
