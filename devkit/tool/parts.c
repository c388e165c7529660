/* SPDX-License-Identifier: BSD-2-Clause */
#include "parts.h"

#include "description.h"
#include "elf_file.h"
#include "image.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct part {
    uint64_t physical, size, zeroes;
    const unsigned char *bytes;
} * parts;
static size_t part_count;

void parts_add(uint64_t physical, const void *bytes, uint64_t size)
{
    static const unsigned char zeroes[8];
    const unsigned char *from = bytes;
    uint64_t carried = size;

    while (carried > 0 && memcmp(from + carried - 8, zeroes, 8) == 0) {
        carried -= 8;
    }
    *APPEND(parts, part_count) = (struct part){physical, carried, size - carried, from};
}

void parts_add_zeroes(uint64_t physical, uint64_t size)
{
    *APPEND(parts, part_count) = (struct part){physical, 0, size, NULL};
}

/* The loader's bytes up to where the table belongs. */
static const unsigned char *load_loader(const char *path, uint64_t *size)
{
    const char *why;
    struct elf_segment segment;
    struct elf_symbol table;
    struct elf_file *loader = elf_file_open(path, &why);

    if (loader == NULL) {
        diag_fatal("%s: %s", path, why);
    }
    if (!elf_file_symbol(loader, "loader_table", &table) ||
        elf_file_segments(loader, &segment, 1) != 1 || segment.address != IMAGE_BASE) {
        diag_fatal("%s is not the loader of the development SDK", path);
    }
    *size = table.address - IMAGE_BASE;
    unsigned char *bytes = text_alloc(*size, 1);
    memcpy(bytes, segment.bytes, segment.file_size < *size ? segment.file_size : *size);
    return bytes;
}

static struct loader_table *make_table(uint64_t from, uint64_t entry)
{
    struct loader_table *table = text_alloc(1, sizeof *table + part_count * sizeof table->parts[0]);

    table->magic = LOADER_MAGIC;
    table->count = part_count;
    table->entry = entry;
    for (size_t i = 0; i < part_count; i++) {
        table->parts[i] =
            (struct loader_part){parts[i].physical, from, parts[i].size, parts[i].zeroes};
        from += parts[i].size;
    }
    if (from > IMAGE_LIMIT - IMAGE_BASE) {
        diag_fatal("the image would have 0x%lx bytes, the most is 0x%x", from,
                   IMAGE_LIMIT - IMAGE_BASE);
    }
    return table;
}

void parts_write(const char *path, const char *loader_path, uint64_t entry)
{
    uint64_t loader_size;
    const unsigned char *loader = load_loader(loader_path, &loader_size);
    size_t table_size = sizeof(struct loader_table) + part_count * sizeof(struct loader_part);
    struct loader_table *table = make_table(loader_size + table_size, entry);
    FILE *out = fopen(path, "wb");

    if (out == NULL) {
        diag_fatal("%s: %s", path, strerror(errno));
    }
    bool written = fwrite(loader, 1, loader_size, out) == loader_size &&
                   fwrite(table, 1, table_size, out) == table_size;
    for (size_t i = 0; i < part_count && written; i++) {
        written =
            parts[i].size == 0 || fwrite(parts[i].bytes, 1, parts[i].size, out) == parts[i].size;
    }
    if (fclose(out) != 0 || !written) {
        diag_fatal("%s: cannot be written", path);
    }
}
