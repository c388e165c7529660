/* SPDX-License-Identifier: BSD-2-Clause */
/* A PD's stage 2 translation tables. */
#ifndef DEVKIT_TABLES_H
#define DEVKIT_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_page {
    uint64_t physical;
    uint64_t entries[512];
};

/** All pages of all tables made so far; the first two of a PD's are its root. */
extern struct table_page **table_pages;
extern size_t table_page_count;

enum page_rights { PAGE_READ = 1, PAGE_WRITE = 2, PAGE_EXECUTE = 4, PAGE_DEVICE = 8 };

/** @return a new root, as an index into table_pages */
size_t tables_new(void);

/**
 * Map `size` bytes, with pages of `page_size` (4 KiB or 2 MiB), of which all three
 * numbers are multiples.
 *
 * @return false if something is mapped there already
 */
bool tables_map(size_t root, uint64_t address, uint64_t physical, uint64_t size, uint64_t page_size,
                unsigned rights);

#endif
