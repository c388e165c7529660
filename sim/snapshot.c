/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/snapshot.h"

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"
#include "text.h"

#define STRETCH 256U

/* A copy of a part's contents. */
struct part {
    uint32_t references;
    uint32_t size;
    uint64_t hash;
    unsigned char bytes[];
};

/* Where parts are in the present state, and what is known of them. */
struct live {
    bool is_known; /* its hash is right */
    uint64_t hash;
    struct part *part; /* a copy that is equal to it; NULL: none */
};

static struct live *live;
static size_t part_count, first_region, first_device;

/* What of struct sim_machine changes without changing what can happen. */
static void forget_history(struct sim_machine *m)
{
    m->turn = 0;
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        m->pd[i].since = 0;
        m->last_turn[i] = 0;
    }
}

/* ---- The pieces of memory that a part consists of ---- */

#define PIECES (SIM_MAX_BLOCKS + 3)

struct pieces {
    unsigned char *at[PIECES];
    size_t size[PIECES];
    size_t count, hashed; /* the first ones decide what can happen */
};

static void add(struct pieces *p, void *at, size_t size)
{
    p->at[p->count] = at;
    p->size[p->count++] = size;
}

/* Whether the simulator was on its own stack when the thread gave up. */
static bool is_inside(const struct sim_pd *pd)
{
    uintptr_t below = (uintptr_t)pd->kernel_stack - (uintptr_t)state_of(pd)->sp;

    return pd->kernel_stack != NULL && below < SIM_KERNEL_STACK;
}

static unsigned char *program_sp(const struct sim_pd *pd)
{
    const struct sim_pd_state *st = state_of(pd);

    return st->sp == NULL ? pd->stack + pd->stack_size : is_inside(pd) ? st->program_sp : st->sp;
}

/*
 * The simulator's own stack follows from where the program is, but for choices of a device
 * in the midst of an access to it.
 */
static void add_thread(struct pieces *p, const struct sim_pd *pd)
{
    const struct sim_pd_state *st = state_of(pd);
    unsigned char *sp = program_sp(pd), *inside = st->sp;

    for (size_t i = 0; i < pd->block_count; i++) {
        add(p, pd->blocks[i].start, pd->blocks[i].size);
    }
    if (pd->index < SIM_MAX_PDS && sim_system.has_messages) {
        add(p, sim_machine.words[pd->index], sizeof sim_machine.words[0]);
    }
    add(p, sp, (size_t)(pd->stack + pd->stack_size - sp));
    p->hashed = p->count;
    if (is_inside(pd)) {
        add(p, inside, (size_t)((unsigned char *)pd->kernel_stack - inside) + sizeof(void *));
        p->hashed += st->in_device;
    }
}

static void add_machine(struct pieces *p)
{
    struct sim_machine *m = &sim_machine;

    add(p, &m->now, sizeof m->now);
    add(p, m->pd, sim_system.pd_count * sizeof m->pd[0]);
    add(p, m->pd + SIM_MAX_PDS, sim_system.device_count * sizeof m->pd[0]);
    add(p, m->irq, sim_system.pd_count * sizeof m->irq[0]);
    add(p, m->event, sim_system.device_count * sizeof m->event[0]);
    add(p, m->watch, sizeof m->watch[0] * sim_queue_count);
    p->hashed = p->count;
}

static struct sim_pd *thread(size_t number)
{
    return number <= sim_system.pd_count ? &sim_system.pds[number - 1]
                                         : &sim_system.actors[number - 1 - sim_system.pd_count];
}

static void find(struct pieces *p, size_t number)
{
    p->count = 0;
    if (number == 0) {
        add_machine(p);
    } else if (number < first_region) {
        add_thread(p, thread(number));
    } else if (number < first_device) {
        struct sim_region *region = &sim_system.regions[number - first_region];
        add(p, memory_at(region), (region->extent + 7U) & ~7ULL);
        p->hashed = !region->is_counters;
    } else {
        struct sim_device *device = &sim_system.devices[number - first_device];
        add(p, device->state, device->model->state_size);
        p->hashed = 1;
    }
}

void snapshot_create(void)
{
    first_region = 1 + sim_system.pd_count + sim_system.device_count;
    first_device = first_region + sim_system.region_count;
    part_count = first_device + sim_system.device_count;
    live = text_alloc(part_count, sizeof *live);
    mallopt(M_MMAP_THRESHOLD, 1 << 30); /* copies are large, many, and short-lived */
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        unsigned char *stack = text_alloc(1, SIM_KERNEL_STACK);
        sim_system.pds[i].kernel_stack = (void **)(void *)(stack + SIM_KERNEL_STACK - 16U);
    }
}

static void touch(size_t number)
{
    if (live[number].part != NULL && --live[number].part->references == 0) {
        free(live[number].part);
    }
    live[number] = (struct live){0};
}

/*
 * What calls have left behind below the stack would come back as parts of later frames. Down
 * to a stretch that has nothing.
 */
static void clear_below(const struct sim_pd *pd)
{
    uintptr_t at = (uintptr_t)program_sp(pd) & ~(uintptr_t)7;

    while (at - (uintptr_t)pd->stack >= STRETCH) {
        uint64_t *words = (uint64_t *)(at -= STRETCH), some = 0;
        for (unsigned i = 0; i < STRETCH / 8; i++) {
            some |= words[i];
        }
        if (some == 0) {
            return;
        }
        memset(words, 0, STRETCH);
    }
}

