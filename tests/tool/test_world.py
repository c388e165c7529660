# SPDX-License-Identifier: BSD-2-Clause
"""What the command says when the world is not as it must be: SDK, board, device tree,
programs, drivers, the command line."""

import struct
import subprocess

import pytest
from conftest import CNTP_WRITE, DRIVERS, PLAIN, assemble, driver, make_sdk
from test_messages import clients, devices, said

EMPTY = "board: qemu_virt_aarch64\ndevices: {}\nclients: {}\n"
WEB = clients("  web: {program: web.elf}")
CONSOLE = devices("  console: {class: serial, node: /pl011@9000000}")
HELP = "; see quoll help\n"


@pytest.fixture
def own(tool):
    """A tool with a directory of programs of its own that is looked through first."""
    path = tool.directory / "own"
    path.mkdir()
    tool.programs.insert(0, path)
    return path


# ---- The command line ----

@pytest.mark.parametrize("words, message", [
    (["frob"], "quoll: unknown command 'frob'" + HELP),
    (["build"], "quoll: the system file is missing" + HELP),
    (["build", "a", "b"], "quoll: two system files: a and b\n"),
    (["build", "a"], "quoll: --dtb is missing" + HELP),
    (["build", "a", "--dtb"], "quoll: --dtb needs a value" + HELP),
    (["build", "a", "--dtb", "b"], "quoll: --sdk is missing" + HELP),
    (["build", "a", "--dtb", "b", "--sdk", "c"], "quoll: --config is missing" + HELP),
    (["build", "a", "--config", "fast"],
     "quoll: --config fast: it must be debug, release or benchmark\n"),
    (["build", "a", "--dtb", "b", "--sdk", "c", "--config", "debug"],
     "quoll: --programs is missing" + HELP),
    (["build", "a", "--dtb", "b", "--sdk", "c", "--config", "debug", "--programs", "d"],
     "quoll: -o is missing" + HELP),
    (["build", "--program", "x"], "quoll: unknown option --program; did you mean --programs?\n"),
    (["build", "--verbose", "x"], "quoll: unknown option --verbose; see quoll help\n"),
    (["build", "--shuffle", "-1"], "quoll: --shuffle -1: it must be a number\n"),
    (["build", "--shuffle", "1x"], "quoll: --shuffle 1x: it must be a number\n"),
    (["build", "--disk", "site.img"], "quoll: --disk site.img: it must be NAME=IMAGE\n"),
    (["build", "--disk", "=site.img"], "quoll: --disk =site.img: it must be NAME=IMAGE\n"),
])
def test_command_line(tool, words, message):
    done = tool.run(*words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


def test_help(tool):
    done = tool.run("help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("quoll - put a system of device drivers and clients together\n")
    for option in ("--dtb", "--sdk", "--config", "--programs", "--disk", "--shuffle", "-o"):
        assert f"  {option} " in done.stdout


def test_no_description(tool):
    assert tool.run("check", *tool.arguments()).stderr == "system.yaml: No such file or directory\n"


# ---- The SDK ----

def test_no_sdk(tool):
    tool.sdk = "nowhere"
    assert tool.check(EMPTY).stderr == (
        "quoll: there is no Microkit SDK in nowhere: no such directory\n")


def test_sdk_without_version(tool):
    tool.sdk = make_sdk(tool.directory / "sdk")
    (tool.sdk / "VERSION").unlink()
    assert said(tool, tool.check(EMPTY)) == "quoll: SDK is not a Microkit SDK: it has no VERSION\n"


def test_sdk_without_tool(tool):
    tool.sdk = make_sdk(tool.directory / "sdk")
    (tool.sdk / "bin/microkit").unlink()
    assert said(tool, tool.check(EMPTY)) == (
        "quoll: SDK is not a Microkit SDK: it has no bin/microkit that can be run\n")


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "1.4.1", "2.01", "3.0.0"])
def test_sdk_not_supported(tool, version):
    tool.sdk = make_sdk(tool.directory / "sdk", version)
    assert said(tool, tool.check(EMPTY)) == (
        f"quoll: SDK is Microkit {version}, which Quoll does not support\n"
        "  supported: 2.0.x and 2.3.x (2.1.0 is known not to work)\n")


def test_sdk_without_board(tool):
    tool.sdk = make_sdk(tool.directory / "sdk", boards=["zcu102"])
    done = tool.check(EMPTY)
    assert said(tool, done) == (
        "quoll: the Microkit SDK 2.0.1 has no debug for qemu_virt_aarch64\n"
        "  looked for SDK/board/qemu_virt_aarch64/debug\n")
    assert done.returncode == 1


