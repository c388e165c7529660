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

/* Whether it stands between the device's driver and the clients. */
static bool works_for(const struct pd *pd, const struct device *device)
{
    return pd->device == device && !pd->is_driver;
}

/* Received data: never where the device reads, and a copier for nobody but its client. */
static bool may_copy(const struct pd *pd, const struct region *region)
{
    return works_for(pd, region->device) && pd->part->copies && !region->memory->dma &&
           (pd->client == NULL || pd->client == region->client);
}

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
    /* A device's own memory: its virtualisers. A client's: the client and who copies into it. */
    if (region->client == NULL) {
        return works_for(pd, region->device) && pd->client == NULL;
    }
    return pd->device == NULL ? pd->client == region->client : may_copy(pd, region);
}

/* A link is between two, whoever else would like to listen. */
static bool is_peer(const struct system *s, const struct pd *pd, const struct region *half)
{
    LIST_EACH(const struct link, link, s->links)
    {
        if (link->up.half == half || link->down.half == half) {
            return link->up.pd == pd || link->down.pd == pd;
        }
    }
    return false;
}

/* Laws 1 and 3: data is not a driver's business, nor another client's. */
static bool may_read(const struct system *s, const struct pd *pd, const struct region *region)
{
    bool is_client = pd->device == NULL && pd->client != NULL;

    switch (region->kind) {
    case REGION_LIVES:
        return true;
    case REGION_COUNTERS:
        return region->writer == pd || (is_client && pd->client->observes);
    case REGION_LINK:
        return is_peer(s, pd, region);
    case REGION_DEVICE:
    case REGION_RINGS:
        return may_write(pd, region);
    case REGION_DATA:
        break;
    }
    return (works_for(pd, region->device) && (pd->client == NULL || region->client == NULL)) ||
           may_write(pd, region);
}

static void verify_access(const struct system *s, const struct pd *pd)
{
    LIST_EACH(const struct map, map, pd->maps)
    {
        bool allowed = map->writable ? may_write(pd, map->region) : may_read(s, pd, map->region);
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

static void verify_above(const struct system *s, const struct pd *lower, const struct pd *upper)
{
    if (lower->priority >= upper->priority) {
        diag_error(place_of(s, lower), "%s (priority %u) must be below %s (%u)", lower->name,
                   lower->priority, upper->name, upper->priority);
    }
}

/* Whoever is nearer to the device comes first, and the supervisor before all. */
static void verify_priorities(const struct system *s)
{
    LIST_EACH(const struct link, link, s->links)
    {
        verify_above(s, link->up.pd, link->down.pd);
    }
    for (size_t i = 0; i + 1 < s->pd_count; i++) {
        verify_above(s, &s->pds[i], &s->pds[s->pd_count - 1]);
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
