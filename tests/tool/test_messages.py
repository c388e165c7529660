# SPDX-License-Identifier: BSD-2-Clause
"""What the command says to a wrong description, to the letter."""

import pytest

HEAD = """\
board: qemu_virt_aarch64
devices:
  console: {class: serial, node: /pl011@9000000}
  clock:   {class: timer, node: /timer}
  nic:     {class: net, node: /virtio_mmio@a003e00}
  disk:    {class: block, node: /virtio_mmio@a000000}
clients:
"""


def clients(lines):
    """A description with these clients; the first is in line 8."""
    return HEAD + lines + "\n"


def devices(lines):
    """A description with these devices; the first is in line 3."""
    return "board: qemu_virt_aarch64\ndevices:\n" + lines + "\nclients: {}\n"


# name: what is wrong; description; all that is said.
ERRORS = [
    ("not_yaml",
     """\
board: [qemu
devices: {}
""",
     """\
system.yaml:2:8: not YAML: did not find expected ',' or ']'
  while parsing a flow sequence that began in line 1
"""),
    ("not_yaml_tab",
     """\
board: x
	devices: {}
""",
     """\
system.yaml:2:1: not YAML: found a tab character that violates indentation
  while scanning a plain scalar that began in line 1
"""),
    ("not_yaml_bad_alias",
     "board: *here\n",
     "system.yaml:1:8: not YAML: found undefined alias\n"),
    ("not_text",
     'board: \x01\n',
     "system.yaml: not a text file: control characters are not allowed (at byte 7)\n"),
    ("empty_file",
     "# nothing\n",
     "system.yaml: the file is empty\n"),
    ("two_documents",
     """\
board: a
---
board: b
""",
     "system.yaml:3:1: a second document: a file describes one system\n"),
    ("a_list",
     "- board\n",
     "system.yaml:1:1: a system must be a mapping, not a list\n"),
    ("key_is_not_a_name",
     """\
? [a]
: b
""",
     "system.yaml:1:3: a key must be a name\n"),
    ("duplicate_key",
     """\
board: qemu_virt_aarch64
devices: {}
clients: {}
devices: {}
""",
     "system.yaml:4:1: 'devices' is there twice (first in line 2)\n"),
    ("duplicate_client",
     clients("""\
  web: {program: web.elf}
  web: {program: echo.elf}\
"""),
     "system.yaml:9:3: 'web' is there twice (first in line 8)\n"),
    ("duplicate_device",
     devices("""\
  nic: {class: net, node: /a}
  nic: {class: net, node: /b}\
"""),
     "system.yaml:4:3: 'nic' is there twice (first in line 3)\n"),
    ("duplicate_use",
     clients("  web: {program: web.elf, clock: , clock: }"),
     "system.yaml:8:36: 'clock' is there twice (first in line 8)\n"),
    ("nul_in_text",
     'board: "a\\0b"\n',
     "system.yaml:1:8: a text with a NUL character\n"),
    ("recursive_alias",
     """\
board: qemu_virt_aarch64
devices: &d
  nic: *d
clients: {}
""",
     """\
system.yaml:3:3: nic: unknown key 'nic'
  known keys: class, node
system.yaml:3:3: nic: 'class' is missing
system.yaml:3:3: nic: 'node' is missing
"""),
    ("nothing_there",
     "{}\n",
     """\
system.yaml:1:1: 'board' is missing
system.yaml:1:1: 'devices' is missing
system.yaml:1:1: 'clients' is missing
"""),
    ("unknown_section",
     """\
board: qemu_virt_aarch64
devices: {}
clents: {}
""",
     """\
system.yaml:3:1: unknown key 'clents'
  did you mean 'clients'?
system.yaml:1:1: 'clients' is missing
"""),
    ("unknown_section_far",
     """\
board: qemu_virt_aarch64
devices: {}
clients: {}
version: 1
""",
     """\
system.yaml:4:1: unknown key 'version'
  known keys: board, devices, clients
"""),
    ("board_is_a_list",
     """\
board: [a]
devices: {}
clients: {}
""",
     "system.yaml:1:8: board must be a name, not a list\n"),
    ("board_unknown_near",
     """\
board: qemu_virt_aarch65
devices: {}
clients: {}
""",
     """\
system.yaml:1:8: there is no board 'qemu_virt_aarch65'
  did you mean 'qemu_virt_aarch64'?
"""),
    ("board_unknown",
     """\
board: zcu102
devices: {}
clients: {}
""",
     """\
system.yaml:1:8: there is no board 'zcu102'
  boards: qemu_virt_aarch64
"""),
    ("devices_is_text",
     """\
board: qemu_virt_aarch64
devices: nic
clients: {}
""",
     "system.yaml:2:10: devices must be a mapping, not a text\n"),
    ("device_is_text",
     devices("  nic: net"),
     "system.yaml:3:8: nic must be a mapping, not a text\n"),
    ("device_without_class_and_node",
     devices("  nic: {}"),
     """\
system.yaml:3:3: nic: 'class' is missing
system.yaml:3:3: nic: 'node' is missing
"""),
    ("device_unknown_key",
     devices("  console: {class: serial, node: /pl011@9000000, baud: 9600}"),
     """\
system.yaml:3:50: console: unknown key 'baud'
  known keys: class, node
"""),
    ("device_unknown_key_with_a_choice",
     devices("  nic: {class: net, node: /virtio_mmio@a003e00, policy: fair}"),
     """\
system.yaml:3:49: nic: unknown key 'policy'
  known keys: class, node, copying
"""),
    ("choice_of_another_class",
     devices("  console: {class: serial, node: /pl011@9000000, copying: copiers}"),
     """\
system.yaml:3:50: console: unknown key 'copying'
  known keys: class, node
"""),
    ("copying_unknown",
     devices("  nic: {class: net, node: /virtio_mmio@a003e00, copying: driver}"),
     """\
system.yaml:3:58: nic: copying cannot be 'driver'
  choices: copiers, virtualiser
"""),
    ("copying_is_a_list",
     devices("  nic: {class: net, node: /virtio_mmio@a003e00, copying: [copiers]}"),
     "system.yaml:3:58: nic: copying must be a text, not a list\n"),
    ("device_unknown_key_near",
     devices("  console: {clas: serial, node: /pl011@9000000}"),
     """\
system.yaml:3:13: console: unknown key 'clas'
  did you mean 'class'?
system.yaml:3:3: console: 'class' is missing
"""),
    ("device_name_upper_case",
     devices("  Console: {class: serial, node: /pl011@9000000}"),
     """\
system.yaml:3:3: 'Console' cannot be the name of a device
  a lower-case letter, then lower-case letters, digits and '_', at most 20 in all
"""),
    ("device_name_digit",
     devices("  2nd: {class: serial, node: /pl011@9000000}"),
     """\
system.yaml:3:3: '2nd' cannot be the name of a device
  a lower-case letter, then lower-case letters, digits and '_', at most 20 in all
"""),
    ("device_name_long",
     devices("  a_console_with_a_name_: {class: serial, node: /pl011@9000000}"),
     """\
system.yaml:3:3: 'a_console_with_a_name_' cannot be the name of a device
  a lower-case letter, then lower-case letters, digits and '_', at most 20 in all
"""),
    ("device_name_reserved",
     devices("  supervisor: {class: serial, node: /pl011@9000000}"),
     "system.yaml:3:3: 'supervisor' cannot be the name of a device: it has a meaning of its own\n"),
    ("device_name_is_a_key",
     devices("  priority: {class: serial, node: /pl011@9000000}"),
     "system.yaml:3:3: 'priority' cannot be the name of a device: it has a meaning of its own\n"),
    ("class_unknown_near",
     devices("  nic: {class: nett, node: /virtio_mmio@a003e00}"),
     """\
system.yaml:3:16: nic: there is no class 'nett'
  did you mean 'net'?
"""),
    ("class_unknown",
     devices("  nic: {class: ethernet, node: /virtio_mmio@a003e00}"),
     """\
system.yaml:3:16: nic: there is no class 'ethernet'
  classes: serial, timer, net, block
"""),
    ("class_with_control_characters",
     devices('  nic: {class: "net\\nsystem.yaml:1:1: \\e[2J\\x9b\\u00e9", node: /virtio_mmio@a003e00}'),
     """\
system.yaml:3:16: nic: there is no class 'net\\x0asystem.yaml:1:1: \\x1b[2J\\x9b\u00e9'
  classes: serial, timer, net, block
"""),
    ("class_is_nothing",
     devices("  nic: {class: , node: /virtio_mmio@a003e00}"),
     "system.yaml:3:16: nic: class must be a text, not nothing\n"),
    ("class_is_empty",
     devices('  nic: {class: "", node: /virtio_mmio@a003e00}'),
     "system.yaml:3:16: nic: class must be a text, not empty\n"),
    ("node_near",
     devices("  nic: {class: net, node: /virtio_mmio@a003f00}"),
     """\
system.yaml:3:27: nic: /virtio_mmio@a003f00 is not in qemu_virt_aarch64
  did you mean /virtio_mmio@a003000?
"""),
    ("node_near_used",
     devices("""\
  disk: {class: block, node: /pl011@9000000}
  console: {class: serial, node: /pl011@900000}\
"""),
     """\
system.yaml:3:30: disk: no block driver fits /pl011@9000000, which is 'arm,pl011'
  block drivers: virtio_block.elf (virtio,mmio)
system.yaml:4:34: console: /pl011@900000 is not in qemu_virt_aarch64
  did you mean /pl011@9000000? it is used by 'disk' (line 3)
"""),
    ("node_far",
     devices("  nic: {class: net, node: /ethernet@1000}"),
     """\
system.yaml:3:27: nic: /ethernet@1000 is not in qemu_virt_aarch64
  free nodes with a net driver: /virtio_mmio@a000000, /virtio_mmio@a000200, /virtio_mmio@a000400 and 29 more
"""),
    ("node_without_slash",
     devices("  console: {class: serial, node: pl011}"),
     """\
system.yaml:3:34: console: pl011 is not in qemu_virt_aarch64
  free nodes with a serial driver: /pl011@9000000
"""),
    ("node_used_twice",
     devices("""\
  nic: {class: net, node: /virtio_mmio@a003e00}
  disk: {class: block, node: /virtio_mmio@a003e00}\
"""),
     """\
system.yaml:4:30: disk: /virtio_mmio@a003e00 is used by 'nic' already (line 3)
  free nodes of the same kind: /virtio_mmio@a000000, /virtio_mmio@a000200, /virtio_mmio@a000400 and 28 more
"""),
    ("console_used_twice",
     devices("""\
  one: {class: serial, node: /pl011@9000000}
  two: {class: serial, node: /pl011@9000000}\
"""),
     """\
system.yaml:4:30: two: /pl011@9000000 is used by 'one' already (line 3)
  free nodes of the same kind: none
"""),
    ("no_driver",
     devices("  console: {class: serial, node: /pl031@9010000}"),
     """\
system.yaml:3:34: console: no serial driver fits /pl031@9010000, which is 'arm,pl031'
  serial drivers: pl011.elf (arm,pl011)
"""),
    ("no_driver_of_class_for_node",
     devices("  nic: {class: net, node: /pl011@9000000}"),
     """\
system.yaml:3:27: nic: no net driver fits /pl011@9000000, which is 'arm,pl011'
  net drivers: virtio_net.elf (virtio,mmio)
"""),
    ("node_without_compatible",
     devices("  console: {class: serial, node: /memory@40000000}"),
     """\
system.yaml:3:34: console: no serial driver fits /memory@40000000, which is compatible with nothing
  serial drivers: pl011.elf (arm,pl011)
"""),
    ("client_is_nothing",
     clients("  web:"),
     "system.yaml:8:7: web must be a mapping, not nothing\n"),
    ("client_without_program",
     clients("  web: {clock: }"),
     "system.yaml:8:3: web: 'program' is missing\n"),
    ("client_name",
     clients("  Web: {program: web.elf}"),
     """\
system.yaml:8:3: 'Web' cannot be the name of a client
  a lower-case letter, then lower-case letters, digits and '_', at most 20 in all
"""),
    ("client_name_reserved",
     clients("  supervisor: {program: web.elf}"),
     "system.yaml:8:3: 'supervisor' cannot be the name of a client: it has a meaning of its own\n"),
    ("client_named_as_device",
     clients("  nic: {program: web.elf}"),
     "system.yaml:8:3: 'nic' is the name of a device already (line 5)\n"),
    ("client_named_as_part",
     clients("  nic_tx: {program: web.elf}"),
     "system.yaml:8:3: nic_tx: a protection domain 'nic_tx' is there already, for 'nic' (line 5)\n"),
    ("client_unknown_key_near",
     clients("  web: {program: web.elf, dsk: {partition: site}}"),
     """\
system.yaml:8:27: web: 'dsk' is neither a device nor a client's key
  did you mean 'disk'?
"""),
    ("client_unknown_key",
     clients("  web: {program: web.elf, keyboard: }"),
     """\
system.yaml:8:27: web: 'keyboard' is neither a device nor a client's key
  devices and keys: console, clock, nic, disk, program, settings, observe, stack, priority
"""),
    ("program_missing_near",
     clients("  web: {program: webb.elf}"),
     """\
system.yaml:8:18: web: there is no program 'webb.elf'
  did you mean 'web.elf'?
"""),
    ("program_missing",
     clients("  web: {program: game.elf}"),
     """\
system.yaml:8:18: web: there is no program 'game.elf'
  looked in: PROGRAMS
"""),
    ("program_is_a_list",
     clients("  web: {program: [web.elf]}"),
     "system.yaml:8:18: web: program must be a text, not a list\n"),
    ("copier_name_too_long",
     """\
board: qemu_virt_aarch64
devices:
  console: {class: serial, node: /pl011@9000000}
  clock:   {class: timer, node: /timer}
  network_one_two:    {class: net, node: /virtio_mmio@a003e00}
  disk:    {class: block, node: /virtio_mmio@a000000}
clients:
  a_client_of_twenty_c: {program: web.elf, network_one_two: {mac: "52:54:00:00:00:10"}}
""",
     """\
system.yaml:8:44: a_client_of_twenty_c: its protection domain 'a_client_of_twenty_c_network_one_two_copy' would have a name of 41 characters
  at most 31: choose shorter names
"""),
    ("use_is_a_list",
     clients("  web: {program: web.elf, clock: [a]}"),
     "system.yaml:8:34: web: clock must be a mapping, not a list\n"),
    ("use_is_text",
     clients("  web: {program: web.elf, nic: yes}"),
     "system.yaml:8:32: web: nic must be a mapping, not a text\n"),
    ("use_unknown_key_near",
     clients('  web: {program: web.elf, nic: {mack: "52:54:00:00:00:10"}}'),
     """\
system.yaml:8:33: web: nic: unknown key 'mack'
  did you mean 'mac'?
system.yaml:8:27: web: nic needs 'mac'
"""),
    ("use_unknown_key",
     clients("  web: {program: web.elf, clock: {period: 5}}"),
     """\
system.yaml:8:35: web: clock: unknown key 'period'
  known keys: none
"""),
    ("buffers_few",
     clients('  web: {program: web.elf, nic: {mac: "52:54:00:00:00:10", rx: 12K}}'),
     "system.yaml:8:63: web: rx must be a size from 16K to 512K, not '12K'\n"),
    ("buffers_many",
     clients('  web: {program: web.elf, nic: {mac: "52:54:00:00:00:10", tx: 516K}}'),
     "system.yaml:8:63: web: tx must be a size from 16K to 512K, not '516K'\n"),
    ("mac_missing",
     clients("  web: {program: web.elf, nic: }"),
     "system.yaml:8:27: web: nic needs 'mac'\n"),
    ("mac_malformed",
     clients('  web: {program: web.elf, nic: {mac: "52:54:00:00:00"}}'),
     """\
system.yaml:8:38: web: '52:54:00:00:00' is not a MAC address
  six bytes in hexadecimal, such as 52:54:00:00:00:10
"""),
    ("mac_malformed_long",
     clients('  web: {program: web.elf, nic: {mac: "52:54:00:00:00:10:11"}}'),
     """\
system.yaml:8:38: web: '52:54:00:00:00:10:11' is not a MAC address
  six bytes in hexadecimal, such as 52:54:00:00:00:10
"""),
    ("mac_multicast",
     clients('  web: {program: web.elf, nic: {mac: "53:54:00:00:00:10"}}'),
     """\
system.yaml:8:38: web: 53:54:00:00:00:10 is a multicast address, which cannot be a client's own
  the first byte must be even, such as 52:54:00:00:00:10
"""),
    ("mac_broadcast",
     clients('  web: {program: web.elf, nic: {mac: "ff:ff:ff:ff:ff:ff"}}'),
     """\
system.yaml:8:38: web: ff:ff:ff:ff:ff:ff is a multicast address, which cannot be a client's own
  the first byte must be even, such as 52:54:00:00:00:10
"""),
    ("mac_zero",
     clients('  web: {program: web.elf, nic: {mac: "00:00:00:00:00:00"}}'),
     "system.yaml:8:38: web: 00:00:00:00:00:00 is nobody's address\n"),
    ("mac_twice",
     clients("""\
  web: {program: web.elf, nic: {mac: "52:54:00:00:00:aa"}}
  echo: {program: echo.elf, nic: {mac: "52:54:00:00:00:AA"}}\
"""),
     "system.yaml:9:40: echo: 52:54:00:00:00:AA is the address of 'web' already (line 8)\n"),
    ("partition_missing",
     clients("  web: {program: web.elf, disk: {access: read}}"),
     "system.yaml:8:27: web: disk needs 'partition'\n"),
    ("partition_name_long",
     clients("  web: {program: web.elf, disk: {partition: a_name_that_is_longer_than_a_gpt_name_}}"),
     "system.yaml:8:45: web: the name of a partition has at most 36 characters\n"),
    ("access",
     clients("  web: {program: web.elf, disk: {partition: site, access: writ}}"),
     """\
system.yaml:8:59: web: access cannot be 'writ'
  did you mean 'write'?
"""),
    ("access_far",
     clients("  web: {program: web.elf, disk: {partition: site, access: all}}"),
     """\
system.yaml:8:59: web: access cannot be 'all'
  choices: read, write
"""),
    ("two_writers",
     clients("""\
  web: {program: web.elf, disk: {partition: site, access: write}}
  echo: {program: echo.elf, disk: {partition: site, access: write}}\
"""),
     """\
system.yaml:9:47: echo: partition 'site' of disk is written by 'web' already (line 8)
  one client may write a partition; others may have 'access: read'
"""),
    ("data_not_pages",
     clients("  web: {program: web.elf, disk: {partition: site, data: 5000}}"),
     """\
system.yaml:8:57: web: data must be whole pages of 4K, not '5000'
  the next multiple is 8K
"""),
    ("data_too_small",
     clients("  web: {program: web.elf, disk: {partition: site, data: 0}}"),
     "system.yaml:8:57: web: data must be a size from 4K to 256M, not '0'\n"),
    ("data_too_large",
     clients("  web: {program: web.elf, disk: {partition: site, data: 512M}}"),
     "system.yaml:8:57: web: data must be a size from 4K to 256M, not '512M'\n"),
    ("data_unit",
     clients("  web: {program: web.elf, disk: {partition: site, data: 8MB}}"),
     "system.yaml:8:57: web: data must be a size from 4K to 256M, not '8MB'\n"),
    ("data_overflow",
     clients("  web: {program: web.elf, disk: {partition: site, data: 99999999999999999999M}}"),
     "system.yaml:8:57: web: data must be a size from 4K to 256M, not '99999999999999999999M'\n"),
    ("quota_zero",
     clients("  web: {program: web.elf, disk: {partition: site, quota: 0}}"),
     "system.yaml:8:58: web: quota must be a number from 1 to 64, not '0'\n"),
    ("quota_many",
     clients("  web: {program: web.elf, disk: {partition: site, quota: 65}}"),
     "system.yaml:8:58: web: quota must be a number from 1 to 64, not '65'\n"),
    ("quota_negative",
     clients("  web: {program: web.elf, disk: {partition: site, quota: -1}}"),
     "system.yaml:8:58: web: quota must be a number from 1 to 64, not '-1'\n"),
    ("colour",
     clients("  web: {program: web.elf, console: {colour: orange}}"),
     """\
system.yaml:8:45: web: colour cannot be 'orange'
  choices: none, red, green, yellow, blue, magenta, cyan
"""),
    ("colour_near",
     clients("  web: {program: web.elf, console: {colour: gren}}"),
     """\
system.yaml:8:45: web: colour cannot be 'gren'
  did you mean 'green'?
"""),
    ("observe",
     clients("  web: {program: web.elf, observe: counter}"),
     """\
system.yaml:8:36: web: observe cannot be 'counter'
  did you mean 'counters'?
"""),
    ("stack",
     clients("  web: {program: web.elf, stack: 6000}"),
     """\
system.yaml:8:34: web: stack must be whole pages of 4K, not '6000'
  the next multiple is 8K
"""),
    ("stack_large",
     clients("  web: {program: web.elf, stack: 32M}"),
     "system.yaml:8:34: web: stack must be a size from 4K to 16M, not '32M'\n"),
    ("priority_high",
     clients("  web: {program: web.elf, priority: 110}"),
     "system.yaml:8:37: web: priority must be a number from 1 to 109, not '110'\n"),
    ("priority_word",
     clients("  web: {program: web.elf, priority: high}"),
     "system.yaml:8:37: web: priority must be a number from 1 to 109, not 'high'\n"),
    ("settings_is_a_list",
     clients("  web: {program: web.elf, settings: [a]}"),
     "system.yaml:8:37: web: settings must be a mapping, not a list\n"),
    ("setting_is_a_mapping",
     clients("  web: {program: web.elf, settings: {ip: {a: b}}}"),
     "system.yaml:8:42: web: ip must be a text, not a mapping\n"),
    ("setting_name",
     clients('  web: {program: web.elf, settings: {"a=b": c}}'),
     "system.yaml:8:38: web: 'a=b' cannot be the name of a setting\n"),
    ("settings_too_long",
     clients("  web: {program: web.elf, settings: {text: " + "x" * 250 + "}}"),
     "system.yaml:8:37: web: the settings take 257 bytes, at most 256\n"),
    ("several_errors_at_once",
     """\
board: zcu102
devices:
  nic: {class: net, node: /nowhere}
clients:
  web: {program: gone.elf, nic: {mac: x}, disk: }
""",
     """\
system.yaml:5:39: web: 'x' is not a MAC address
  six bytes in hexadecimal, such as 52:54:00:00:00:10
system.yaml:5:43: web: 'disk' is neither a device nor a client's key
  devices and keys: nic, program, settings, observe, stack, priority
system.yaml:1:8: there is no board 'zcu102'
  boards: qemu_virt_aarch64
system.yaml:3:27: nic: /nowhere is not in zcu102
  free nodes with a net driver: /virtio_mmio@a000000, /virtio_mmio@a000200, /virtio_mmio@a000400 and 29 more
system.yaml:5:18: web: there is no program 'gone.elf'
  looked in: PROGRAMS
"""),
]

