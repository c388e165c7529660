# SPDX-License-Identifier: BSD-2-Clause
"""ports.py NAME=PROTOCOL:PORT...: fail, naming the culprit, unless all ports are free."""

import errno
import socket
import sys

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def complaint(name, protocol, text):
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        return f"{name}={text}: a port is a number from 1 to 65535"
    with socket.socket(socket.AF_INET, KINDS[protocol]) as s:
        if protocol == "tcp":  # as QEMU does: a port that was just in use is free
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", int(text)))
        except OSError as error:
            why = {
                errno.EADDRINUSE: "is in use by another program",
                errno.EACCES: "may be used by root only",
            }.get(error.errno, f"cannot be used: {error.strerror}")
            return (f"{protocol.upper()} port {text} of this machine {why}; "
                    f"choose another one: make run {name}=NUMBER")
    return None


def main():
    found = []
    seen = set()
    for argument in sys.argv[1:]:
        name, rest = argument.split("=", 1)
        protocol, port = rest.split(":", 1)
        found.append(complaint(name, protocol, port))
        if (protocol, port) in seen:
            found.append(f"{name}={port}: another setting has this {protocol.upper()} port already")
        seen.add((protocol, port))
    found = [text for text in found if text]
    for text in found:
        print(f"run: {text}", file=sys.stderr)
    sys.exit(1 if found else 0)


main()
