/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The composed system: what is written out as the Microkit's system file, patched
 * into programs, verified and reported.
 */
#ifndef TOOL_MODEL_H
#define TOOL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/config.h>

#include "description.h"
#include "list.h"
#include "program.h"
#include "sdk.h"

#define PD_MAX_CHANNELS 62U /* the Microkit's ids end at 61 */

enum region_kind {
    REGION_LIVES,
    REGION_COUNTERS,
    REGION_LINK,   /* one side's half of a link */
    REGION_DATA,   /* of a class_memory */
    REGION_RINGS,  /* a driver's own DMA memory */
    REGION_DEVICE, /* a page of device registers */
};

struct pd;

struct region {
    const char *name;
    enum region_kind kind;
    uint64_t size;
    uint64_t page_size;
    uint64_t physical;                 /* REGION_DEVICE */
    const struct pd *writer;           /* LIVES, COUNTERS, LINK: the only one */
    const struct device *device;       /* whose DMA it is for, or NULL */
    const struct client *client;       /* whose it is, or NULL */
    const struct class_memory *memory; /* REGION_DATA */
    bool cached;
};

struct map {
    struct region *region;
    uint64_t vaddr;
    bool writable;
};

struct interrupt {
    unsigned number;
    unsigned channel;
    bool edge;
};

struct pd {
    const char *name;
    const struct program *program;
    const struct device *device;   /* NULL: a client or the supervisor */
    const struct class_part *part; /* of the device's class, or NULL */
    const struct client *client;   /* whose it is or whom it serves alone; else NULL */
    bool is_driver;
    unsigned index; /* in the page of lives; of a child also its id */
    unsigned priority;
    unsigned budget, period; /* microseconds */
    uint64_t stack;
    LIST(struct map) maps;
    LIST(struct region *) io; /* whose I/O addresses it is told: element n is quoll_io_n */
    LIST(struct interrupt) interrupts;
    unsigned channels; /* given out so far, for links and interrupts */
    uint64_t next_vaddr;
    uint64_t *next; /* where the next region goes: its own next_vaddr, or one for all */
    struct quoll_config config;
};

struct end {
    struct pd *pd;
    unsigned channel;
    unsigned index; /* of the link in the protection domain's configuration */
    struct region *half;
    uint32_t capacity, entry_size;
};

struct link {
    const struct class_link *shape;
    const struct device *device;
    const struct client *client; /* NULL: a device link */
    struct end up, down;         /* the client's side, the device's side */
};

struct system {
    const struct description *description;
    const struct sdk *sdk;
    struct pd *pds; /* children by index; the supervisor comes last */
    size_t pd_count;
    LIST(struct region *) regions;
    LIST(struct link) links;
    uint64_t next_vaddr; /* for the simulator: one address space holds all */
    unsigned *order;     /* of children in the system file: the order of start */
};

#endif
