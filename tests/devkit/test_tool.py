# SPDX-License-Identifier: BSD-2-Clause
"""What the microkit tool refuses, and what it says: each rule by the smallest system
that breaks it. What is refused here is refused by the official tool too, but for what
only the development SDK lacks."""
import os
import re
import subprocess

import pytest
from sdks import BOARD, BUILD
from systems import BY_NAME, compile_program

PROGRAM = BY_NAME["console"].folder / "program.c"

MR = '<memory_region name="m" size="0x1000"/>\n'
MAP = '<map mr="m" vaddr="0x4000000"/>\n'


def pd(inside="", name="a", **attributes):
    """What is inside begins in the next line."""
    text = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<protection_domain name="{name}"{text}><program_image path="hello.elf"/>\n' \
        + (inside + "\n" if inside else "") + "</protection_domain>\n"


TWO = pd() + pd(name="b", priority="1")


def channel(a='pd="a" id="1"', b='pd="b" id="1"', attributes=""):
    return f"<channel{attributes}><end {a}/><end {b}/></channel>"


# name, what stands between <system> and </system>, what is said, does the official
# tool refuse it as well
REFUSED = [
    # the file
    ("not_xml", "<map", "s.system:3:1: not well-formed XML: not well-formed (invalid token)", True),
    ("text", "hello", "s.system:2:1: unexpected text in element 'system'", True),
    ("no_pd", "", "s.system: there is no protection domain", True),
    ("element", "<protection_domian/>",
     "s.system:2:1: invalid element 'protection_domian' in 'system'\n"
     "  did you mean 'protection_domain'?", True),
    ("element_in_pd", pd("<mapp/>"),
     "s.system:3:1: invalid element 'mapp' in 'protection_domain'\n"
     "  did you mean 'map'?", True),
    ("root_vm", pd() + '<virtual_machine name="v"/>',
     "s.system:4:1: the development SDK has no virtual machines", True),
    ("vm", pd('<virtual_machine name="v"><vcpu id="0"/></virtual_machine>'),
     "s.system:3:1: a: the development SDK has no virtual machines", False),
    ("domains", pd() + "<domain_schedule/>",
     "s.system:4:1: the development SDK has no scheduling domains", True),
    # protection domains
    ("pd_attribute", pd(prioritty="3"),
     "s.system:2:1: invalid attribute 'prioritty' on element 'protection_domain'\n"
     "  did you mean 'priority'?", True),
    ("pd_cpu", pd(cpu="1"),
     "s.system:2:1: invalid attribute 'cpu' on element 'protection_domain'\n"
     "  the development SDK has one core", True),
    ("pd_smc", pd(smc="true"),
     "s.system:2:1: a: the development SDK has no secure monitor calls (smc)", True),
    ("pd_no_name", '<protection_domain><program_image path="hello.elf"/></protection_domain>',
     "s.system:2:1: element 'protection_domain' needs the attribute 'name'", True),
    ("pd_name", '<protection_domain name="' + 64 * "n" + '"><program_image path="hello.elf"/>'
     "</protection_domain>",
     "s.system:2:1: protection domain '" + 64 * "n" + "': the name is longer than 63 bytes", False),
    ("pd_twice", pd() + pd(),
     "s.system:4:1: a second protection domain 'a'\n"
     "  the first is in line 2", True),
    ("pd_too_many", "".join(f'<protection_domain name="p{i}"><program_image path="hello.elf"/>'
                            "</protection_domain>\n" for i in range(64)),
     "s.system:65:1: 64 protection domains, the most is 63", True),
    ("pd_priority", pd(priority="255"), "s.system:2:1: a: priority 255 is not from 0 to 254", True),
    ("pd_priority_text", pd(priority="-1"),
     "s.system:2:1: priority '-1' on element 'protection_domain' is not a number\n"
     "  decimal, or hexadecimal after 0x; at most 64 bits", True),
    ("pd_budget", pd(budget="2000", period="1000"),
     "s.system:2:1: a: budget 2000 is more than the period 1000", True),
    ("pd_budget_default", pd(period="999"),
     "s.system:2:1: a: budget 1000 is more than the period 999", True),
    ("pd_budget_0", pd(budget="0"), "s.system:2:1: a: budget must not be 0", False),
    ("pd_passive", pd(passive="yes"),
     "s.system:2:1: passive 'yes' on element 'protection_domain' must be 'true' or 'false'", True),
    ("pd_small_stack", pd(stack_size="0x800"),
     "s.system:2:1: a: stack_size 0x800 is not from 0x1000 to 0x1000000", True),
    ("pd_large_stack", pd(stack_size="0x1001000"),
     "s.system:2:1: a: stack_size 0x1001000 is not from 0x1000 to 0x1000000", True),
    ("pd_unaligned_stack", pd(stack_size="0x1001"),
     "s.system:2:1: a: stack_size 0x1001 is not a multiple of the page size 0x1000", True),
    ("pd_root_id", pd(id="1"),
     "s.system:2:1: invalid attribute 'id' on element 'protection_domain'", True),
    ("child_no_id", pd('<protection_domain name="b"><program_image path="hello.elf"/>'
                       "</protection_domain>"),
     "s.system:3:1: element 'protection_domain' needs the attribute 'id'", True),
    ("child_id", pd('<protection_domain name="b" id="62"><program_image path="hello.elf"/>'
                    "</protection_domain>"),
     "s.system:3:1: id '62' on element 'protection_domain' is not a number from 0 to 61", False),
    ("child_id_twice", pd("".join(f'\n<protection_domain name="{n}" id="1">'
                                  '<program_image path="hello.elf"/></protection_domain>'
                                  for n in "bc")),
     "s.system:5:1: a: 'c' has the id 1 of 'b'", True),
    # programs
    ("no_program", '<protection_domain name="a"></protection_domain>',
     "s.system:2:1: a: there is no program_image", True),
    ("two_programs", pd('<program_image path="hello.elf"/>'),
     "s.system:3:1: a: a second program_image\n"
     "  the first is in line 2", True),
    ("program_attribute", '<protection_domain name="a"><program_image path="hello.elf" x="1"/>'
     "</protection_domain>",
     "s.system:2:29: invalid attribute 'x' on element 'program_image'", True),
    ("program_no_path", '<protection_domain name="a"><program_image/></protection_domain>',
     "s.system:2:29: element 'program_image' needs the attribute 'path'", True),
    ("program_missing", '<protection_domain name="a"><program_image path="b.elf"/>'
     "</protection_domain>",
     "s.system:2:29: a: there is no program 'b.elf'\n  not in .\n  not in elsewhere", True),
    ("program_not_elf", '<protection_domain name="a"><program_image path="s.system"/>'
     "</protection_domain>",
     "s.system:2:29: a: './s.system': not an ELF file", True),
    # memory regions
    ("mr_attribute", pd() + '<memory_region name="m" size="0x1000" page_count="1"/>',
     "s.system:4:1: invalid attribute 'page_count' on element 'memory_region'", True),
    ("mr_no_name", pd() + '<memory_region size="0x1000"/>',
     "s.system:4:1: element 'memory_region' needs the attribute 'name'", True),
    ("mr_no_size", pd() + '<memory_region name="m"/>',
     "s.system:4:1: element 'memory_region' needs the attribute 'size'", True),
    ("mr_size", pd() + '<memory_region name="m" size="0x12345"/>',
     "s.system:4:1: memory region 'm': size 0x12345 is not a multiple of the page size 0x1000",
     True),
    ("mr_size_text", pd() + '<memory_region name="m" size="0x1000q"/>',
     "s.system:4:1: size '0x1000q' on element 'memory_region' is not a number\n"
     "  decimal, or hexadecimal after 0x; at most 64 bits", True),
    ("mr_size_0", pd() + '<memory_region name="m" size="0"/>',
     "s.system:4:1: memory region 'm': size must not be 0", False),
    ("mr_page_size", pd() + '<memory_region name="m" size="0x200000" page_size="0x100000"/>',
     "s.system:4:1: memory region 'm': page_size 0x100000 is not supported\n"
     "  0x1000 or 0x200000", True),
    ("mr_phys_addr", pd() + '<memory_region name="m" size="0x1000" phys_addr="0x9000800"/>',
     "s.system:4:1: memory region 'm': phys_addr 0x9000800 is not a multiple of the page size "
     "0x1000", True),
    ("mr_twice", pd(MAP) + MR + MR,
     "s.system:7:1: a second memory region 'm'\n"
     "  the first is in line 6", True),
    ("mr_overlap", pd(MAP + '<map mr="n" vaddr="0x5000000"/>') +
     '<memory_region name="m" size="0x2000" phys_addr="0x9000000"/>'
     '\n<memory_region name="n" size="0x1000" phys_addr="0x9001000"/>',
     "s.system:7:1: memory region 'n' at [0x9001000..0x9002000) overlaps 'm' at "
     "[0x9000000..0x9002000)", True),
    ("mr_kernel", pd(MAP) + '<memory_region name="m" size="0x1000" phys_addr="0x60000000"/>',
     "s.system:6:1: memory region 'm' at [0x60000000..0x60001000) overlaps the kernel at "
     "[0x60000000..0x60400000)", True),
    ("mr_gic", pd(MAP) + '<memory_region name="m" size="0x1000" phys_addr="0x8000000"/>',
     "s.system:6:1: memory region 'm' at [0x8000000..0x8001000) overlaps the interrupt "
     "controller at [0x8000000..0x8020000)", True),
    ("mr_image", pd(MAP) + '<memory_region name="m" size="0x1000" phys_addr="0x70000000"/>',
     "s.system:6:1: memory region 'm' at [0x70000000..0x70001000) overlaps the image as it is "
     "loaded at [0x70000000..0x78000000)", False),
    ("mr_edge", pd(MAP) + '<memory_region name="m" size="0x2000" phys_addr="0xbffff000"/>',
     "s.system:6:1: memory region 'm' at [0xbffff000..0xc0001000) is partly in memory\n"
     "  memory is [0x60000000..0xc0000000)", False),
    ("mr_beyond", pd(MAP) + '<memory_region name="m" size="0x1000" phys_addr="0x10000000000"/>',
     "s.system:6:1: memory region 'm': phys_addr 0x10000000000 is beyond 40 bits", True),
    ("mr_too_large", pd(MAP) + '<memory_region name="m" size="0x80000000"/>',
     "microkit: no room in memory for m (0x80000000 bytes)", True),
    # maps
    ("map_attribute", MR + pd('<map mr="m" vaddr="0x4000000" prems="r"/>'),
     "s.system:4:1: invalid attribute 'prems' on element 'map'\n"
     "  did you mean 'perms'?", True),
    ("map_no_mr", MR + pd('<map vaddr="0x4000000"/>'),
     "s.system:4:1: element 'map' needs the attribute 'mr'", True),
    ("map_no_vaddr", MR + pd('<map mr="m"/>'),
     "s.system:4:1: element 'map' needs the attribute 'vaddr'", True),
    ("map_unknown", '<memory_region name="rings" size="0x1000"/>' +
     pd('<map mr="ring" vaddr="0x4000000"/>'),
     "s.system:3:1: a: there is no memory region 'ring'\n"
     "  did you mean 'rings'?", True),
    ("map_unaligned", MR + pd('<map mr="m" vaddr="0x4000800"/>'),
     "s.system:4:1: a: vaddr 0x4000800 of 'm' is not a multiple of its page size 0x1000", True),
    ("map_perms", MR + pd('<map mr="m" vaddr="0x4000000" perms="rwz"/>'),
     "s.system:4:1: a: perms 'rwz' must be a combination of 'r', 'w' and 'x'", True),
    ("map_write_only", MR + pd('<map mr="m" vaddr="0x4000000" perms="w"/>'),
     "s.system:4:1: a: perms 'w' is not possible, write-only mappings are not allowed\n"
     "  'rw'?",
     True),
    ("map_cached", MR + pd('<map mr="m" vaddr="0x4000000" cached="no"/>'),
     "s.system:4:1: cached 'no' on element 'map' must be 'true' or 'false'", True),
    ("map_overlap", MR + pd(MAP + MAP),
     "s.system:5:1: a: 'm' at [0x4000000..0x4001000) overlaps 'm' at [0x4000000..0x4001000)",
     True),
    ("map_program", MR + pd('<map mr="m" vaddr="0x200000"/>'),
     "s.system:4:1: a: 'm' at [0x200000..0x201000) overlaps the program 'hello.elf'", True),
    ("map_stack", MR + pd('<map mr="m" vaddr="0xfffffff000"/>'),
     "s.system:4:1: a: vaddr 0xfffffff000 must be less than 0xfffffff000, where the stack begins",
     True),
    ("map_into_stack", '<memory_region name="m" size="0x2000"/>' +
     pd('<map mr="m" vaddr="0xffffffe000"/>'),
     "s.system:3:1: a: 'm' at 0xffffffe000 would reach into the stack or beyond", True),
    # variables
    ("setvar_attribute", MR + pd(MAP + '<setvar symbol="x" region_paddr="m" y="1"/>'),
     "s.system:5:1: invalid attribute 'y' on element 'setvar'", True),
    ("setvar_no_region", MR + pd(MAP + '<setvar symbol="x"/>'),
     "s.system:5:1: element 'setvar' needs the attribute 'region_paddr'", True),
    ("setvar_unknown_region", MR + pd(MAP + '<setvar symbol="x" region_paddr="q"/>'),
     "s.system:5:1: a: there is no memory region 'q'", True),
    ("setvar_twice", MR + pd('<map mr="m" vaddr="0x4000000" setvar_vaddr="x" setvar_size="x"/>'),
     "s.system:4:1: a: symbol 'x' is set twice\n"
     "  first in line 4", True),
    ("setvar_no_symbol", MR + pd('<map mr="m" vaddr="0x4000000" setvar_vaddr="nowhere"/>'),
     "s.system:4:1: a: there is no symbol 'nowhere' in './hello.elf'", True),
    # interrupts
    ("irq_attribute", pd('<irq irq="40" id="1" edge="1"/>'),
     "s.system:3:1: invalid attribute 'edge' on element 'irq'", True),
    ("irq_no_number", pd('<irq id="1"/>'),
     "s.system:3:1: element 'irq' needs the attribute 'irq'", True),
    ("irq_id_62", pd('<irq irq="40" id="62"/>'),
     "s.system:3:1: id '62' on element 'irq' is not a number from 0 to 61", True),
    ("irq_id_negative", pd('<irq irq="40" id="-1"/>'),
     "s.system:3:1: id '-1' on element 'irq' is not a number from 0 to 61", True),
    ("irq_number", pd('<irq irq="288" id="1"/>'),
     "s.system:3:1: irq '288' on element 'irq' is not a number from 0 to 287", False),
    ("irq_kernel", pd('<irq irq="26" id="1"/>'),
     "s.system:3:1: a: irq 26 belongs to the kernel", False),
    ("irq_trigger", pd('<irq irq="40" id="1" trigger="rising"/>'),
     "s.system:3:1: a: trigger 'rising' must be 'level' or 'edge'", True),
    ("irq_twice", pd('<irq irq="40" id="1"/><irq irq="40" id="2"/>'),
     "s.system:3:23: a: irq 40 is used twice\n"
     "  first in line 3", True),
    ("irq_id_twice", pd('<irq irq="40" id="1"/><irq irq="41" id="1"/>'),
     "s.system:3:23: a: id 1 is used twice\n"
     "  first in line 3", True),
    # channels
    ("channel_attribute", TWO + channel(attributes=' pp="true"'),
     "s.system:6:1: invalid attribute 'pp' on element 'channel'", True),
    ("channel_element", TWO + "<channel><ende/></channel>",
     "s.system:6:10: invalid element 'ende' in 'channel'\n"
     "  did you mean 'end'?\n"
     "s.system:6:1: a channel has exactly two ends, not 0", True),
    ("channel_one_end", TWO + '<channel><end pd="a" id="1"/></channel>',
     "s.system:6:1: a channel has exactly two ends, not 1", True),
    ("channel_three_ends", TWO + '<channel><end pd="a" id="1"/><end pd="b" id="1"/>'
     '<end pd="b" id="2"/></channel>',
     "s.system:6:1: a channel has exactly two ends, not 3", True),
    ("end_attribute", TWO + channel(a='pd="a" id="1" x="1"'),
     "s.system:6:10: invalid attribute 'x' on element 'end'", True),
    ("end_no_pd", TWO + channel(a='id="1"'),
     "s.system:6:10: element 'end' needs the attribute 'pd'", True),
    ("end_no_id", TWO + channel(a='pd="a"'),
     "s.system:6:10: element 'end' needs the attribute 'id'", True),
    ("end_unknown_pd", TWO + channel(a='pd="c" id="1"'),
     "s.system:6:10: there is no protection domain 'c'", True),
    ("end_id_62", TWO + channel(a='pd="a" id="62"'),
     "s.system:6:10: id '62' on element 'end' is not a number from 0 to 61", True),
    ("end_id_twice", TWO + channel() + "\n" + channel(a='pd="a" id="1"', b='pd="b" id="2"'),
     "s.system:7:10: a: id 1 is used twice\n"
     "  first in line 6", True),
    ("end_pp_value", TWO + channel(a='pd="a" id="1" pp="1"'),
     "s.system:6:10: pp '1' on element 'end' must be 'true' or 'false'", True),
    ("end_notify_value", TWO + channel(a='pd="a" id="1" notify="1"'),
     "s.system:6:10: notify '1' on element 'end' must be 'true' or 'false'", True),
    ("pp_both", TWO + channel(a='pd="a" id="1" pp="true"', b='pd="b" id="1" pp="true"'),
     "s.system:6:1: only one end of a channel may have pp", True),
    ("pp_down", TWO + channel(b='pd="b" id="1" pp="true"'),
     "s.system:6:30: b: pp to 'a', whose priority 0 is not above 1", True),
]


