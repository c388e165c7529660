/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulator: memory, the system calls of both kinds of kernel (the only one that
 * matters is the one that waits), and the watch over loads.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicorn/unicorn.h>

#include "fetch.h"
#include "tool/lib/elf_file.h"

#define PAGE      4096U
#define MOST      96U
#define STACK_TOP 0x0fffffff0000ULL
#define REGIONS   0x10000000ULL /* programs lie below */
#define PATIENCE  2000000U      /* instructions per wake-up */
#define SVC       0xd4000001U

struct guard {
    uint64_t index, entries;
    unsigned size;
    uint32_t entry, capacity;
    const volatile uint32_t *released;
    uint32_t good;    /* the last index that could be */
    uint32_t counted; /* entries loaded, for rings */
    uint64_t looked;  /* the wake-up in which it was looked at last */
};

struct store {
    uint64_t start, size;
    enum kind kind;
    unsigned link;
};

struct machine {
    uc_engine *uc;
    struct elf_file *elf;
    uint64_t pc;
    bool waiting, failed;
    struct area area[MOST];
    unsigned areas;
    struct store store[MOST];
    unsigned stores;
    struct guard guard[8];
    unsigned guards;
    bool lying;
    uint32_t step[KIND_COUNT][LINKS];
    struct totals totals;
    struct {
        uint64_t first, second;
    } pair[MOST];
    uint64_t memcpy_start, memcpy_end, fetch_pc;
    uint64_t text, text_size;
    uint8_t *ran; /* of each instruction */
};

static void must(uc_err error, const char *what)
{
    if (error != UC_ERR_OK) {
        fprintf(stderr, "fetch: %s: %s\n", what, uc_strerror(error));
        exit(2);
    }
}

/* ---- Steps ---- */

static void next_step(struct machine *m, enum kind kind, unsigned link)
{
    m->step[kind][link] += 1;
}

/* What is guarded by a generation may be copied again after a fence. */
static void fenced(struct machine *m)
{
    for (unsigned link = 0; link < LINKS; link++) {
        next_step(m, KIND_INFO, link);
    }
}

static void woken(struct machine *m)
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

static const char *name_at(const struct machine *m, uint64_t address)
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
           name_at(m, first), second, name_at(m, second));
}

/* The copy of a copy function may take its last bytes twice: what counts is the copy. */
static bool in_copy(const struct machine *m, uint64_t pc)
{
    return pc >= m->memcpy_start && pc < m->memcpy_end;
}

