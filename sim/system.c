/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the Microkit's system file, as quoll writes it or a test does, to struct
 * sim_system. Each driver's device is found by what the driver says of itself.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "description.h"
#include "diag.h"
#include "sim/sim.h"
#include "text.h"

#define NS_PER_US 1000U

struct sim_system sim_system;

static void stop_on_errors(void)
{
    if (diag_errors() != 0) {
        exit(2);
    }
}

static void add_region(const struct region *from)
{
    struct sim_region *region = &sim_system.regions[sim_system.region_count++];

    *region = (struct sim_region){.name = from->name,
                                  .size = from->size,
                                  .physical = from->physical,
                                  .is_device = from->fixed};
    size_t length = strlen(from->name);
    size_t suffix = strlen("-counters");
    region->is_counters = length > suffix && strcmp(from->name + length - suffix, "-counters") == 0;
}

static void add_maps(struct sim_pd *pd, const struct pd *from)
{
    pd->views = text_alloc(from->map_count + 1, sizeof *pd->views);
    for (size_t i = 0; i < from->map_count; i++) {
        pd->views[pd->view_count++] =
            (struct sim_view){.region = &sim_system.regions[from->maps[i].region],
                              .address = from->maps[i].address,
                              .writable = from->maps[i].writable};
    }
    pd->irqs = text_alloc(from->irq_count + 1, sizeof *pd->irqs);
    if (from->irq_count > QUOLL_MAX_INTERRUPTS) {
        diag_fatal("%s: more than %u interrupts", from->name, QUOLL_MAX_INTERRUPTS);
    }
    for (size_t i = 0; i < from->irq_count; i++) {
        pd->irqs[pd->irq_count++] = (struct sim_irq){
            .number = from->irqs[i].irq, .channel = from->irqs[i].id, .edge = from->irqs[i].edge};
    }
}

static void add_pd(const struct pd *from, const char *directory)
{
    struct sim_pd *pd = &sim_system.pds[sim_system.pd_count];

    pd->name = from->name;
    pd->path = text_format("%s/%s", directory, from->program);
    pd->index = (unsigned)sim_system.pd_count++;
    pd->priority = (unsigned)from->priority;
    pd->budget = from->budget * NS_PER_US;
    pd->period = from->period * NS_PER_US;
    pd->passive = from->passive;
    sim_system.has_messages = sim_system.has_messages || from->parent != NO_PD;
    pd->parent = from->parent == NO_PD ? NULL : &sim_system.pds[from->parent];
    pd->child = from->child;
    add_maps(pd, from);
}

static void add_channel(const struct channel *from)
{
    for (unsigned end = 0; end < 2; end++) {
        const struct channel_end *mine = &from->ends[end], *other = &from->ends[1 - end];
        struct sim_pd *pd = &sim_system.pds[mine->pd];
        sim_system.has_messages = sim_system.has_messages || mine->calls;
        pd->channel[mine->id].peer = &sim_system.pds[other->pd];
        pd->channel[mine->id].channel = other->id;
        pd->channel[mine->id].notify = mine->notify;
        pd->channel[mine->id].calls = mine->calls;
    }
}

/* A program's variable, to be changed before it starts, though it may be read-only. */
static void set_word(struct sim_pd *pd, const struct setvar *from, uint64_t value)
{
    void *at = dlsym(pd->handle, from->symbol);

    if (at == NULL) {
        diag_fatal("%s: %s has no symbol '%s'", pd->name, pd->path, from->symbol);
    }
    program_poke(pd, at, &value, sizeof value);
}

static void set_words(struct sim_pd *pd, const struct pd *from)
{
    for (size_t i = 0; i < from->setvar_count; i++) {
        const struct setvar *s = &from->setvars[i];
        struct sim_region *region = &sim_system.regions[s->region];
        switch (s->kind) {
        case SETVAR_ADDRESS:
            set_word(pd, s, s->address);
            break;
        case SETVAR_SIZE:
            set_word(pd, s, region->size);
            break;
        case SETVAR_PHYSICAL:
            region->is_dma = true;
            set_word(pd, s, region->physical);
            break;
        }
    }
}

void system_load(const char *directory, const char *file)
{
    struct description *d = description_read(text_format("%s/%s", directory, file));

    stop_on_errors();
    description_check(d);
    stop_on_errors();
    sim_system.regions = text_alloc(d->region_count + 1, sizeof *sim_system.regions);
    sim_system.pds = text_alloc(d->pd_count, sizeof *sim_system.pds);
    for (size_t i = 0; i < d->region_count; i++) {
        add_region(&d->regions[i]);
    }
    for (size_t i = 0; i < d->pd_count; i++) {
        add_pd(&d->pds[i], directory);
    }
    for (size_t i = 0; i < d->channel_count; i++) {
        add_channel(&d->channels[i]);
    }
    memory_create();
    for (size_t i = 0; i < d->pd_count; i++) {
        program_open(&sim_system.pds[i]);
        set_words(&sim_system.pds[i], &d->pds[i]);
        program_keep(&sim_system.pds[i]);
    }
    device_create();
    watch_create();
}
