# SPDX-License-Identifier: BSD-2-Clause
"""What a description becomes."""

GOOD = """\
board: qemu_virt_aarch64
devices:
  console: {class: serial, node: /pl011@9000000}
  clock:   {class: timer,  node: /timer}
  nic:     {class: net,    node: /virtio_mmio@a003e00}
  disk:    {class: block,  node: /virtio_mmio@a000000}
clients:
  web:  {program: web.elf, nic: {mac: "52:54:00:00:00:10"}, disk: {partition: site, access: read, data: 8M, quota: 16}, clock: , console: , settings: {ip: 10.0.2.16/24}, observe: counters}
  echo: {program: echo.elf, nic: {mac: "52:54:00:00:00:11"}, clock: }
"""


def test_builds(tool):
    done = tool.build(GOOD)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