@pytest.fixture(scope="session")
def folder(sdk):
    """Per SDK: hello.elf, and an empty folder to search."""
    path = BUILD / "conformance" / str(sdk) / "tool"
    (path / "elsewhere").mkdir(parents=True, exist_ok=True)
    compile_program(sdk, PROGRAM, path / "hello.elf")
    return path


def run(sdk, folder, inside, *arguments):
    (folder / "s.system").write_text(f"<system>\n{inside}\n</system>\n")
    (folder / "loader.img").unlink(missing_ok=True)
    return sdk.microkit("s.system", *arguments, "--search-path", "elsewhere", cwd=folder)


# What 2.3.0 takes, and 2.0.1 and the development SDK do not.
NEW_IN_2_3 = {"pd_smc": "its board has secure monitor calls", "mr_kernel": "its kernel lies elsewhere"}


def is_like_2_0(sdk):
    return sdk.version.startswith("2.0.")


@pytest.mark.parametrize("name, inside, said, both", REFUSED, ids=[r[0] for r in REFUSED])
def test_refused(sdk, folder, name, inside, said, both):
    done = run(sdk, folder, inside)
    if sdk.is_devkit:
        assert done.stderr == said + "\n"
        assert done.returncode == 1
        assert not (folder / "loader.img").exists()
    elif both and (is_like_2_0(sdk) or name not in NEW_IN_2_3):
        assert done.returncode != 0
    else:
        assert done.returncode == 0, "not a rule of the development SDK's own: say so"


