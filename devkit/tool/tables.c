/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 40 bits: 1024 entries of 1 GiB in two pages side by side, then 512 of 2 MiB, then
 * 512 of 4 KiB.
 *
 * Source: Arm DDI 0487, D8.3 (VMSAv8-64 descriptors, stage 2).
 */
#include "tables.h"

#include "description.h"
#include "memory.h"
#include "text.h"

#define DESC_VALID      (1ULL << 0)
#define DESC_TABLE      (3ULL << 0)
#define DESC_BLOCK      (1ULL << 0)
#define DESC_PAGE       (3ULL << 0)
#define DESC_DEVICE     (0ULL << 2)  /* nGnRnE */
#define DESC_NORMAL     (15ULL << 2) /* write-back */
#define DESC_READ       (1ULL << 6)
#define DESC_WRITE      (2ULL << 6)
#define DESC_SHAREABLE  (3ULL << 8)
#define DESC_ACCESSED   (1ULL << 10)
#define DESC_NO_EXECUTE (1ULL << 54)
#define DESC_ADDRESS    0xfffffff000ULL

struct table_page **table_pages;
size_t table_page_count;

static struct table_page *new_page(uint64_t physical)
{
    struct table_page *page = text_alloc(1, sizeof *page);

    page->physical = physical;
    *APPEND(table_pages, table_page_count) = page;
    return page;
}

size_t tables_new(void)
{
    size_t root = table_page_count;
    uint64_t physical = memory_take(2 * PAGE_SMALL, 2 * PAGE_SMALL, "translation tables");

    new_page(physical);
    new_page(physical + PAGE_SMALL);
    return root;
}

static struct table_page *find_page(uint64_t physical)
{
    size_t i = 0;

    while (table_pages[i]->physical != physical) {
        i++;
    }
    return table_pages[i];
}

/* The table that an entry points to, made if there is none; NULL if it is a block. */
static struct table_page *descend(uint64_t *entry)
{
    if ((*entry & DESC_VALID) == 0) {
        uint64_t physical = memory_take(PAGE_SMALL, PAGE_SMALL, "translation tables");
        *entry = physical | DESC_TABLE;
        return new_page(physical);
    }
    return (*entry & DESC_TABLE) == DESC_TABLE ? find_page(*entry & DESC_ADDRESS) : NULL;
}

/* A write-only page does not exist: without `r` there is no access at all. */
static uint64_t attributes(unsigned rights)
{
    uint64_t desc = DESC_SHAREABLE | DESC_ACCESSED;

    desc |= rights & PAGE_DEVICE ? DESC_DEVICE : DESC_NORMAL;
    desc |= rights & PAGE_EXECUTE ? 0 : DESC_NO_EXECUTE;
    if (rights & PAGE_READ) {
        desc |= rights & PAGE_WRITE ? DESC_READ | DESC_WRITE : DESC_READ;
    }
    return desc;
}

static bool set(uint64_t *entry, uint64_t value)
{
    if (*entry & DESC_VALID) {
        return false;
    }
    *entry = value;
    return true;
}

static bool map_one(size_t root, uint64_t address, uint64_t physical, bool large, unsigned rights)
{
    size_t gib = address >> 30;
    struct table_page *middle = descend(&table_pages[root + gib / 512]->entries[gib % 512]);
    uint64_t *entry = &middle->entries[(address >> 21) % 512];

    if (large) {
        return set(entry, physical | attributes(rights) | DESC_BLOCK);
    }
    struct table_page *last = descend(entry);
    return last != NULL &&
           set(&last->entries[(address >> 12) % 512], physical | attributes(rights) | DESC_PAGE);
}

bool tables_map(size_t root, uint64_t address, uint64_t physical, uint64_t size, uint64_t page_size,
                unsigned rights)
{
    for (uint64_t at = 0; at < size; at += page_size) {
        if (!map_one(root, address + at, physical + at, page_size == PAGE_LARGE, rights)) {
            return false;
        }
    }
    return true;
}
