/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watch over what a program loads: each byte of an area once in a step, and entries only
 * where an index has said that there are some.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"

/* ---- Steps ---- */

static void next_step(struct machine *m, enum kind kind, unsigned link)
{
    m->step[kind][link] += 1;
}

/* What is guarded by a generation may be copied again after a fence. */
void watch_fence(struct machine *m)
{
    for (unsigned link = 0; link < LINKS; link++) {
        next_step(m, KIND_INFO, link);
    }
}

void watch_wake_up(struct machine *m)
{
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        for (unsigned link = 0; link < LINKS; link++) {
            next_step(m, kind, link);
        }
    }
}

/* ---- Loads and stores ---- */

static const char *const kinds[] = {"index", "header", "wish", "byte",   "information",
                                    "entry", "data",   "ring", "answer", "table"};

/* Whether a second load in a step is a mistake in itself. */
static bool is_once(enum kind kind)
{
    return kind == KIND_INFO || kind == KIND_ENTRY || kind == KIND_DATA || kind == KIND_ANSWER ||
           kind == KIND_TABLE;
}

static bool find_symbol(void *context, const char *name, struct elf_symbol symbol)
{
    struct {
        uint64_t address;
        const char *name;
    } *search = context;

    if (search->address - symbol.address < symbol.size) {
        search->name = name;
    }
    return search->name == NULL;
}

const char *machine_name(const struct machine *m, uint64_t address)
{
    struct {
        uint64_t address;
        const char *name;
    } search = {address, NULL};

    elf_file_each_symbol(m->elf, find_symbol, &search);
    return search.name != NULL ? search.name : "?";
}

/* Each pair of instructions is told of once. */
static void twice(struct machine *m, const struct area *area, uint64_t address, uint64_t second)
{
    uint64_t first = area->where[address - area->start];

    for (unsigned i = 0; i < m->totals.findings && i < MOST; i++) {
        if (m->pair[i].first == first && m->pair[i].second == second) {
            return;
        }
    }
    if (m->totals.findings < MOST) {
        m->pair[m->totals.findings].first = first;
        m->pair[m->totals.findings].second = second;
    }
    m->totals.findings += 1;
    if (m->totals.findings > 10) {
        return;
    }
    printf("%s: %s of link %u, byte %" PRIu64 ": loaded at 0x%" PRIx64
           " (%s) and again at 0x%" PRIx64 " (%s)\n",
           elf_file_path(m->elf), kinds[area->kind], area->link, address - area->start, first,
           machine_name(m, first), second, machine_name(m, second));
}

void machine_copies(struct machine *m, bool copies)
{
    m->copies = copies;
}

/* LDP of two 64-bit registers, in its three forms (Arm ARM, C6.2.164). */
static bool is_pair(const struct machine *m, uint64_t pc)
{
    uint32_t word = 0;

    machine_must(uc_mem_read(m->uc, pc, &word, sizeof word), "an instruction");
    return (word & 0xfe400000U) == 0xa8400000U;
}

/*
 * A copy may take its last bytes twice: what counts is the copy. That is memcpy(), and in who
 * has it in line a load of two registers: what is judged there is loaded as one word.
 */
static bool in_copy(const struct machine *m, const struct area *area, uint64_t first,
                    uint64_t second)
{
    uint64_t start = m->memcpy_start, size = m->memcpy_end - start;

    return (first - start < size && second - start < size) ||
           (m->copies && area->kind == KIND_DATA && is_pair(m, second));
}

static void loaded(struct machine *m, struct area *area, uint64_t address, uint64_t pc)
{
    uint64_t at = address - area->start;
    uint32_t step = m->step[area->kind][area->link] + 1U;

    m->totals.bytes[area->kind] += 1;
    if (area->step[at] == step && is_once(area->kind) && !in_copy(m, area, area->where[at], pc)) {
        twice(m, area, address, pc);
    }
    area->step[at] = step;
    area->where[at] = pc;
}

/* ---- Indices ---- */

static uint32_t released(const struct guard *g)
{
    return g->released != NULL ? *g->released : g->counted;
}

/* An index is about to be loaded: again, and it is a lie. */
static void look_at_index(struct machine *m, struct guard *g)
{
    uint32_t mask = g->size == 2 ? UINT16_MAX : UINT32_MAX;
    uint32_t value = 0;

    if (m->lying && g->looked == m->totals.wakeups) {
        value = released(g) + 2U * g->capacity + 1U + draw(100);
        uc_mem_write(m->uc, g->index, &value, g->size);
        m->totals.lies += 1;
    }
    g->looked = m->totals.wakeups;
    uc_mem_read(m->uc, g->index, &value, g->size);
    if (((value - released(g)) & mask) <= g->capacity) {
        g->good = value;
    }
}

