/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel is told about each PD: who it is, what it may name, and what it may
 * reach.
 */
#include "build.h"

#include "image.h"
#include "memory.h"
#include "parts.h"
#include "tables.h"
#include "text.h"

#include <string.h>

static void give_channels(struct system *system, const struct description *d)
{
    for (size_t i = 0; i < 2 * d->channel_count; i++) {
        const struct channel_end *mine = &d->channels[i / 2].ends[i % 2];
        const struct channel_end *other = &d->channels[i / 2].ends[1 - i % 2];
        struct handle *handles = system->pds[mine->pd].handles;
        struct handle to = {.pd = (uint8_t)other->pd, .number = (uint16_t)other->id};
        if (mine->notify) {
            handles[DEVKIT_HANDLE_NOTIFY + mine->id] = to;
            handles[DEVKIT_HANDLE_NOTIFY + mine->id].kind = HANDLE_NOTIFY;
        }
        if (mine->calls) {
            handles[DEVKIT_HANDLE_CALL + mine->id] = to;
            handles[DEVKIT_HANDLE_CALL + mine->id].kind = HANDLE_CALL;
        }
    }
}

static void give_irqs(struct system *system, const struct pd *pd, size_t index)
{
    for (size_t i = 0; i < pd->irq_count; i++) {
        const struct irq *irq = &pd->irqs[i];
        system->irqs[irq->irq] = (struct irq_image){
            .used = 1,
            .pd = (uint8_t)index,
            .channel = (uint8_t)irq->id,
            .edge = irq->edge,
        };
        system->pds[index].handles[DEVKIT_HANDLE_IRQ + irq->id] =
            (struct handle){.kind = HANDLE_IRQ, .number = (uint16_t)irq->irq};
    }
}

static unsigned rights(bool readable, bool writable, bool executable)
{
    return (readable ? PAGE_READ : 0U) | (writable ? PAGE_WRITE : 0U) |
           (executable ? PAGE_EXECUTE : 0U);
}

static void map_own(const struct pd *pd, const struct program *program, size_t index, size_t root)
{
    uint64_t stack = memory_take(pd->stack_size, PAGE_SMALL, "stacks");

    tables_map(root, STACK_TOP - pd->stack_size, stack, pd->stack_size, PAGE_SMALL,
               PAGE_READ | PAGE_WRITE);
    parts_add_zeroes(stack, pd->stack_size);
    for (size_t i = 0; i < program->segment_count; i++) {
        const struct segment *s = &program->segments[i];
        parts_add(s->physical, s->bytes, s->pages_size);
        if (!tables_map(root, s->page, s->physical, s->pages_size, PAGE_SMALL,
                        rights(s->readable, s->writable, s->executable))) {
            diag_error(pd->program_place, "%s: segments of '%s' share the page at 0x%lx", pd->name,
                       program->path, s->page);
        }
    }
    if (!tables_map(root, program->ipc_buffer, IPC_BUFFERS + index * PAGE_SMALL, PAGE_SMALL,
                    PAGE_SMALL, PAGE_READ | PAGE_WRITE)) {
        diag_error(pd->program_place, "%s: '%s' has its IPC buffer inside a segment, at 0x%lx",
                   pd->name, program->path, program->ipc_buffer);
    }
}

static void map_regions(const struct description *d, const struct pd *pd, size_t root)
{
    for (size_t i = 0; i < pd->map_count; i++) {
        const struct map *map = &pd->maps[i];
        const struct region *region = &d->regions[map->region];
        unsigned device = map->cached ? 0 : PAGE_DEVICE;
        if (!tables_map(root, map->address, region->physical, region->size, region->page_size,
                        rights(map->readable, map->writable, map->executable) | device)) {
            diag_error(map->place, "%s: '%s' at [0x%lx..0x%lx) overlaps the program '%s'", pd->name,
                       region->name, map->address, map->address + region->size, pd->program);
        }
    }
}

static void build_pd(struct system *system, const struct description *d,
                     const struct program *program, size_t index)
{
    const struct pd *pd = &d->pds[index];
    struct pd_image *image = &system->pds[index];
    size_t root = tables_new();

    memcpy(image->name, pd->name, strlen(pd->name));
    image->tables = table_pages[root]->physical;
    image->entry = elf_file_entry(program->elf);
    image->stack = STACK_TOP;
    image->budget = pd->budget;
    image->period = pd->period;
    image->priority = (uint8_t)pd->priority;
    image->has_parent = pd->parent != NO_PD;
    if (image->has_parent) {
        image->parent = (uint8_t)pd->parent;
        image->child = (uint8_t)pd->child;
        system->pds[pd->parent].handles[DEVKIT_HANDLE_TCB + pd->child] =
            (struct handle){.kind = HANDLE_TCB, .pd = (uint8_t)index};
    }
    if (pd->passive) {
        image->handles[DEVKIT_HANDLE_PASSIVE].kind = HANDLE_PASSIVE;
    }
    give_irqs(system, pd, index);
    map_own(pd, program, index, root);
    map_regions(d, pd, root);
}

struct system *build_system(const struct description *d, const struct program *programs)
{
    struct system *system = text_alloc(1, sizeof *system);

    system->pd_count = d->pd_count;
    give_channels(system, d);
    for (size_t i = 0; i < d->pd_count; i++) {
        build_pd(system, d, &programs[i], i);
    }
    for (size_t i = 0; i < d->region_count; i++) {
        if (memory_is_ram(d->regions[i].physical)) {
            parts_add_zeroes(d->regions[i].physical, d->regions[i].size);
        }
    }
    for (size_t i = 0; i < table_page_count; i++) {
        parts_add(table_pages[i]->physical, table_pages[i]->entries,
                  sizeof table_pages[i]->entries);
    }
    parts_add_zeroes(IPC_BUFFERS, MAX_PDS * PAGE_SMALL);
    return system;
}

uint64_t build_kernel(const char *path, const struct system *system)
{
    const char *why;
    struct elf_symbol symbol;
    struct elf_segment segments[MAX_SEGMENTS];
    struct elf_file *kernel = elf_file_open(path, &why);

    if (kernel == NULL) {
        diag_fatal("%s: %s", path, why);
    }
    if (!elf_file_symbol(kernel, "system", &symbol) ||
        !elf_file_patch(kernel, symbol.address, system, sizeof *system)) {
        diag_fatal("%s is not the kernel of the development SDK", path);
    }
    size_t n = elf_file_segments(kernel, segments, MAX_SEGMENTS);
    for (size_t i = 0; i < n; i++) {
        uint64_t size = text_round_up(segments[i].memory_size, 8);
        unsigned char *bytes = text_alloc(size, 1);
        memcpy(bytes, segments[i].bytes, segments[i].file_size);
        parts_add(segments[i].address - KERNEL_OFFSET, bytes, size);
    }
    return elf_file_entry(kernel) - KERNEL_OFFSET;
}
