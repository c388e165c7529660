/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the `microkit` tool tells the loader and the kernel: the whole system, fixed
 * before it starts. The tool writes struct system over the kernel's symbol `system`,
 * which the kernel maps read-only, and builds the PDs' translation tables, which the
 * kernel does not map at all.
 *
 * Physical memory, for qemu_virt_aarch64 with 2 GiB:
 *
 *     60000000   2 MiB   kernel: code and constants, `system` among them
 *     60200000   2 MiB   kernel: data; from 60300000 the PDs' IPC buffers
 *     60400000           PDs' memory and translation tables, up to the image
 *     70000000           the image as loaded; never used for anything else
 *     78000000           PDs' memory, up to c0000000
 *
 * The kernel sees physical memory at KERNEL_OFFSET.
 */
#ifndef DEVKIT_IMAGE_H
#define DEVKIT_IMAGE_H

#include <sel4/syscalls.h>

#define KERNEL_OFFSET   0x8000000000
#define KERNEL_PHYSICAL 0x60000000
#define KERNEL_DATA     0x60200000
#define IPC_BUFFERS     0x60300000
#define KERNEL_END      0x60400000
#define IMAGE_BASE      0x70000000
#define IMAGE_LIMIT     0x78000000
#define MEMORY_BASE     0x60000000
#define MEMORY_END      0xc0000000

#define UART_PHYSICAL 0x09000000
#define GICD_PHYSICAL 0x08000000
#define GICC_PHYSICAL 0x08010000

#define MAX_PDS      63
#define MAX_CHANNELS 62
#define PD_NAME_SIZE 64
#define MAX_IRQS     288 /* 32 private and 256 shared ones on this machine */
#define MAX_FAULTS   8   /* to inject */

#ifndef __ASSEMBLER__

#include <stdint.h>

enum handle_kind {
    HANDLE_NONE,
    HANDLE_NOTIFY,  /* signal `pd` on its channel `number` */
    HANDLE_CALL,    /* call `pd`, which sees its channel `number` */
    HANDLE_IRQ,     /* acknowledge interrupt `number` */
    HANDLE_PASSIVE, /* give up its budget, but for notifications */
    HANDLE_TCB,     /* stop, start and look into the child `pd` */
};

struct handle {
    uint8_t kind; /* enum handle_kind */
    uint8_t pd;
    uint16_t number;
};

struct pd_image {
    char name[PD_NAME_SIZE]; /* NUL-terminated */
    uint64_t tables;         /* physical address of the stage 2 tables: two, at level 1 */
    uint64_t entry;          /* virtual */
    uint64_t stack;          /* virtual, where it begins */
    uint64_t budget;         /* microseconds */
    uint64_t period;         /* microseconds; not less than the budget */
    uint8_t priority;
    uint8_t has_parent;
    uint8_t parent; /* PD that is told of faults */
    uint8_t child;  /* how that PD calls this one */
    uint8_t reserved[4];
    struct handle handles[DEVKIT_HANDLES];
};

struct irq_image {
    uint8_t used;
    uint8_t pd;
    uint8_t channel;
    uint8_t edge; /* else level */
};

/* A fault to inject (instruments.c): when `pd` comes to `place` for the time `time` and
 * has then executed `count` more instructions. */
enum injection_kind { INJECT_REGISTER, INJECT_MEMORY, INJECT_INSTRUCTION };

#define REGISTER_SP 31
#define REGISTER_PC 32

struct injection {
    uint32_t kind; /* enum injection_kind */
    uint32_t pd;
    uint64_t place;
    uint64_t time;
    uint64_t count;
    uint64_t address; /* or number of the register */
    uint64_t value;
};

struct system {
    uint64_t pd_count;
    uint64_t injection_count;
    struct injection injections[MAX_FAULTS];
    struct pd_image pds[MAX_PDS];
    struct irq_image irqs[MAX_IRQS];
};

/* After the loader's own bytes: a header, `count` parts, and the bytes they refer to. */
#define LOADER_MAGIC 0x646c6c6f7571ULL

struct loader_part {
    uint64_t to;   /* physical */
    uint64_t from; /* bytes after the start of the image */
    uint64_t size; /* to be copied ... */
    uint64_t zero; /* ... and zeroes after that */
};

struct loader_table {
    uint64_t magic;
    uint64_t count;
    uint64_t entry; /* of the kernel, physical */
    struct loader_part parts[];
};

#endif
#endif
