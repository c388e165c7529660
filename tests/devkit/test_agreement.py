# SPDX-License-Identifier: BSD-2-Clause
"""The tool takes and refuses what the official one (2.0.1) does: some hundred variations
of one description, each given to both. DIFFERENT says where they differ, and why."""
import os
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sdks import BUILD, DEVKIT, NO_OFFICIAL, OFFICIAL
from systems import BY_NAME, compile_program

REFERENCE = next((sdk for sdk in OFFICIAL if sdk.version.startswith("2.0.")), None)
PROGRAM = BY_NAME["console"].folder / "program.c"

DESCRIPTION = """<system>
<memory_region name="m" size="0x400000" page_size="0x200000"/>
<memory_region name="n" size="0x1000" phys_addr="0x9000000"/>
<protection_domain name="a" priority="200" budget="100" period="1000" passive="false" stack_size="0x2000">
<program_image path="program.elf"/>
<map mr="m" vaddr="0x4000000" perms="rx" cached="true"/>
<map mr="n" vaddr="0x6000000" perms="rw" cached="false" setvar_vaddr="microkit_pps" setvar_size="microkit_irqs"/>
<irq irq="33" id="61" trigger="edge"/>
<protection_domain name="b" id="3" priority="100"><program_image path="program.elf"/>
<setvar symbol="microkit_notifications" region_paddr="m"/>
</protection_domain>
</protection_domain>
<channel><end pd="a" id="0" notify="false"/><end pd="b" id="60" pp="true"/></channel>
</system>
"""
VALUES = ["", "0", "1", "-1", "+1", "0x", "0X10", "010", "1_0", "_1", "0x_10", " 1", "1 ", "1.0",
          "true", "TRUE", "yes", "61", "62", "63", "254", "255", "256", "1000", "4096", "4097",
          "0x200000", "0x1000000", "0x1001000", "0x60000000", "0xfffffff000", "0x10000000000",
          "18446744073709551615", "18446744073709551616", "a", "b", "m", "n", "r", "w", "x", "wr",
          "rwx", "rr", "level", "Edge"]

# What is taken by one only: a pattern of the variation, who refuses it, and why.
DIFFERENT = [
    ("line 4 budget is '0'", "devkit", "a PD that never runs"),
    (r"line 8 irq is '(0|\+?1|010)'", "devkit", "interrupts that no device has"),
    (r"line 8 irq is '(1000|409[67]|18446744073709551615)'", "devkit",
     "beyond the interrupts of the board"),
    (r"line 9 id is '(6[23]|25[456]|18446744073709551615)'", "devkit",
     "children that the parent has no capability for"),
]


def variations():
    """name: description, each with one thing changed."""
    found = {"as it is": DESCRIPTION}
    lines = DESCRIPTION.splitlines(keepends=True)
    for at, line in enumerate(lines):
        for match in re.finditer(r' (\w+)="([^"]*)"', line):
            def put(text, line=line, match=match, at=at):
                new = line[:match.start()] + text + line[match.end():]
                return "".join(lines[:at] + [new] + lines[at + 1:])
            label = f"line {at + 1} {match[1]}"
            found[f"{label} is not there"] = put("")
            found[f"{label} is there twice"] = put(match[0] + match[0])
            found[f"{label} has another name"] = put(f' {match[1]}x="{match[2]}"')
            for value in VALUES:
                found[f"{label} is '{value}'"] = put(f' {match[1]}="{value}"')
        if line.endswith("/>\n"):
            found[f"line {at + 1} is not there"] = "".join(lines[:at] + lines[at + 1:])
            found[f"line {at + 1} is there twice"] = "".join(lines[:at] + [line] + lines[at:])
    return found


def takes(sdk, elf, description):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "s.system").write_text(description)
        return sdk.microkit("s.system", "--search-path", elf.parent, cwd=folder).returncode == 0


@pytest.mark.skipif(not DEVKIT or not REFERENCE, reason=NO_OFFICIAL + " 2.0.1")
def test_same_descriptions_taken():
    elfs = {}
    for sdk in DEVKIT, REFERENCE:
        elfs[sdk] = BUILD / "conformance" / str(sdk) / "agreement" / "program.elf"
        elfs[sdk].parent.mkdir(parents=True, exist_ok=True)
        compile_program(sdk, PROGRAM, elfs[sdk])
    cases = variations()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = {sdk: dict(zip(cases, pool.map(lambda text, sdk=sdk: takes(sdk, elfs[sdk], text),
                                                 cases.values())))
                   for sdk in (DEVKIT, REFERENCE)}
    differing = {name: "devkit" if answers[REFERENCE][name] else "official" for name in cases
                 if answers[DEVKIT][name] != answers[REFERENCE][name]}
    unknown = [f"{name}: refused by {who} only" for name, who in differing.items()
               if not any(re.fullmatch(pattern, name) and who == refuses
                          for pattern, refuses, _ in DIFFERENT)]
    assert not unknown, "\n".join(unknown)
    assert sum(answers[REFERENCE].values()) > 100 and not all(answers[REFERENCE].values())
