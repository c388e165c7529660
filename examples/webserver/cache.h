/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block cache's book-keeping: which piece of the partition lies in which page of
 * the disk's data region. Pure: reading is the owner's business.
 *
 * A page is free, being read (then it belongs to the device), good, or failed. A good
 * one may be pinned, any number of times: its bytes then stay until all pins are
 * gone. What is neither pinned nor being read is given up for another piece, the
 * least recently used first.
 */
#ifndef WEB_CACHE_H
#define WEB_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#define CACHE_PAGES_MAX 2048U
#define CACHE_NONE      UINT32_MAX

enum cache_state { CACHE_FREE, CACHE_READING, CACHE_GOOD, CACHE_FAILED };

struct cache_page {
    uint64_t piece;
    uint32_t pins;
    uint32_t next;         /* of the same hash, or CACHE_NONE */
    uint32_t newer, older; /* neighbours in the order of use */
    uint8_t state;         /* enum cache_state */
};

struct cache {
    uint32_t pages;
    uint32_t newest, oldest;
    uint32_t reading;
    uint64_t hits, misses;
    uint32_t bucket[CACHE_PAGES_MAX];
    struct cache_page page[CACHE_PAGES_MAX];
};

/** Begin with `pages` free pages (at most CACHE_PAGES_MAX are used). */
void cache_begin(struct cache *cache, uint32_t pages);

/** The page that holds a piece or is to hold it, now the most recently used; or CACHE_NONE. */
uint32_t cache_find(struct cache *cache, uint64_t piece);

/** Whether there is such a page; changes nothing. */
bool cache_has(const struct cache *cache, uint64_t piece);

/**
 * Take the least recently used page that may be given up for a piece that is not in
 * the cache. It is CACHE_READING then: have it read, and report by cache_done().
 *
 * @return its number, or CACHE_NONE if all are pinned or being read
 */
uint32_t cache_claim(struct cache *cache, uint64_t piece);

/** The page's reading has ended. */
void cache_done(struct cache *cache, uint32_t page, bool good);

/** Forget that a page's reading has failed, so that the next who wants it tries again. */
void cache_forget(struct cache *cache, uint32_t page);

/** Keep a good page's bytes; each pin ends with an unpin. */
void cache_pin(struct cache *cache, uint32_t page);
void cache_unpin(struct cache *cache, uint32_t page);

#endif
