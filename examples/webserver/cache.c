/* SPDX-License-Identifier: BSD-2-Clause */
#include <quoll/panic.h>

#include "cache.h"

static uint32_t *bucket_of(struct cache *c, uint64_t piece)
{
    return &c->bucket[(piece * 0x9e3779b97f4a7c15U) >> 53]; /* the top 11 bits */
}
_Static_assert(CACHE_PAGES_MAX == 1U << 11, "bucket_of");

/* ---- The order of use, a list from newest to oldest ---- */

static void take_out(struct cache *c, uint32_t page)
{
    struct cache_page *p = &c->page[page];

    *(p->newer == CACHE_NONE ? &c->newest : &c->page[p->newer].older) = p->older;
    *(p->older == CACHE_NONE ? &c->oldest : &c->page[p->older].newer) = p->newer;
}

static void put_first(struct cache *c, uint32_t page)
{
    struct cache_page *p = &c->page[page];

    p->newer = CACHE_NONE;
    p->older = c->newest;
    *(c->newest == CACHE_NONE ? &c->oldest : &c->page[c->newest].newer) = page;
    c->newest = page;
}

static void put_last(struct cache *c, uint32_t page)
{
    struct cache_page *p = &c->page[page];

    p->older = CACHE_NONE;
    p->newer = c->oldest;
    *(c->oldest == CACHE_NONE ? &c->newest : &c->page[c->oldest].older) = page;
    c->oldest = page;
}

/* ---- Pieces ---- */

static uint32_t look_up(const struct cache *c, uint64_t piece)
{
    uint32_t page = *bucket_of((struct cache *)c, piece);

    while (page != CACHE_NONE && c->page[page].piece != piece) {
        page = c->page[page].next;
    }
    return page;
}

static void unhash(struct cache *c, uint32_t page)
{
    uint32_t *link = bucket_of(c, c->page[page].piece);

    while (*link != page) {
        link = &c->page[*link].next;
    }
    *link = c->page[page].next;
}

void cache_begin(struct cache *c, uint32_t pages)
{
    c->pages = pages < CACHE_PAGES_MAX ? pages : CACHE_PAGES_MAX;
    c->newest = CACHE_NONE;
    c->oldest = CACHE_NONE;
    c->reading = 0;
    c->hits = 0;
    c->misses = 0;
    for (uint32_t i = 0; i < CACHE_PAGES_MAX; i++) {
        c->bucket[i] = CACHE_NONE;
    }
    for (uint32_t i = 0; i < c->pages; i++) {
        c->page[i] = (struct cache_page){.state = CACHE_FREE};
        put_last(c, i);
    }
}

bool cache_has(const struct cache *c, uint64_t piece)
{
    return look_up(c, piece) != CACHE_NONE;
}

uint32_t cache_find(struct cache *c, uint64_t piece)
{
    uint32_t page = look_up(c, piece);

    if (page == CACHE_NONE) {
        c->misses += 1;
        return CACHE_NONE;
    }
    c->hits += 1;
    take_out(c, page);
    put_first(c, page);
    return page;
}

uint32_t cache_claim(struct cache *c, uint64_t piece)
{
    uint32_t page = c->oldest;

    while (page != CACHE_NONE && (c->page[page].pins > 0 || c->page[page].state == CACHE_READING)) {
        page = c->page[page].newer;
    }
    if (page == CACHE_NONE) {
        return CACHE_NONE;
    }
    struct cache_page *p = &c->page[page];
    uint32_t *bucket = bucket_of(c, piece);

    if (p->state != CACHE_FREE) {
        unhash(c, page);
    }
    p->piece = piece;
    p->state = CACHE_READING;
    p->next = *bucket;
    *bucket = page;
    c->reading += 1;
    take_out(c, page);
    put_first(c, page);
    return page;
}

void cache_done(struct cache *c, uint32_t page, bool good)
{
    QUOLL_INVARIANT(page < c->pages && c->page[page].state == CACHE_READING);
    c->page[page].state = good ? CACHE_GOOD : CACHE_FAILED;
    c->reading -= 1;
}

void cache_forget(struct cache *c, uint32_t page)
{
    QUOLL_INVARIANT(page < c->pages && c->page[page].state == CACHE_FAILED);
    unhash(c, page);
    c->page[page].state = CACHE_FREE;
    take_out(c, page);
    put_last(c, page);
}

void cache_pin(struct cache *c, uint32_t page)
{
    QUOLL_INVARIANT(page < c->pages && c->page[page].state == CACHE_GOOD);
    c->page[page].pins += 1;
}

void cache_unpin(struct cache *c, uint32_t page)
{
    QUOLL_INVARIANT(page < c->pages && c->page[page].pins > 0);
    c->page[page].pins -= 1;
}