def test_accepted(sdk, folder):
    """One of everything, in all the forms that numbers have."""
    done = run(sdk, folder, """
        <!-- comments are nothing -->
        <memory_region name="m" size="0x40_0000" page_size="2_097_152"/>
        <memory_region name="n" size="4096" phys_addr="0x9000000"/>
        <protection_domain name="a" priority="254" budget="100" period="0x3e8" passive="false"
                           stack_size="0x1000000">
            <program_image path="hello.elf"/>
            <map mr="m" vaddr="0x4000000" perms="rx" cached="true"/>
            <map mr="n" vaddr="0x6000000" perms="wr" cached="false" setvar_vaddr="microkit_pps"/>
            <irq irq="33" id="61" trigger="edge"/>
            <irq irq="34" id="60"/>
            <protection_domain name="b" id="61"><program_image path="hello.elf"/>
                <setvar symbol="microkit_irqs" region_paddr="m"/>
                <protection_domain name="c" id="61"><program_image path="hello.elf"/>
                </protection_domain>
            </protection_domain>
        </protection_domain>
        <channel><end pd="a" id="0" notify="false"/><end pd="b" id="61" pp="true"/></channel>
    """)
    assert done.returncode == 0, done.stderr
    assert (folder / "loader.img").stat().st_size > 0


