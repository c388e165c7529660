/* SPDX-License-Identifier: BSD-2-Clause */
#include "isolation.h"

#include <inttypes.h>
#include <string.h>

#include "lib/text.h"

static const char *join(const char *list, const char *word)
{
    return list[0] == '\0' ? word : text_format("%s, %s", list, word);
}

static const char *none_if_empty(const char *list)
{
    return list[0] == '\0' ? "-" : list;
}

static const char *size_text(uint64_t size)
{
    return size % (1024 * 1024) == 0 ? text_format("%" PRIu64 "M", size / (1024 * 1024))
                                     : text_format("%" PRIu64 "K", size / 1024);
}

/* Those that map the region, to write or only to read; every PD once. */
static const char *mappers(const struct system *s, const struct region *region, bool writable)
{
    const char *list = "";

    for (size_t i = 0; i < s->pd_count; i++) {
        bool reads = false, writes = false;
        LIST_EACH(const struct map, map, s->pds[i].maps)
        {
            reads = reads || map->region == region;
            writes = writes || (map->region == region && map->writable);
        }
        if (writable ? writes : reads && !writes) {
            list = join(list, s->pds[i].name);
        }
    }
    return none_if_empty(list);
}

static void write_memory(const struct system *s, FILE *out)
{
    fputs("Memory: who may write (and read), who may only read\n\n", out);
    LIST_EACH(struct region *, region, s->regions)
    {
        fprintf(out, "  %s (%s)\n    writes: %s\n    reads:  %s\n", (*region)->name,
                size_text((*region)->size), mappers(s, *region, true),
                (*region)->kind == REGION_LIVES ? "all others" : mappers(s, *region, false));
    }
}

static void write_wakeups(const struct system *s, FILE *out)
{
    fputs("\nWake-ups: who can wake whom, each the other\n\n", out);
    LIST_EACH(const struct link, link, s->links)
    {
        fprintf(out, "  %s <-> %s\n", link->up.pd->name, link->down.pd->name);
    }
    fputs("\nInterrupts\n\n", out);
    for (size_t i = 0; i < s->pd_count; i++) {
        LIST_EACH(const struct interrupt, interrupt, s->pds[i].interrupts)
        {
            fprintf(out, "  %u -> %s\n", interrupt->number, s->pds[i].name);
        }
    }
    fputs("\nSupervision: the supervisor can stop and restart every other; it gets their faults\n",
          out);
}

static bool is_dma_of(const struct region *region, const struct device *device)
{
    return region->device == device &&
           (region->kind == REGION_RINGS || (region->kind == REGION_DATA && region->memory->dma));
}

static void write_dma(const struct system *s, FILE *out)
{
    const struct description *d = s->description;

    fputs("\nDMA: which memory each device is given the addresses of\n\n", out);
    for (size_t i = 0; i < d->device_count; i++) {
        const char *list = "";
        LIST_EACH(struct region *, region, s->regions)
        {
            if (is_dma_of(*region, &d->devices[i])) {
                list = join(list, (*region)->name);
            }
        }
        fprintf(out, "  %s: %s\n", d->devices[i].name.text, none_if_empty(list));
    }
    fputs("\n  No SMMU confines these devices: a device that does DMA, and so its driver, can\n"
          "  reach all memory. The list is what they are given, not what they cannot exceed.\n",
          out);
}

static void write_addresses(const struct system *s, FILE *out)
{
    fputs("\nI/O addresses: who is told those of which memory\n\n", out);
    for (size_t i = 0; i < s->pd_count; i++) {
        const char *list = "";
        LIST_EACH(struct region *, region, s->pds[i].io)
        {
            list = join(list, (*region)->name);
        }
        if (list[0] != '\0') {
            fprintf(out, "  %s: %s\n", s->pds[i].name, list);
        }
    }
}

static void write_shared_pages(const struct system *s, FILE *out)
{
    bool any = false;

    fputs("\nDevices whose registers share a page: each driver can reach the other's device\n\n",
          out);
    LIST_EACH(struct region *, region, s->regions)
    {
        const char *users = mappers(s, *region, true);
        if ((*region)->kind == REGION_DEVICE && strchr(users, ',') != NULL) {
            fprintf(out, "  0x%" PRIx64 ": %s\n", (*region)->physical, users);
            any = true;
        }
    }
    if (!any) {
        fputs("  none\n", out);
    }
}

void isolation_write(const struct system *s, FILE *out)
{
    fprintf(out, "Isolation of %s on %s, Microkit %s (%s)\n\n", s->description->path,
            s->description->board.text, s->sdk->version, s->sdk->config);
    if (s->sdk->is_development) {
        fputs("This is the development kernel, not seL4: for testing only.\n\n", out);
    }
    write_memory(s, out);
    write_wakeups(s, out);
    write_dma(s, out);
    write_addresses(s, out);
    write_shared_pages(s, out);
}