static void loaded(struct machine *m, struct area *area, uint64_t address, uint64_t pc)
{
    uint64_t at = address - area->start;
    uint32_t step = m->step[area->kind][area->link] + 1U;

    m->totals.bytes[area->kind] += 1;
    if (area->step[at] == step && is_once(area->kind) &&
        !(in_copy(m, pc) && in_copy(m, area->where[at]))) {
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
                   elf_file_path(m->elf), slot, pc, name_at(m, pc));
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

/* ---- Instructions ---- */

static bool is_fence(uint32_t word)
{
    return (word & 0xfffff0ffU) == 0xd50330bfU ||
           (word & 0xfffff0ffU) == 0xd503309fU; /* DMB, DSB */
}

static void on_code(uc_engine *uc, uint64_t address, uint32_t size, void *data)
{
    struct machine *m = data;
    uint32_t word = 0;

    m->totals.instructions += 1;
    if (address - m->text < m->text_size) {
        m->ran[(address - m->text) / 4U] = 1;
    }
    uc_mem_read(uc, address, &word, size);
    if (is_fence(word)) {
        fenced(m);
    }
}

/* C4.1.66, loads and stores: bit 27 set and bit 25 clear; bit 22 or 23 says load. */
static bool loads(uint32_t word)
{
    return (word & 0x0a000000U) == 0x08000000U && (word & 0x00c00000U) != 0;
}

/*
 * Whoever waits: seL4 (MCS) receives by -2 to -4, -7 and -9, the development kernel by 2
 * to 4. The rest is told that all went well.
 */
static bool waits(int64_t call)
{
    return (call >= -4 && call <= -2) || call == -7 || call == -9 || (call >= 2 && call <= 4);
}

static void on_exception(uc_engine *uc, uint32_t number, void *data)
{
    struct machine *m = data;
    int64_t call;
    uint64_t zero = 0;

    uc_reg_read(uc, UC_ARM64_REG_X7, &call);
    uc_reg_read(uc, UC_ARM64_REG_PC, &m->pc);
    if (number != 2) {
        m->failed = true;
        uc_emu_stop(uc);
    } else if (waits(call)) {
        m->waiting = true;
        uc_emu_stop(uc);
    } else {
        uc_reg_write(uc, UC_ARM64_REG_X0, &zero);
    }
}

static bool on_wild(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value,
                    void *data)
{
    struct machine *m = data;

    (void)type, (void)value;
    uc_reg_read(uc, UC_ARM64_REG_PC, &m->pc);
    fprintf(stderr, "fetch: %s touches %d bytes at 0x%" PRIx64 " at pc 0x%" PRIx64 " (%s)\n",
            elf_file_path(m->elf), size, address, m->pc, name_at(m, m->pc));
    m->failed = true;
    return false;
}

/* ---- Setting up ---- */

static void hook(struct machine *m, int type, void *function, uint64_t from, uint64_t to)
{
    uc_hook handle;

    must(uc_hook_add(m->uc, &handle, type, function, m, from, to), "hook");
}

void *machine_map(struct machine *m, uint64_t address, uint64_t size)
{
    uint64_t whole = (size + PAGE - 1U) & ~(uint64_t)(PAGE - 1U);
    void *memory = aligned_alloc(PAGE, whole);

    memset(memory, 0, whole);
    must(uc_mem_map_ptr(m->uc, address, whole, UC_PROT_ALL, memory), "map");
    return memory;
}

static void load(struct machine *m)
{
    struct elf_segment segments[8];
    size_t count = elf_file_segments(m->elf, segments, 8);

    for (size_t i = 0; i < count; i++) {
        const struct elf_segment *s = &segments[i];
        /* One page more: the page that older kernels read messages from. */
        uint8_t *memory =
            machine_map(m, s->address, s->memory_size + (s->writable ? 2U * PAGE : 0));
        memcpy(memory, s->bytes, s->file_size);
        if (s->executable) {
            m->text = s->address;
            m->text_size = s->file_size;
            m->ran = calloc(s->file_size / 4U + 1U, 1);
        }
    }
}

static void set_symbol(struct machine *m, const char *name, const void *bytes, size_t size)
{
    struct elf_symbol symbol;

    if (elf_file_symbol(m->elf, name, &symbol)) {
        must(uc_mem_write(m->uc, symbol.address, bytes, size), name);
    }
}

/* The page of messages: behind the program's data, or where the program says (core/ipc_buffer.c).
 */
static void map_messages(struct machine *m)
{
    struct elf_symbol symbol;
    uint64_t at = 0;

    if (elf_file_symbol(m->elf, "quoll_ipc_buffer", &symbol)) {
        must(uc_mem_read(m->uc, symbol.address, &at, sizeof at), "message page");
    }
    if (at >= REGIONS) {
        (void)machine_map(m, at & ~(uint64_t)(PAGE - 1U), PAGE);
    }
}

struct machine *machine_new(const char *path)
{
    struct machine *m = calloc(1, sizeof *m);
    struct elf_symbol copy;
    const char *why;

    m->elf = elf_file_open(path, &why);
    if (m->elf == NULL) {
        fprintf(stderr, "fetch: %s: %s\n", path, why);
        exit(2);
    }
    must(uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &m->uc), "unicorn");
    load(m);
    (void)machine_map(m, STACK_TOP - 0x10000, 0x10000);
    map_messages(m);
    if (elf_file_symbol(m->elf, "memcpy", &copy)) {
        m->memcpy_start = copy.address;
        m->memcpy_end = copy.address + copy.size;
    }
    m->pc = elf_file_entry(m->elf);
    hook(m, UC_HOOK_CODE, (void *)on_code, 1, 0);
    hook(m, UC_HOOK_INTR, (void *)on_exception, 1, 0);
    hook(m, UC_HOOK_MEM_INVALID, (void *)on_wild, 1, 0);
    return m;
}