def test_report(sdk, folder):
    """The lines that a tool that counts instructions looks for; 2.3.0 has others."""
    assert run(sdk, folder, pd(), "-r", "there.txt").returncode == 0
    regions = re.findall(r"<Region name=PD-ELF (\S+)-\d+ addr=0x([0-9a-f]+) size=(\d+)>",
                         (folder / "there.txt").read_text())
    assert [name for name, _, _ in regions] == (["a", "a"] if is_like_2_0(sdk) else [])


def test_unmapped_region_is_a_warning(devkit, tmp_path):
    compile_program(devkit, PROGRAM, tmp_path / "hello.elf")
    done = run(devkit, tmp_path, MR + pd())
    assert done.stderr == "s.system:2:1: warning: memory region 'm' is not mapped\n"
    assert done.returncode == 0


USAGE = "usage: microkit [-h] [-o OUTPUT] [-r REPORT] --board BOARD --config CONFIG " \
    "[--search-path [SEARCH_PATH ...]] system\n"


@pytest.mark.parametrize("arguments, said", [
    (["s.system"], "the following arguments are required: --board, --config"),
    (["--board", BOARD, "--config", "debug"], "the following arguments are required: system"),
    (["a", "b", "--board", BOARD, "--config", "debug"], "unrecognised arguments: b"),
    (["a", "--board", BOARD, "--config", "debug", "-o"],
     "argument -o/--output: expected one argument"),
    (["a", "--board", BOARD, "--config"], "argument --config: expected one argument"),
    (["a", "--board", BOARD, "--config", "fast"],
     "argument --config: invalid choice: 'fast'"),
])
def test_command_line(sdk, arguments, said):
    env = {k: v for k, v in os.environ.items() if k != "MICROKIT_SDK"}
    done = subprocess.run([sdk.path / "bin" / "microkit", *arguments], env=env, text=True,
                          capture_output=True)
    assert not is_like_2_0(sdk) or f"microkit: error: {said}" in done.stdout + done.stderr
    assert done.returncode == 1


def test_unknown_board(devkit):
    done = subprocess.run([devkit.path / "bin" / "microkit", "a", "--board", "zcu102", "--config",
                           "debug"], text=True, capture_output=True)
    assert done.stderr == USAGE + "microkit: error: argument --board: invalid choice: 'zcu102' " \
        f"(choose from: {BOARD})\n"


def test_missing_system_file(devkit, tmp_path):
    done = devkit.microkit("none.system", cwd=tmp_path)
    assert done.stderr == "none.system: cannot be read: No such file or directory\n"