/* An entry is about to be loaded: is it one that is there? */
static void look_at_entry(struct machine *m, struct guard *g, uint64_t address, uint64_t pc)
{
    uint32_t slot = (uint32_t)(address - g->entries) / g->entry;
    uint32_t mask = g->size == 2 ? UINT16_MAX : UINT32_MAX;
    uint32_t ahead = (slot - released(g)) & (g->capacity - 1U);

    if (ahead >= ((g->good - released(g)) & mask)) {
        m->totals.findings += 1;
        if (m->totals.findings < 10) {
            printf("%s: entry %u that is not there is loaded at 0x%" PRIx64 " (%s)\n",
                   elf_file_path(m->elf), slot, pc, machine_name(m, pc));
        }
    }
    g->counted += g->released == NULL && (address - g->entries) % g->entry == g->entry - 1U;
}

static void look_at_guards(struct machine *m, uint64_t address, uint64_t pc)
{
    for (unsigned i = 0; i < m->guards; i++) {
        struct guard *g = &m->guard[i];
        if (address == g->index) {
            look_at_index(m, g);
        } else if (address - g->entries < (uint64_t)g->entry * g->capacity) {
            look_at_entry(m, g, address, pc);
        }
    }
}

/* What was said last of an address holds. */
static struct area *area_of(struct machine *m, uint64_t address)
{
    for (unsigned i = m->areas; i > 0; i--) {
        if (address - m->area[i - 1U].start < m->area[i - 1U].size) {
            return &m->area[i - 1U];
        }
    }
    return NULL;
}

static void on_load(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value,
                    void *data)
{
    struct machine *m = data;
    uint64_t pc;

    (void)type, (void)value;
    uc_reg_read(uc, UC_ARM64_REG_PC, &pc);
    m->totals.loads += 1;
    for (int n = 0; n < size; n++) {
        struct area *area = area_of(m, address + (unsigned)n);
        if (area != NULL) {
            look_at_guards(m, address + (unsigned)n, pc);
            loaded(m, area, address + (unsigned)n, pc);
        }
    }
}

static void on_store(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value,
                     void *data)
{
    struct machine *m = data;

    (void)uc, (void)type, (void)size, (void)value;
    for (unsigned i = 0; i < m->stores; i++) {
        if (address - m->store[i].start < m->store[i].size) {
            next_step(m, m->store[i].kind, m->store[i].link);
        }
    }
}

/* ---- Setting up ---- */

void machine_watch(struct machine *m, uint64_t start, uint64_t size, enum kind kind, unsigned link)
{
    bool known = area_of(m, start) != NULL;

    m->area[m->areas++] = (struct area){
        start, size, kind, link, calloc(size, sizeof(uint32_t)), calloc(size, sizeof(uint64_t)),
    };
    if (!known) {
        machine_hook(m, UC_HOOK_MEM_READ, (void *)on_load, start, start + size - 1U);
        machine_hook(m, UC_HOOK_MEM_WRITE, (void *)on_store, start, start + size - 1U);
    }
}

void machine_guard(struct machine *m, uint64_t index, unsigned size, uint64_t entries,
                   uint32_t entry, uint32_t capacity, const volatile uint32_t *released)
{
    m->guard[m->guards++] = (struct guard){.index = index,
                                           .size = size,
                                           .entries = entries,
                                           .entry = entry,
                                           .capacity = capacity,
                                           .released = released};
}

/* The device was reset: its index begins anew. */
void machine_guard_anew(struct machine *m, uint64_t index)
{
    for (unsigned i = 0; i < m->guards; i++) {
        if (m->guard[i].index == index) {
            m->guard[i].counted = m->guard[i].good = 0;
        }
    }
}

void machine_lie(struct machine *m)
{
    m->lying = true;
}

void machine_step_on_store(struct machine *m, uint64_t start, uint64_t size, enum kind kind,
                           unsigned link)
{
    m->store[m->stores++] = (struct store){start, size, kind, link};
    if (area_of(m, start) == NULL) { /* else the area's hook sees them */
        machine_hook(m, UC_HOOK_MEM_WRITE, (void *)on_store, start, start + size - 1U);
    }
}