def test_development_sdk_says_so(tool):
    tool.sdk = make_sdk(tool.directory / "sdk", "2.0.1-quoll-devkit")
    done = tool.build(EMPTY)
    assert (done.returncode, done.stdout) == (0, "development kernel, not seL4: for testing only\n")
    assert "for testing only" in (tool.directory / "out/isolation.txt").read_text()


def test_microkit_fails(tool):
    tool.sdk = make_sdk(tool.directory / "sdk", microkit="#!/bin/sh\necho what I think\nexit 3\n")
    done = tool.build(EMPTY)
    assert (done.returncode, done.stderr) == (
        1, "quoll: the Microkit's tool failed; it said:\nwhat I think\n")
    assert not (tool.directory / "out").exists()


def test_microkit_fails_after_a_success(tool):
    """What an earlier run has made stays as it was."""
    assert tool.build(EMPTY).returncode == 0
    before = {p.name: p.read_bytes() for p in (tool.directory / "out").iterdir()}
    tool.sdk = make_sdk(tool.directory / "sdk", microkit="#!/bin/sh\nexit 3\n")
    assert tool.build(EMPTY).returncode == 1
    assert {p.name: p.read_bytes() for p in (tool.directory / "out").iterdir()} == before


def test_microkit_is_killed(tool):
    tool.sdk = make_sdk(tool.directory / "sdk", microkit="#!/bin/sh\nkill -9 $$\n")
    assert tool.build(EMPTY).stderr == "quoll: the Microkit's tool failed; it said:\n"
    assert not (tool.directory / "out").exists()


def test_microkit_makes_no_image(tool):
    tool.sdk = make_sdk(tool.directory / "sdk", microkit="#!/bin/sh\nexit 0\n")
    assert tool.build(EMPTY).stderr == (
        "quoll: the Microkit's tool has made no image, though it did not fail\n")
    assert not (tool.directory / "out").exists()


def test_microkit_is_called_as_its_manual_says(tool):
    tool.sdk = make_sdk(tool.directory / "sdk", microkit="#!/bin/sh\necho $0 $@\nexit 1\n")
    words = tool.build(EMPTY).stderr.splitlines()[1].split()
    out = words[3]
    assert out.startswith("out/")
    assert words == [f"{tool.sdk}/bin/microkit", f"{out}/system.system", "--search-path", out,
                     "--board", "qemu_virt_aarch64", "--config", "debug", "-o",
                     f"{out}/loader.img", "-r", f"{out}/report.txt"]


def test_output_cannot_be_made(tool):
    (tool.directory / "out").write_text("a file")
    assert tool.build(EMPTY).stderr == "quoll: out: Not a directory\n"


def test_output_among_the_programs(tool, own):
    """The next run would take the copies for programs, and two drivers would fit."""
    (tool.directory / "out").symlink_to(own)
    assert tool.build(EMPTY).stderr == (
        "quoll: -o out is a directory of --programs too: the results would be taken for "
        "programs\n")


def test_for_the_simulator(tool, own):
    """No SDK, no image; programs for this machine."""
    for name in ("supervisor.elf", "web.elf"):
        assemble(own / name, compiler="gcc")
    tool.sdk = "host"
    done = tool.build("board: qemu_virt_aarch64\ndevices: {}\nclients: {web: {program: web.elf}}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(p.name for p in (tool.directory / "out").iterdir()) == [
        "isolation.txt", "supervisor.elf", "system.json", "system.system", "web.elf"]


def test_program_not_for_the_simulator(tool):
    tool.sdk = "host"
    assert said(tool, tool.check(EMPTY)) == (
        "system.yaml: supervisor: PROGRAMS/supervisor.elf is not a program for the simulator\n")


# ---- The device tree ----

TREE = """
/dts-v1/;
/ {
    compatible = "%(board)s";
    #address-cells = <2>;
    #size-cells = <2>;
    interrupt-parent = <&gic>;
    gic: intc@8000000 { interrupt-controller; #interrupt-cells = <3>; reg = <0 0x8000000 0 0x1000>; };
    pic: pic { interrupt-controller; #interrupt-cells = <1>; };
    %(nodes)s
};
"""


def use_tree(tool, nodes, board="linux,dummy-virt"):
    tool.dtb = tool.directory / "board.dtb"
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(tool.dtb)], check=True,
                   input=(TREE % {"board": board, "nodes": nodes}).encode())


def test_no_dtb(tool):
    tool.dtb = "virt.dtb"
    assert tool.check(EMPTY).stderr == "virt.dtb: No such file or directory\n"


