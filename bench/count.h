/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the plugin (count.c) writes and the bench tool reads while QEMU runs: one
 * file, mapped by both, of this host's byte order.
 *
 * A program in the guest marks the ends of what it wants to have counted with
 * BENCH_MARK(), a hint that every A64 CPU takes for no operation (Arm ARM C6.2.93:
 * unallocated hints). At each mark the plugin keeps what it has counted so far, so
 * the place is exact to the instruction whatever host and guest are doing.
 */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include <stdint.h>

#define COUNT_MAGIC      UINT64_C(0x33304e554f4351) /* "QCOUN03" */
#define COUNT_PAGES      4096U
#define COUNT_MARKS      512U
#define COUNT_WATCHES    8U
#define COUNT_PAGE_SHIFT 12
#define COUNT_PAGE_WORDS 1024U

#define BENCH_MARK_HINT 0x60
/** Only in programs for the guest. */
#define BENCH_MARK() __asm__ volatile("hint #0x60" ::: "memory")

/* What instructions do, and how often the watched ones were executed. */
struct count_events {
    uint64_t system_calls; /* SVC */
    uint64_t waits;        /* WFI, WFE */
    uint64_t barriers;     /* DMB, DSB, ISB */
    uint64_t cache;        /* DC, IC */
    uint64_t spaces;       /* writes of TTBR0_EL1, TTBR0_EL2, VTTBR_EL2: address spaces switched */
    uint64_t watched[COUNT_WATCHES];
};

/*
 * A page's key is where it lies in QEMU's own memory, hence in the guest's physical
 * memory but for a constant, together with its virtual address.
 */
struct count_page {
    uint64_t host;    /* page number */
    uint64_t virtual; /* page number */
    uint64_t executed[COUNT_PAGE_WORDS];
};

struct count_mark {
    struct count_events events;
    uint64_t page[COUNT_PAGES]; /* sums of what was executed */
};

struct count_file {
    uint64_t magic;
    uint64_t pages;
    uint64_t marks; /* may pass COUNT_MARKS: those beyond were not kept */
    uint64_t watch[COUNT_WATCHES];
    struct count_events events;
    struct count_mark mark[COUNT_MARKS];
    struct count_page page[COUNT_PAGES];
};

#endif
