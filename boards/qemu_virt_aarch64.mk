# SPDX-License-Identifier: BSD-2-Clause
#
# QEMU's machine "virt" with one Cortex-A53, as the Microkit's board of this name
# wants it. An emulator's model, not silicon.

# What the root of its device tree says first; the composer compares.
BOARD_COMPATIBLE := linux,dummy-virt

BOARD_CPU := cortex-a53

# The emulator without an image. virtio-mmio's legacy interface is off: the drivers
# are for version 1 and later. A second processor could be plugged in but never is: with
# a single one for good, QEMU before 8.1 leaves the guest's memory barriers out although
# its device models run beside the guest, and a wake-up between the two gets lost at last.
BOARD_MACHINE := virt,virtualization=on
BOARD_EMULATOR := qemu-system-aarch64 -cpu $(BOARD_CPU) -smp 1,maxcpus=2 -m size=2G -nographic \
    -global virtio-mmio.force-legacy=false
BOARD_CONSOLE := -serial mon:stdio

# $(call BOARD_DTB_COMMAND,FILE): write the device tree.
BOARD_DTB_COMMAND = $(BOARD_EMULATOR) -machine $(BOARD_MACHINE),dumpdtb=$(1)

# $(call BOARD_RUN_COMMAND,IMAGE): boot. A disk, a network card and their places on
# the bus (bus=virtio-mmio-bus.N: /virtio_mmio@a000000 + N * 0x200) are the caller's.
BOARD_RUN_COMMAND = $(BOARD_EMULATOR) -machine $(BOARD_MACHINE) $(BOARD_CONSOLE) \
    -device loader,file=$(1),addr=0x70000000,cpu-num=0
