/* SPDX-License-Identifier: BSD-2-Clause */
#include "program.h"

#include "image.h"
#include "memory.h"
#include "text.h"

#include <elf.h>
#include <string.h>

static void add_segment(struct program *program, const struct elf_segment *from)
{
    uint64_t page = from->address & ~(PAGE_SMALL - 1);
    struct segment *s = &program->segments[program->segment_count++];

    *s = (struct segment){
        .address = from->address,
        .size = from->memory_size,
        .index = from->index,
        .readable = from->readable,
        .writable = from->writable,
        .executable = from->executable,
        .page = page,
        .pages_size = text_round_up(from->address + from->memory_size, PAGE_SMALL) - page,
    };
    s->physical = memory_take(s->pages_size, PAGE_SMALL, program->path);
    s->bytes = text_alloc(s->pages_size, 1);
    memcpy(s->bytes + (from->address - page), from->bytes, from->file_size);
}

static void add_segments(struct program *program, const struct pd *pd)
{
    struct elf_segment segments[MAX_SEGMENTS + 1];
    size_t n = elf_file_segments(program->elf, segments, MAX_SEGMENTS + 1);
    uint64_t limit = STACK_TOP - pd->stack_size;

    if (n > MAX_SEGMENTS || n == 0) {
        diag_error(pd->program_place, "%s: '%s' has %s segments", pd->name, program->path,
                   n == 0 ? "no" : "too many");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (segments[i].address >= limit || segments[i].memory_size > limit - segments[i].address) {
            diag_error(pd->program_place, "%s: '%s' has a segment at 0x%lx, where the stack is",
                       pd->name, program->path, segments[i].address);
        } else {
            add_segment(program, &segments[i]);
        }
    }
}

static void find_ipc_buffer(struct program *program, const struct pd *pd)
{
    struct elf_symbol symbol;

    if (!elf_file_symbol(program->elf, "__sel4_ipc_buffer_obj", &symbol)) {
        diag_error(pd->program_place, "%s: '%s' has no symbol '__sel4_ipc_buffer_obj'", pd->name,
                   program->path);
        diag_hint("is it linked with libmicrokit and microkit.ld?");
    } else if (symbol.address % PAGE_SMALL != 0) {
        diag_error(pd->program_place,
                   "%s: '__sel4_ipc_buffer_obj' of '%s' is not at a page's start", pd->name,
                   program->path);
    }
    program->ipc_buffer = symbol.address;
}

void program_load(struct program *program, const struct pd *pd, const char *const *search_paths,
                  size_t search_path_count)
{
    const char *why;

    program->path = text_find_file(pd->program, search_paths, search_path_count);
    if (program->path == NULL) {
        diag_error(pd->program_place, "%s: there is no program '%s'", pd->name, pd->program);
        for (size_t i = 0; i < search_path_count; i++) {
            diag_hint("not in %s", search_paths[i]);
        }
        return;
    }
    program->elf = elf_file_open(program->path, &why);
    if (program->elf == NULL) {
        diag_error(pd->program_place, "%s: '%s': %s", pd->name, program->path, why);
    } else if (elf_file_machine(program->elf) != EM_AARCH64) {
        diag_error(pd->program_place, "%s: '%s' is not for AArch64", pd->name, program->path);
    } else {
        add_segments(program, pd);
        find_ipc_buffer(program, pd);
    }
}

/* Where a virtual address is in the program's copy; NULL if it is nowhere. */
static unsigned char *locate(const struct program *program, uint64_t address, size_t size)
{
    for (size_t i = 0; i < program->segment_count; i++) {
        const struct segment *s = &program->segments[i];
        if (address >= s->page && address - s->page <= s->pages_size &&
            size <= s->pages_size - (address - s->page)) {
            return s->bytes + (address - s->page);
        }
    }
    return NULL;
}

static void set(struct program *program, const struct pd *pd, struct place place,
                const char *symbol, const void *value, size_t size)
{
    struct elf_symbol found;
    bool known = elf_file_symbol(program->elf, symbol, &found);
    unsigned char *at = known ? locate(program, found.address, size) : NULL;

    if (at != NULL) {
        memcpy(at, value, size);
        return;
    }
    diag_error(place,
               known ? "%s: symbol '%s' of '%s' is not in memory"
                     : "%s: there is no symbol '%s' in '%s'",
               pd->name, symbol, program->path);
}

static uint64_t setvar_value(const struct description *d, const struct setvar *setvar)
{
    switch (setvar->kind) {
    case SETVAR_ADDRESS:
        return setvar->address;
    case SETVAR_SIZE:
        return d->regions[setvar->region].size;
    case SETVAR_PHYSICAL:
        return d->regions[setvar->region].physical;
    }
    return 0;
}

void program_set_values(struct program *program, const struct description *d, size_t index)
{
    const struct pd *pd = &d->pds[index];
    char name[PD_NAME_SIZE] = {0};
    uint64_t irqs = 0, notifications = 0, calls = 0;
    unsigned char passive = pd->passive;

    memcpy(name, pd->name, strlen(pd->name));
    for (size_t i = 0; i < pd->irq_count; i++) {
        irqs |= 1ULL << pd->irqs[i].id;
    }
    for (size_t i = 0; i < 2 * d->channel_count; i++) {
        const struct channel_end *end = &d->channels[i / 2].ends[i % 2];
        if (end->pd == index) {
            notifications |= (uint64_t)end->notify << end->id;
            calls |= (uint64_t)end->calls << end->id;
        }
    }
    set(program, pd, pd->program_place, "microkit_name", name, sizeof name);
    set(program, pd, pd->program_place, "microkit_passive", &passive, sizeof passive);
    set(program, pd, pd->program_place, "microkit_irqs", &irqs, sizeof irqs);
    set(program, pd, pd->program_place, "microkit_notifications", &notifications,
        sizeof notifications);
    set(program, pd, pd->program_place, "microkit_pps", &calls, sizeof calls);
    for (size_t i = 0; i < pd->setvar_count; i++) {
        uint64_t value = setvar_value(d, &pd->setvars[i]);
        set(program, pd, pd->setvars[i].place, pd->setvars[i].symbol, &value, sizeof value);
    }
}
