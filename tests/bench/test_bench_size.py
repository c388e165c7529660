# SPDX-License-Identifier: BSD-2-Clause
"""The web server's system stays within 4 MiB beside the site's cache, on each SDK."""
import json
import subprocess
import xml.etree.ElementTree as xml

import pytest

from sdks import BOARD, BUILD, ROOT, SDKS

LIMIT = 4096  # KiB


def measure(sdk, out, *options):
    done = subprocess.run(
        [BUILD / "bench" / "bench", "measure", f"kind={sdk}", f"sdk={sdk.path}", "config=debug",
         f"quoll={BUILD}/tool/quoll", f"dtb={BUILD}/boards/{BOARD}.dtb",
         f"programs={sdk.out}/example/programs:{sdk.programs}", f"out={out}", f"json={out}/size.json", *options, "size"],
        cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=SDKS, ids=str)
def measured(request, tmp_path_factory):
    sdk, out = request.param, tmp_path_factory.mktemp("size")
    measure(sdk, out)
    return out, json.loads((out / "size.json").read_text())[str(sdk)]["size"]


def test_beside_the_cache(measured):
    sizes = measured[1]["web server, KiB"]["median"]
    assert sizes["of these, the cache"] == 16 << 10
    assert 2048 < sizes["beside the cache"] <= LIMIT


def pages(size):
    return (size + 4095) // 4096 * 4


def program(path):
    """KiB of the loaded segments, by readelf."""
    lines = subprocess.run(["readelf", "-lW", path], capture_output=True, text=True, check=True).stdout.splitlines()
    return sum(pages(int(line.split()[5], 16)) for line in lines if line.split()[:1] == ["LOAD"])


def test_what_is_counted(measured):
    """The last system composed, with two echo servers, counted once more."""
    out, sizes = measured
    tree = xml.parse(out / "size" / "system.system").getroot()
    domains = [pd for pd in tree.iter("protection_domain")]
    regions = sum(int(r.get("size"), 0) for r in tree.iter("memory_region") if r.get("phys_addr") is None) // 1024
    programs = sum(program(out / "size" / f"{pd.get('name')}.elf") for pd in domains)
    stacks = sum(int(pd.get("stack_size"), 0) for pd in domains) // 1024
    one, another = sizes["echo server, KiB"]["median"], sizes["another client, KiB"]["median"]
    assert (programs, regions) == tuple(one[part] + another[part] for part in ("programs", "regions"))
    assert programs + regions + stacks == one["total"] + another["total"]


def test_a_part_of_a_set_is_not_kept(tmp_path):
    """It would be taken for the whole of it."""
    (tmp_path / "size.json").write_text('{"mine": {}}')
    measure(SDKS[0], tmp_path, "only=web")
    assert (tmp_path / "size.json").read_text() == '{"mine": {}}'