WARNINGS = [
    ("shared_page",
     devices("""\
  nic: {class: net, node: /virtio_mmio@a003e00}
  disk: {class: block, node: /virtio_mmio@a003c00}\
"""),
     """\
system.yaml:4:30: warning: disk: its registers share the page 0xa003000 with those of 'nic' (line 3), so each driver can reach the other's device
  nodes in other pages: /virtio_mmio@a000000, /virtio_mmio@a000200, /virtio_mmio@a000400 and 21 more
"""),
]


def names(cases):
    return [case[0] for case in cases]


def said(tool, done):
    """What was said, with the names of directories made the same for every run."""
    text = done.stderr
    for path, name in ((tool.programs[0], "PROGRAMS"), (tool.sdk, "SDK"), (tool.dtb, "DTB")):
        text = text.replace(str(path), name)
    return text


@pytest.mark.parametrize("name, description, message", ERRORS, ids=names(ERRORS))
def test_error(tool, name, description, message):
    done = tool.check(description)
    assert said(tool, done) == message
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize("name, description, message", WARNINGS, ids=names(WARNINGS))
def test_warning(tool, name, description, message):
    done = tool.check(description)
    assert said(tool, done) == message
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name, description, message", ERRORS, ids=names(ERRORS))
def test_no_error_leaves_anything(tool, name, description, message):
    assert tool.build(description).returncode == 1
    assert sorted(p.name for p in tool.directory.iterdir()) == ["system.yaml"]
