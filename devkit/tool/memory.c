/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First fit over the ranges that are taken, which are kept in order and joined where
 * they touch.
 */
#include "memory.h"

#include "image.h"
#include "text.h"

#include <stdlib.h>

#define PHYSICAL_LIMIT (1ULL << 40)

struct range {
    uint64_t from, to;
};

static struct range *taken;
static size_t taken_count;

static void insert(size_t at, struct range range)
{
    taken = text_grow(taken, taken_count + 1, sizeof *taken);
    for (size_t i = taken_count; i > at; i--) {
        taken[i] = taken[i - 1];
    }
    taken[at] = range;
    taken_count++;
}

static void take(uint64_t from, uint64_t size)
{
    size_t at = 0;

    while (at < taken_count && taken[at].to < from) {
        at++;
    }
    if (at < taken_count && taken[at].to == from) {
        taken[at].to += size;
    } else {
        insert(at, (struct range){from, from + size});
    }
}

static bool is_taken(uint64_t from, uint64_t size, struct range *by)
{
    for (size_t i = 0; i < taken_count; i++) {
        if (from < taken[i].to && taken[i].from < from + size) {
            *by = taken[i];
            return true;
        }
    }
    return false;
}

uint64_t memory_take(uint64_t size, uint64_t alignment, const char *what)
{
    uint64_t at = MEMORY_BASE;
    struct range by;

    while (is_taken(at, size, &by)) {
        at = text_round_up(by.to, alignment);
    }
    if (at > MEMORY_END || size > MEMORY_END - at) {
        diag_error((struct place){0}, "no room in memory for %s (0x%lx bytes)", what, size);
        exit(1);
    }
    take(at, size);
    return at;
}

bool memory_is_ram(uint64_t physical)
{
    return physical >= MEMORY_BASE && physical < MEMORY_END;
}

struct reserved {
    uint64_t from, to;
    const char *whose;
};

static const struct reserved reserved[] = {
    {GICD_PHYSICAL, GICC_PHYSICAL + 0x10000, "the interrupt controller"},
    {GICD_PHYSICAL + 0x30000, GICD_PHYSICAL + 0x40000, "the interrupt controller"},
    {KERNEL_PHYSICAL, KERNEL_END, "the kernel"},
    {IMAGE_BASE, IMAGE_LIMIT, "the image as it is loaded"},
};

static void check_fixed(const struct region *region)
{
    uint64_t from = region->physical;

    if (from >= PHYSICAL_LIMIT || region->size > PHYSICAL_LIMIT - from) {
        diag_error(region->place, "memory region '%s': phys_addr 0x%lx is beyond 40 bits",
                   region->name, from);
        return;
    }
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (from < reserved[i].to && reserved[i].from < from + region->size) {
            diag_error(region->place,
                       "memory region '%s' at [0x%lx..0x%lx) overlaps %s at [0x%lx..0x%lx)",
                       region->name, from, from + region->size, reserved[i].whose, reserved[i].from,
                       reserved[i].to);
        }
    }
    if ((from < MEMORY_BASE && from + region->size > MEMORY_BASE) ||
        (from < MEMORY_END && from + region->size > MEMORY_END)) {
        diag_error(region->place, "memory region '%s' at [0x%lx..0x%lx) is partly in memory",
                   region->name, from, from + region->size);
        diag_hint("memory is [0x%x..0x%lx)", MEMORY_BASE, (unsigned long)MEMORY_END);
    }
}

void memory_place_regions(struct description *d)
{
    take(KERNEL_PHYSICAL, KERNEL_END - KERNEL_PHYSICAL);
    take(IMAGE_BASE, IMAGE_LIMIT - IMAGE_BASE);
    for (size_t i = 0; i < d->region_count; i++) {
        if (d->regions[i].fixed) {
            check_fixed(&d->regions[i]);
            take(d->regions[i].physical, d->regions[i].size);
        }
    }
    for (size_t i = 0; i < d->region_count && diag_errors() == 0; i++) {
        struct region *r = &d->regions[i];
        if (!r->fixed) {
            r->physical = memory_take(r->size, r->page_size, r->name);
        }
    }
}
