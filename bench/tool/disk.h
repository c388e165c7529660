/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk of the bench's systems: partitions p1 to p16 of 8 MiB each. */
#ifndef BENCH_DISK_H
#define BENCH_DISK_H

#define DISK_PARTITIONS 16U

/** The head of a system.yaml: board, console, disk. */
#define DISK_SYSTEM                                                                                \
    "board: qemu_virt_aarch64\n"                                                                   \
    "devices:\n"                                                                                   \
    "  console: {class: serial, node: /pl011@9000000}\n"                                           \
    "  disk:    {class: block,  node: /virtio_mmio@a000000}\n"

/** Make the disk if it is not there. */
void disk_make(void);

/** The emulator's options for it, with at most so many requests a second (0: as fast as it goes).
 * What the guest writes is forgotten. */
const char *disk_options(unsigned requests);

#endif
