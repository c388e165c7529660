# SPDX-License-Identifier: BSD-2-Clause
"""One console, three clients."""

import time

# What the emulator says where a guest waits for nothing, in the middle of a line of its.
AT_REST = "qemu-system-aarch64: warning: icount sleep disabled and no active timers\n"
FLOOD = "flood: f{1,256}"


def test_each_line_has_its_own_client_and_nothing_is_lost(boot):
    machine = boot("serial")
    machine.wait_for("polite: line 40 of 40", "forger: forger done")
    while machine.text.count("f" * 16) < 20000 / 16 - 100 and machine.process.poll() is None:
        time.sleep(0.1)
    text = machine.text.replace(AT_REST, "")
    lines = [line for line in text.splitlines() if line.startswith(("polite: ", "forger: ", "flood: "))]
    said = {name: [line.removeprefix(f"{name}: ") for line in lines if line.startswith(f"{name}: ")]
            for name in ("polite", "forger", "flood")}
    assert said["polite"] == ["hello from polite, pd 2",
                              *[f"line {n} of 40" for n in range(1, 20)], "x" * 256, "x" * 44,
                              *[f"line {n} of 40" for n in range(21, 41)]]
    assert said["forger"] == ["?[2J?[32mpolite?[0m: I owe forger money",
                              "?polite: a carriage return",
                              "????????polite: backspaces",
                              "??31m?31m C1 controls",
                              "tab\there, bell?, ???right to left",
                              "forger done"]
    assert all(line == "f" * len(line) and len(line) <= 256 for line in said["flood"])


def test_names_are_coloured_and_no_other_control_sequence_gets_through(boot):
    machine = boot("serial")
    machine.wait_for("forger: forger done")
    raw = machine.raw.decode("latin-1").rpartition("\n")[0]
    start = min(raw.index(f"\x1b[3{colour}m{name}\x1b[0m: ") for colour, name in
                ((1, "polite"), (2, "forger"), (3, "flood"))
                if f"\x1b[3{colour}m{name}\x1b[0m: " in raw)
    for piece in raw[start:].split("\x1b")[1:]:
        assert piece.startswith(("[0m", "[31mpolite", "[32mforger", "[33mflood"))
    assert all(c in "\r\n\t\x1b" or " " <= c <= "~" for c in raw[start:])
