# SPDX-License-Identifier: BSD-2-Clause
"""Prints the table promise x kernel, and writes it to build/conformance.txt."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from systems import BUILD, SYSTEMS, run
from sdks import NO_OFFICIAL, OFFICIAL, SDKS


def verdict(sdk, system):
    """One word, and what there is to say about it."""
    try:
        wrong = run(sdk, system)
    except (AssertionError, OSError) as error:
        wrong = str(error)
    if wrong:
        return "FAILS", wrong.splitlines()[0]
    how = system.differences.get(str(sdk))
    return ("differs", how) if how else ("pass", "")


def table(results):
    width = max(len(system.name) for system in SYSTEMS)
    lines = [" " * width + "".join(f"  {sdk.kernel:<12}" for sdk in SDKS) + "  promise"]
    for system in SYSTEMS:
        words = "".join(f"  {results[sdk, system][0]:<12}" for sdk in SDKS)
        lines.append(f"{system.name:<{width}}{words}  {system.promise}")
    for what in "differs", "FAILS":
        for (sdk, system), (word, why) in results.items():
            if word == what:
                lines.append(f"{what}: {system.name}, {sdk.kernel}: {why}")
    if not OFFICIAL:
        lines.append(f"seL4: not run: {NO_OFFICIAL}")
    return lines


def main():
    cases = [(sdk, system) for system in SYSTEMS for sdk in SDKS]
    with ThreadPoolExecutor(min(2, os.cpu_count())) as pool:
        results = dict(zip(cases, pool.map(lambda case: verdict(*case), cases)))
    text = "\n".join(line.rstrip() for line in table(results)) + "\n"
    Path(BUILD / "conformance.txt").write_text(text)
    print(text, end="")
    return any(word == "FAILS" for word, _ in results.values())


if __name__ == "__main__":
    sys.exit(main())