void machine_free(struct machine *m)
{
    uc_close(m->uc);
    elf_file_close(m->elf);
    for (unsigned i = 0; i < m->areas; i++) {
        free(m->area[i].step);
        free(m->area[i].where);
    }
    free(m->ran);
    free(m);
}

void machine_watch(struct machine *m, uint64_t start, uint64_t size, enum kind kind, unsigned link)
{
    bool known = area_of(m, start) != NULL;

    m->area[m->areas++] = (struct area){
        start, size, kind, link, calloc(size, sizeof(uint32_t)), calloc(size, sizeof(uint64_t)),
    };
    if (!known) {
        hook(m, UC_HOOK_MEM_READ, (void *)on_load, start, start + size - 1U);
        hook(m, UC_HOOK_MEM_WRITE, (void *)on_store, start, start + size - 1U);
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

void machine_lie(struct machine *m)
{
    m->lying = true;
}

void machine_step_on_store(struct machine *m, uint64_t start, uint64_t size, enum kind kind,
                           unsigned link)
{
    m->store[m->stores++] = (struct store){start, size, kind, link};
    if (area_of(m, start) == NULL) { /* else the area's hook sees them */
        hook(m, UC_HOOK_MEM_WRITE, (void *)on_store, start, start + size - 1U);
    }
}

static uint64_t read_register(uc_engine *uc, uint64_t offset, unsigned size, void *device)
{
    (void)uc;
    return device_read(device, offset, size);
}

static void write_register(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value,
                           void *device)
{
    (void)uc, (void)size;
    device_write(device, offset, (uint32_t)value);
}

void machine_registers(struct machine *m, uint64_t address, uint64_t size, void *device)
{
    must(uc_mmio_map(m->uc, address, size, read_register, device, write_register, device),
         "registers");
}

void machine_configure(struct machine *m, const struct quoll_config *config, const uint64_t *io)
{
    struct quoll_config copy = *config;
    uint64_t all = UINT64_MAX;

    copy.stack_top = STACK_TOP;
    set_symbol(m, "quoll_config", &copy, sizeof copy);
    set_symbol(m, "quoll_io", io, QUOLL_MAX_IO * sizeof *io);
    set_symbol(m, "microkit_notifications", &all, sizeof all);
    set_symbol(m, "microkit_irqs", &all, sizeof all);
}

bool machine_run(struct machine *m, uint64_t badge)
{
    uint64_t no_message = 0;

    woken(m);
    if (m->waiting) {
        uc_reg_write(m->uc, UC_ARM64_REG_X0, &badge);
        uc_reg_write(m->uc, UC_ARM64_REG_X1, &no_message);
    }
    m->totals.wakeups += 1;
    m->waiting = false;
    uc_err error = uc_emu_start(m->uc, m->pc, 0, 0, PATIENCE);
    uc_reg_read(m->uc, UC_ARM64_REG_PC, &m->pc);
    if (error != UC_ERR_OK || m->failed || !m->waiting) {
        fprintf(stderr, "fetch: %s: %s at pc 0x%" PRIx64 " (%s)\n", elf_file_path(m->elf),
                m->failed            ? "fault"
                : error != UC_ERR_OK ? uc_strerror(error)
                                     : "does not come to rest",
                m->pc, name_at(m, m->pc));
        return false;
    }
    return true;
}

struct totals machine_totals(const struct machine *m)
{
    struct totals totals = m->totals;

    for (uint64_t at = 0; at + 4U <= m->text_size; at += 4U) {
        uint32_t word;
        uc_mem_read(m->uc, m->text + at, &word, sizeof word);
        totals.load_instructions += loads(word);
        totals.executed += loads(word) && m->ran[at / 4U];
    }
    return totals;
}
