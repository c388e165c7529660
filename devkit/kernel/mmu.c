/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's own map: constant, and small enough to see at a glance. 1 TiB, of which
 * the upper half shows what the lower does, so that the kernel runs at KERNEL_OFFSET +
 * physical address and start.S at the physical one.
 *
 * Source: Arm DDI 0487, D8.3 (VMSAv8-64 descriptors); stage 1 of EL2 has one privilege
 * level: AP[1] is one, AP[2] is read-only.
 */
#include "kernel.h"

#define ENTRIES  512
#define MIB2(at) (((at) >> 21) % ENTRIES)
#define GIB1(at) (((at) >> 30) % ENTRIES)

#define DESC_BLOCK      1ULL
#define DESC_TABLE      3ULL
#define DESC_DEVICE     (0ULL << 2)
#define DESC_NORMAL     (1ULL << 2)
#define DESC_AP1        (1ULL << 6)
#define DESC_READ_ONLY  (1ULL << 7)
#define DESC_SHAREABLE  (3ULL << 8)
#define DESC_ACCESSED   (1ULL << 10)
#define DESC_NO_EXECUTE (1ULL << 54)

#define BLOCK(at, what) ((at) | (what) | DESC_AP1 | DESC_SHAREABLE | DESC_ACCESSED | DESC_BLOCK)
#define TABLE(name)     ((uint64_t)(name)-KERNEL_OFFSET + DESC_TABLE)
#define TABLES          __attribute__((aligned(4096), section(".tables")))

static const uint64_t devices[ENTRIES] TABLES = {
    [MIB2(GICD_PHYSICAL)] = BLOCK(GICD_PHYSICAL, DESC_DEVICE | DESC_NO_EXECUTE),
    [MIB2(UART_PHYSICAL)] = BLOCK(UART_PHYSICAL, DESC_DEVICE | DESC_NO_EXECUTE),
};

static const uint64_t memory[ENTRIES] TABLES = {
    [MIB2(KERNEL_PHYSICAL)] = BLOCK(KERNEL_PHYSICAL, DESC_NORMAL | DESC_READ_ONLY),
    [MIB2(KERNEL_DATA)] = BLOCK(KERNEL_DATA, DESC_NORMAL | DESC_NO_EXECUTE),
};

static const uint64_t gigabytes[ENTRIES] TABLES = {
    [GIB1(UART_PHYSICAL)] = TABLE(devices),
    [GIB1(KERNEL_PHYSICAL)] = TABLE(memory),
#if DEVKIT_INSTRUMENTS /* all memory, at ALL_MEMORY */
    [GIB1(ALL_MEMORY) + 1] = BLOCK(1ULL << 30, DESC_NORMAL | DESC_NO_EXECUTE),
    [GIB1(ALL_MEMORY) + 2] = BLOCK(2ULL << 30, DESC_NORMAL | DESC_NO_EXECUTE),
#endif
};

const uint64_t kernel_tables[ENTRIES] TABLES = {TABLE(gigabytes), TABLE(gigabytes)};