void snapshot_has_run(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd);
    bool is_actor = pd->index >= SIM_MAX_PDS;

    st->program_sp = is_inside(pd) ? *pd->kernel_stack : NULL;
    clear_below(pd);
    touch(1 + (is_actor ? pd->index - SIM_MAX_PDS + sim_system.pd_count : pd->index));
}

/* What changes without a word. */
static void look_for_changes(void)
{
    forget_history(&sim_machine);
    touch(0);
    for (size_t i = 0; i < sim_system.region_count; i++) {
        if (sim_system.regions[i].is_changed) {
            sim_system.regions[i].is_changed = false;
            touch(first_region + i);
        }
    }
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        if (sim_system.pds[i].is_changed) {
            sim_system.pds[i].is_changed = false;
            touch(1 + i);
        }
    }
    for (size_t i = first_device; i < part_count; i++) {
        touch(i);
    }
}

/* ---- Hashes ---- */

/* A sum over words that are not zero, so that a zeroed tail makes no difference. */
static uint64_t hash_bytes(const unsigned char *at, size_t size, uint64_t place)
{
    uint64_t sum = 0, word;

    for (; size >= 8; size -= 8, at += 8, place++) {
        memcpy(&word, at, 8);
        if (word != 0) {
            word = (word ^ place * 0x9e3779b97f4a7c15U) * 0xbf58476d1ce4e5b9U;
            word = (word ^ word >> 29) * 0x94d049bb133111ebU;
            sum += word ^ word >> 32;
        }
    }
    for (; size > 0; size--, at++) {
        sum = (sum ^ *at) * 0x100000001b3U;
    }
    return sum;
}

static uint64_t hash_of(size_t number)
{
    struct pieces p;
    uint64_t hash = 0;

    find(&p, number);
    for (size_t i = 0; i < p.hashed; i++) {
        hash += hash_bytes(p.at[i], p.size[i], (number + 1) << 40 | i << 32);
    }
    return hash;
}

uint64_t snapshot_hash(void)
{
    uint64_t hash = 0;

    look_for_changes();
    for (size_t i = 0; i < part_count; i++) {
        if (!live[i].is_known) {
            live[i].hash = hash_of(i);
            live[i].is_known = true;
        }
        hash += live[i].hash;
    }
    return hash;
}

/* ---- Copies ---- */

static struct part *copy_part(size_t number)
{
    struct pieces p;
    size_t size = 0, at = 0;

    find(&p, number);
    for (size_t i = 0; i < p.count; i++) {
        size += p.size[i];
    }
    struct part *part = malloc(sizeof *part + size);
    if (part == NULL) {
        abort();
    }
    part->references = 1;
    part->size = (uint32_t)size;
    part->hash = live[number].hash;
    for (size_t i = 0; i < p.count; at += p.size[i], i++) {
        memcpy(part->bytes + at, p.at[i], p.size[i]);
    }
    return part;
}

struct snapshot snapshot_take(void)
{
    struct snapshot snapshot = {.parts = text_alloc(part_count, sizeof(struct part *))};

    for (size_t i = 0; i < part_count; i++) {
        if (live[i].part == NULL) {
            live[i].part = copy_part(i);
        }
        live[i].part->references += 1;
        snapshot.parts[i] = live[i].part;
    }
    return snapshot;
}

/* The machine's record comes first: it says how much of the stacks there is. */
static void put_back(size_t number, const struct part *part)
{
    if (number >= first_region && number < first_device) {
        struct sim_region *region = &sim_system.regions[number - first_region];
        region->extent = part->size > region->extent ? part->size : region->extent;
    }
    struct pieces p;
    size_t at = 0;

    find(&p, number);
    for (size_t i = 0; i < p.count; i++) {
        size_t size = p.size[i] < part->size - at ? p.size[i] : part->size - at;
        memcpy(p.at[i], part->bytes + at, size);
        memset(p.at[i] + size, 0, p.size[i] - size);
        at += size;
    }
    if (number > 0 && number < first_region) {
        clear_below(thread(number));
    }
}

void snapshot_restore(const struct snapshot *snapshot)
{
    look_for_changes();
    for (size_t i = 0; i < part_count; i++) {
        if (live[i].part == snapshot->parts[i]) {
            continue;
        }
        touch(i);
        put_back(i, snapshot->parts[i]);
        live[i] = (struct live){true, snapshot->parts[i]->hash, snapshot->parts[i]};
        snapshot->parts[i]->references += 1;
    }
}

void snapshot_drop(struct snapshot *snapshot)
{
    for (size_t i = 0; i < part_count; i++) {
        if (--snapshot->parts[i]->references == 0) {
            free(snapshot->parts[i]);
        }
    }
    free(snapshot->parts);
    snapshot->parts = NULL;
}

size_t snapshot_pack(const struct snapshot *snapshot, unsigned char *bytes, size_t room)
{
    size_t at = 0;

    for (size_t i = 0; i < part_count; i++) {
        const struct part *part = snapshot->parts[i];
        size_t size = sizeof *part + part->size;
        if (size > room - at) {
            return 0;
        }
        memcpy(bytes + at, part, size);
        at += size;
    }
    return at;
}

struct snapshot snapshot_unpack(const unsigned char *bytes)
{
    struct snapshot snapshot = {.parts = text_alloc(part_count, sizeof(struct part *))};
    struct part header;

    for (size_t i = 0; i < part_count; i++) {
        memcpy(&header, bytes, sizeof header);
        size_t size = sizeof header + header.size;
        struct part *part = malloc(size);
        if (part == NULL) {
            abort();
        }
        memcpy(part, bytes, size);
        part->references = 1;
        snapshot.parts[i] = part;
        bytes += size;
    }
    return snapshot;
}