def test_not_a_dtb(tool):
    tool.dtb = "system.yaml"
    assert tool.check(EMPTY).stderr == "system.yaml: not a device tree blob (dtb)\n"


def test_a_path_too_long_in_the_dtb(tool):
    nodes = "".join(f"node-{i:02}-{'x' * 22} {{ " for i in range(9))
    tool.dtb = tool.directory / "long.dtb"
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(tool.dtb)], check=True, text=True,
                   input=f"/dts-v1/; / {{ {nodes} {'}; ' * 9} }};")
    assert said(tool, tool.check(EMPTY)) == "DTB: the path of a node is longer than 255 characters\n"


def test_a_dtb_of_an_ancient_version(tool):
    blob = bytearray(tool.dtb.read_bytes())
    blob[20:28] = struct.pack(">II", 6, 2)  # version, last compatible version
    tool.dtb = tool.directory / "old.dtb"
    tool.dtb.write_bytes(blob)
    assert said(tool, tool.check(EMPTY)) == "DTB: not a device tree blob (dtb)\n"


def test_cut_dtb(tool):
    whole = tool.dtb.read_bytes()
    tool.dtb = tool.directory / "cut.dtb"
    tool.dtb.write_bytes(whole[:len(whole) // 2])
    assert said(tool, tool.check(EMPTY)) == "DTB: not a device tree blob (dtb)\n"


def test_dtb_of_another_board(tool):
    use_tree(tool, "", "xlnx,zynqmp")
    assert said(tool, tool.check(EMPTY)) == (
        "system.yaml:1:8: DTB is not the device tree of qemu_virt_aarch64: it is of "
        "'xlnx,zynqmp', not 'linux,dummy-virt'\n")


PL011 = 'compatible = "arm,pl011"; '


@pytest.mark.parametrize("properties, message", [
    ("reg = <0 0x9000000 0 0x1000>; interrupts = <0 1 4>; status = \"disabled\";",
     "/pl011@9000000 is disabled in the device tree"),
    ("interrupts = <0 1 4>;", "pl011.elf needs 1 ranges of registers; /pl011@9000000 has 0"),
    ("reg = <0 0x9000000 0 0x100>; interrupts = <0 1 4>;",
     "pl011.elf needs 0x1000 bytes of registers; /pl011@9000000 has 0x100"),
    ("reg = <0 0x9000000 0 0>; interrupts = <0 1 4>;",
     "pl011.elf needs 0x1000 bytes of registers; /pl011@9000000 has 0x0"),
    ("reg = <0 0x9000000 1 0>; interrupts = <0 1 4>;",
     "/pl011@9000000 has 0x100000000 bytes of registers; a driver can have at most 0x400000"),
    ("reg = <0xffffffff 0xfffff000 0 0x2000>; interrupts = <0 1 4>;",
     "/pl011@9000000 cannot be used: its registers are not memory of the CPU"),
    ("reg = <0 0x9000000 0 0x1000>;", "pl011.elf needs interrupt 0 (from 0); /pl011@9000000 has 0"),
    ("reg = <0 0x9000000 0 0x1000>; interrupt-parent = <&pic>; interrupts = <1>;",
     "/pl011@9000000 cannot be used: its interrupts do not go to a GIC"),
])
def test_node_does_not_do(tool, properties, message):
    use_tree(tool, "pl011@9000000 { %s %s };" % (PL011, properties))
    assert tool.check(CONSOLE).stderr == f"system.yaml:3:34: console: {message}\n"


def test_registers_behind_a_bus_without_ranges(tool):
    use_tree(tool, "bus { #address-cells = <1>; #size-cells = <1>; pl011@0 { %s "
                   "reg = <0 0x1000>; interrupts = <0 1 4>; }; };" % PL011)
    done = tool.check(devices("  console: {class: serial, node: /bus/pl011@0}"))
    assert done.stderr == ("system.yaml:3:34: console: /bus/pl011@0 cannot be used: its registers "
                           "are not memory of the CPU\n")


@pytest.mark.parametrize("cells", ["0", "3", "0xffffffff", "17"])
def test_impossible_numbers_of_cells(tool, cells):
    use_tree(tool, "bus { ranges; #address-cells = <%s>; #size-cells = <1>; pl011@0 { %s "
                   "reg = <0 0 0 0x1000>; interrupts = <0 1 4>; }; empty { %s }; };"
             % (cells, PL011, PL011))
    done = tool.check(devices("  console: {class: serial, node: /bus/pl011@0}"))
    assert done.stderr == ("system.yaml:3:34: console: /bus/pl011@0 cannot be used: its registers "
                           "are not memory of the CPU\n")


def test_two_devices_with_one_interrupt(tool):
    use_tree(tool, "".join("pl011@%x { %s reg = <0 0x%x 0 0x1000>; interrupts = <0 1 4>; };"
                           % (at, PL011, at) for at in (0x9000000, 0x9001000)))
    done = tool.check(devices("  one: {class: serial, node: /pl011@9000000}\n"
                              "  two: {class: serial, node: /pl011@9001000}"))
    assert done.stderr == ("system.yaml:4:30: two: interrupt 33 is used by 'one' already (line 3); "
                           "it can go to one driver only\n")


# ---- Programs and drivers ----

def test_no_directory_of_programs(tool):
    tool.programs = ["nowhere"]
    assert tool.check(EMPTY).stderr == (
        "nowhere: No such file or directory\n"
        "system.yaml: supervisor: there is no program 'supervisor.elf'\n  looked in: nowhere\n")


def test_system_program_missing(tool, own):
    for name in PLAIN:
        if name != "net_copier.elf":
            assemble(own / name)
    assemble(own / "virtio_net.elf", driver=DRIVERS["virtio_net.elf"])
    tool.programs = [own]
    assert said(tool, tool.check(devices("  nic: {class: net, node: /virtio_mmio@a003e00}"))) == (
        "system.yaml:3:3: nic: there is no program 'net_copier.elf'\n  looked in: PROGRAMS\n")


def test_first_directory_wins(tool, own):
    assemble(own / "web.elf", config_size=64)
    assert tool.check(WEB).stderr.startswith("system.yaml:8:18: web: web.elf has a configuration")


def test_program_is_not_elf(tool, own):
    (own / "web.elf").write_text("hello")
    assert said(tool, tool.check(WEB)) == (
        "system.yaml:8:18: web: PROGRAMS/web.elf is not an ELF file\n")


def test_program_of_another_machine(tool, own):
    subprocess.run(["gcc", "-nostdlib", "-static", "-x", "assembler", "-", "-o",
                    str(own / "web.elf")], input=b".global _start\n_start: nop\n", check=True)
    assert said(tool, tool.check(WEB)) == (
        "system.yaml:8:18: web: PROGRAMS/web.elf is not a program for AArch64\n")


def test_program_without_config(tool, own):
    subprocess.run(["aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-x", "assembler", "-", "-o",
                    str(own / "web.elf")], input=b".global _start\n_start: nop\n", check=True)
    assert tool.check(WEB).stderr == (
        "system.yaml:8:18: web: web.elf has no symbol 'quoll_config'\n"
        "  is it linked with Quoll's core?\n")


def test_program_with_another_config(tool, own):
    assemble(own / "web.elf", config_size=8912)
    assert tool.check(WEB).stderr == (
        "system.yaml:8:18: web: web.elf has a configuration of 8912 bytes, not 8920\n"
        "  it was built for another version of Quoll: build it again\n")


def test_program_with_config_in_bss(tool, own):
    subprocess.run(
        ["aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-x", "assembler", "-", "-o",
         str(own / "web.elf")], check=True,
        input=b".global _start\n_start: nop\n.comm quoll_config, 8920, 8\n")
    assert tool.check(WEB).stderr == (
        "system.yaml:8:18: web: in web.elf 'quoll_config' is not part of the file\n"
        "  it must be in a read-only section, as in core/config_space.S\n")


def test_program_without_io(tool, own):
    assemble(own / "net_rx_virt.elf", io=0)
    done = tool.check(devices("  nic: {class: net, node: /virtio_mmio@a003e00}"))
    assert done.stderr == (
        "system.yaml:3:3: nic_rx: net_rx_virt.elf has no symbol 'quoll_io_0' for the I/O address "
        "of nic-pool\n  is it linked with Quoll's core?\n")


def test_program_writable_and_executable(tool, own):
    assemble(own / "web.elf", extra='\n.section .both, "awx"\nnop\n')
    assert tool.check(WEB).stderr == (
        "system.yaml:8:18: web: web.elf has a segment at 0x203598 that is writable and "
        "executable\n")


def test_program_too_high(tool, own):
    assemble(own / "web.elf", extra='\n.section .high, "aw", %nobits\n.space 0x10000000\n')
    assert tool.check(WEB).stderr == (
        "system.yaml:8:18: web: web.elf reaches up to 0x10203000; the system's memory begins at "
        "0x10000000\n")


WRITES = [
    ("msr CNTP_CTL_EL0, x3", "CNTP_CTL_EL0"),
    ("msr CNTP_CVAL_EL0, xzr", "CNTP_CVAL_EL0"),
    ("msr CNTP_TVAL_EL0, x30", "CNTP_TVAL_EL0"),
    (".inst 0xd55be222", "CNTP_CTL_EL0"),  # MSRR
]


@pytest.mark.parametrize("code, register", WRITES)
def test_program_writes_the_timer(tool, own, code, register):
    assemble(own / "web.elf", code=code, flags=["-Wl,-z,norelro"])
    done = tool.check(WEB)
    address = done.stderr.split(" at ")[1].split()[0]
    assert done.stderr == (
        f"system.yaml:8:18: web: web.elf writes {register} at {address} (quoll_start + 0x4)\n"
        "  only the driver of the system timer may: whoever can stops everybody's timeouts\n")


def test_program_writes_the_timer_without_symbols(tool, own):
    assemble(own / "web.elf", extra="\n.text\nb .\n" + CNTP_WRITE + "\n")
    assert " writes CNTP_CTL_EL0 at 0x" in tool.check(WEB).stderr
    assert " (quoll" not in tool.check(WEB).stderr


@pytest.mark.parametrize("code", [
    "mrs x0, CNTP_CTL_EL0",   # reads are harmless
    "mrs x0, CNTPCT_EL0",
    "msr CNTV_CTL_EL0, x0",
    "msr TPIDR_EL0, x0",
    ".inst 0xd51be260",       # op2 = 3: no such register
])
def test_program_may(tool, own, code):
    assemble(own / "web.elf", code=code)
    assert tool.check(WEB).stderr == ""


def test_data_that_looks_like_a_timer_write(tool, own):
    assemble(own / "web.elf", extra='\n.data\n.inst 0xd51be220\n')
    assert tool.check(WEB).stderr == ""


@pytest.mark.parametrize("about", [
    driver("timer", "arm,armv8-timer", [], [1], system_timer=0),
    driver("serial", "arm,pl011", [0x1000], [0], system_timer=1),
])
def test_driver_writes_the_timer(tool, own, about):
    name = "arm_timer.elf" if about[8:13] == b"timer" else "pl011.elf"
    assemble(own / name, code=CNTP_WRITE, driver=about)
    done = tool.check(clients("  web: {program: web.elf}"))
    assert f": {name} writes CNTP_CTL_EL0 at 0x" in done.stderr
    assert done.returncode == 1


def test_two_drivers(tool, own):
    assemble(own / "pl011_fast.elf", driver=driver("serial", ["arm,sbsa-uart", "arm,pl011"],
                                                   [0x1000], [0]))
    assert tool.check(CONSOLE).stderr == (
        "system.yaml:3:34: console: two serial drivers fit 'arm,pl011': pl011.elf and "
        "pl011_fast.elf\n  keep one of them out of the directories of --programs\n")


def test_more_specific_driver_wins(tool, own):
    assemble(own / "primecell.elf", driver=driver("serial", "arm,primecell", [0x1000], [0]))
    assert tool.check(CONSOLE).stderr == ""


@pytest.mark.parametrize("about", [
    DRIVERS["pl011.elf"][:-4],
    driver("serial", "arm,pl011", abi=2),
    b"\0" * 184,
    driver("serial", "arm,pl011").replace(b"arm,pl011".ljust(32, b"\0"), b"x" * 32),
], ids=["size", "version", "magic", "unterminated"])
def test_damaged_driver(tool, own, about):
    assemble(own / "odd.elf", driver=about)
    assert said(tool, tool.check(EMPTY)) == (
        "PROGRAMS/odd.elf: its section .quoll_driver is not that of a driver for this version of "
        "Quoll\n")


def test_too_many_protection_domains(tool):
    lines = "".join(f"  c{i}: {{program: web.elf}}\n" for i in range(63))
    assert tool.check("board: qemu_virt_aarch64\ndevices: {}\nclients:\n" + lines).stderr == (
        "system.yaml: the system needs 64 protection domains; the Microkit has at most 63\n")


def test_as_many_protection_domains_as_there_can_be(tool):
    lines = "".join(f"  c{i}: {{program: web.elf}}\n" for i in range(62))
    assert tool.check("board: qemu_virt_aarch64\ndevices: {}\nclients:\n" + lines).stderr == ""


def test_microkit_uses_the_sdk_that_was_named(tool, monkeypatch):
    """Not the one of the environment, which it would prefer."""
    monkeypatch.setenv("MICROKIT_SDK", "")
    tool.sdk = make_sdk(tool.directory / "sdk", microkit="#!/bin/sh\necho $MICROKIT_SDK\nexit 1\n")
    assert tool.build(EMPTY).stderr.splitlines()[1] == str(tool.sdk)
