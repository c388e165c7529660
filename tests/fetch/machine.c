/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulator: memory, instructions, and the system calls of both kinds of kernel; the only
 * one that matters is the one that waits.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define PAGE      4096U
#define STACK_TOP 0x0fffffff0000ULL
#define REGIONS   0x10000000ULL /* programs lie below */
#define PATIENCE  2000000U      /* instructions per wake-up */

void machine_must(uc_err error, const char *what)
{
    if (error != UC_ERR_OK) {
        fprintf(stderr, "fetch: %s: %s\n", what, uc_strerror(error));
        exit(2);
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
        watch_fence(m);
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
            elf_file_path(m->elf), size, address, m->pc, machine_name(m, m->pc));
    m->failed = true;
    return false;
}

/* ---- Setting up ---- */

void machine_hook(struct machine *m, int type, void *function, uint64_t from, uint64_t to)
{
    uc_hook handle;

    machine_must(uc_hook_add(m->uc, &handle, type, function, m, from, to), "hook");
}

void *machine_map(struct machine *m, uint64_t address, uint64_t size)
{
    uint64_t whole = (size + PAGE - 1U) & ~(uint64_t)(PAGE - 1U);
    void *memory = aligned_alloc(PAGE, whole);

    memset(memory, 0, whole);
    machine_must(uc_mem_map_ptr(m->uc, address, whole, UC_PROT_ALL, memory), "map");
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
        machine_must(uc_mem_write(m->uc, symbol.address, bytes, size), name);
    }
}

/* The page of messages: behind the program's data, or where the program says (core/ipc_buffer.c).
 */
static void map_messages(struct machine *m)
{
    struct elf_symbol symbol;
    uint64_t at = 0;

    if (elf_file_symbol(m->elf, "quoll_ipc_buffer", &symbol)) {
        machine_must(uc_mem_read(m->uc, symbol.address, &at, sizeof at), "message page");
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
    machine_must(uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &m->uc), "unicorn");
    load(m);
    (void)machine_map(m, STACK_TOP - 0x10000, 0x10000);
    map_messages(m);
    if (elf_file_symbol(m->elf, "memcpy", &copy)) {
        m->memcpy_start = copy.address;
        m->memcpy_end = copy.address + copy.size;
    }
    m->pc = elf_file_entry(m->elf);
    machine_hook(m, UC_HOOK_CODE, (void *)on_code, 1, 0);
    machine_hook(m, UC_HOOK_INTR, (void *)on_exception, 1, 0);
    machine_hook(m, UC_HOOK_MEM_INVALID, (void *)on_wild, 1, 0);
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
    machine_must(uc_mmio_map(m->uc, address, size, read_register, device, write_register, device),
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

    watch_wake_up(m);
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
                m->pc, machine_name(m, m->pc));
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
