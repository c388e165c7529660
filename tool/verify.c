/* SPDX-License-Identifier: BSD-2-Clause */
#include "verify.h"

#include <inttypes.h>
#include <string.h>

#include "patch.h"
#include "values.h"

static struct place place_of(const struct system *s, const struct pd *pd)
{
    if (pd->client != NULL) {
        return pd->client->name.at;
    }
    return pd->device != NULL ? pd->device->name.at : (struct place){s->description->path, 0, 0};
}

/* ---- Who may write what ---- */

static bool may_write(const struct pd *pd, const struct region *region)
{
    switch (region->kind) {
    case REGION_LIVES:
    case REGION_COUNTERS:
    case REGION_LINK:
        return region->writer == pd;
    case REGION_DEVICE:
        return pd->is_driver;
    case REGION_RINGS:
        return pd->is_driver && region->device == pd->device;
    case REGION_DATA:
        break;
    }
    /* A device's own memory: its virtualisers. A client's: the client and its copier. */
    bool of_the_device = pd->device == region->device && !pd->is_driver;

    return region->client == NULL
               ? of_the_device
               : pd->client == region->client && (pd->device == NULL || of_the_device);
}

/* Laws 1 and 3: data is not a driver's business, nor another client's. */
static bool may_read(const struct pd *pd, const struct region *region)
{
    if (region->kind != REGION_DATA) {
        return region->kind < REGION_RINGS || may_write(pd, region);
    }
    bool of_the_device = pd->device == region->device && !pd->is_driver;

    return (of_the_device && (pd->client == NULL || region->client == NULL)) ||
           may_write(pd, region);
}

static void verify_access(const struct system *s, const struct pd *pd)
{
    LIST_EACH(const struct map, map, pd->maps)
    {
        bool allowed = map->writable ? may_write(pd, map->region) : may_read(pd, map->region);
        if (!allowed) {
            diag_error(place_of(s, pd), "%s may not %s %s", pd->name,
                       map->writable ? "write" : "read", map->region->name);
        }
    }
}

static void verify_writers(const struct system *s)
{
    LIST_EACH(struct region *, region, s->regions)
    {
        size_t writers = 0;
        for (size_t i = 0; i < s->pd_count; i++) {
            LIST_EACH(const struct map, map, s->pds[i].maps)
            {
                writers += map->region == *region && map->writable;
            }
        }
        if ((*region)->writer != NULL && writers != 1) {
            diag_error((struct place){s->description->path, 0, 0}, "%s has %zu writers, not one",
                       (*region)->name, writers);
        }
    }
}

/* ---- Addresses, channels, priorities ---- */

static void verify_space(const struct system *s, const struct pd *pd)
{
    LIST_EACH(const struct map, a, pd->maps)
    {
        if (a->vaddr % a->region->page_size != 0 || a->vaddr < REGIONS_START ||
            a->vaddr + a->region->size > s->sdk->stack_top - pd->stack - PAGE_SIZE) {
            diag_error(place_of(s, pd), "%s: %s at 0x%" PRIx64 " is misplaced", pd->name,
                       a->region->name, a->vaddr);
        }
        for (const struct map *b = pd->maps.items; b < a; b++) {
            if (a->vaddr < b->vaddr + b->region->size && b->vaddr < a->vaddr + a->region->size) {
                diag_error(place_of(s, pd), "%s: %s and %s overlap", pd->name, a->region->name,
                           b->region->name);
            }
        }
    }
}

static void verify_limits(const struct system *s, const struct pd *pd)
{
    if (pd->channels > PD_MAX_CHANNELS) {
        diag_error(place_of(s, pd), "%s: %u links and interrupts; the Microkit has at most %u",
                   pd->name, pd->channels, PD_MAX_CHANNELS);
    }
    patch_check(pd, place_of(s, pd));
}

/* Whoever is nearer to the device comes first, and the supervisor before all. */
static void verify_priorities(const struct system *s)
{
    const struct pd *supervisor = &s->pds[s->pd_count - 1];

    LIST_EACH(const struct link, link, s->links)
    {
        if (link->up.pd->priority >= link->down.pd->priority ||
            link->down.pd->priority >= supervisor->priority) {
            diag_error(place_of(s, link->up.pd), "%s (priority %u) must be below %s (%u)",
                       link->up.pd->name, link->up.pd->priority, link->down.pd->name,
                       link->down.pd->priority);
        }
    }
}

void verify(const struct system *s, bool shuffled)
{
    verify_writers(s);
    for (size_t i = 0; i < s->pd_count; i++) {
        verify_access(s, &s->pds[i]);
        verify_space(s, &s->pds[i]);
        verify_limits(s, &s->pds[i]);
    }
    if (!shuffled) {
        verify_priorities(s);
    }
}
