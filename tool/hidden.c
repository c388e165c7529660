/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two places. A page that an executable segment shares with another: an instruction may
 * begin in the one and end in the other. And what is patched after the scan, by the
 * composer and by the SDK's tool, at symbols that the program itself places: a patch
 * that covers a part of a word makes another instruction of it. So what is patched must
 * be zeros, whole words, and nobody else's; what it becomes then is the patched value
 * alone. No value of the SDK's tool is a system instruction (0xd5 in its top byte): names
 * are ASCII, I/O addresses end in 12 zero bits, sets of channels have no such gaps. The
 * configuration, which the composer writes, is scanned once more (patch.c).
 */
#include "hidden.h"

#include <inttypes.h>
#include <string.h>

#include "list.h"
#include "scan.h"
#include "values.h"

#define MAX_SEGMENTS 64
#define WORD         8U

/* ---- Pages ---- */

static bool share_a_page(const struct elf_segment *a, const struct elf_segment *b)
{
    return a->address / PAGE_SIZE <= (b->address + b->memory_size - 1) / PAGE_SIZE &&
           b->address / PAGE_SIZE <= (a->address + a->memory_size - 1) / PAGE_SIZE;
}

static void check_pages(const struct elf_segment *segments, size_t count, const char *name,
                        struct place at, const char *who)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if ((segments[i].executable || segments[j].executable) &&
                share_a_page(&segments[i], &segments[j])) {
                diag_error(at,
                           "%s: %s has segments at 0x%" PRIx64 " and 0x%" PRIx64
                           " that share a page, and code is in it",
                           who, name, segments[j].address, segments[i].address);
            }
        }
    }
}

/* ---- Patches ---- */

struct patched {
    const char *name;
    uint64_t address, size;
};

struct search {
    const struct elf_segment *segments;
    size_t count;
    LIST(struct patched) found; /* in executable segments */
};

/* What is written at a symbol, in whole words; 0: nothing. */
static uint64_t patched_size(const char *name, uint64_t own)
{
    const struct patched known[] = {
        {.name = "quoll_config", .size = own}, /* program_check() knows how much it must be */
        {.name = "microkit_name", .size = 64},
        {.name = "microkit_irqs", .size = WORD},
        {.name = "microkit_notifications", .size = WORD},
        {.name = "microkit_pps", .size = WORD},
        {.name = "microkit_passive", .size = WORD},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name) == 0) {
            return known[i].size;
        }
    }
    return strncmp(name, "quoll_io_", strlen("quoll_io_")) == 0 ? WORD : 0;
}

static bool collect(void *context, const char *name, struct elf_symbol symbol)
{
    struct search *search = context;
    struct patched p = {name, symbol.address, patched_size(name, symbol.size)};

    for (size_t i = 0; i < search->count; i++) {
        const struct elf_segment *s = &search->segments[i];
        if (s->executable && p.size > 0 && p.address < s->address + s->memory_size &&
            s->address < p.address + p.size) {
            LIST_ADD(&search->found, p);
        }
    }
    return true;
}

static bool is_zero(const struct elf_file *elf, const struct patched *p)
{
    const unsigned char *bytes = elf_file_at(elf, p->address, p->size);

    for (uint64_t i = 0; bytes != NULL && i < p->size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return bytes != NULL;
}

static bool is_alone(const struct patched *p, const struct patched *others, size_t count)
{
    for (const struct patched *o = others; o < others + count; o++) {
        if (o != p && o->address < p->address + p->size && p->address < o->address + o->size) {
            return false;
        }
    }
    return true;
}

void hidden_check(const struct elf_file *elf, const char *name, struct place at, const char *who)
{
    struct elf_segment segments[MAX_SEGMENTS];
    struct search search = {segments, elf_file_segments(elf, segments, MAX_SEGMENTS), {0}};

    check_pages(segments, search.count, name, at, who);
    elf_file_each_symbol(elf, collect, &search);
    LIST_EACH(const struct patched, p, search.found)
    {
        if (p->address % WORD != 0 || !is_zero(elf, p) ||
            !is_alone(p, search.found.items, search.found.count)) {
            diag_error(
                at, "%s: in %s '%s' at 0x%" PRIx64 " is not an aligned place of zeros of its own",
                who, name, p->name, p->address);
            diag_hint("what is written there would become a part of the code around it");
        }
    }
}
