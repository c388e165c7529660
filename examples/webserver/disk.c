/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <quoll/block_client.h>
#include <quoll/log.h>

#include "cache.h"
#include "disk.h"

#define AHEAD_FREE 8U /* requests that reading ahead leaves to those who wait */

static struct block_client disk;
static struct cache cache;
static struct block_info now; /* what the virtualiser says */
static bool opened;
static bool ready;
static uint32_t piece_size; /* 0: not known yet */
static uint64_t partition_size;
static uint32_t failed[BLOCK_CLIENT_MAX]; /* pages whose reading has failed */
static uint32_t failures;

/* ---- The disk's state ---- */

void disk_open(const char *name)
{
    opened = block_client_open(&disk, name) == QUOLL_OK;
}

/*
 * The first answer fixes the geometry. A partition that then has another size is
 * another partition: what was read is worth nothing, and the program says so.
 */
static bool geometry(const struct block_info *info)
{
    uint64_t most = (uint64_t)info->max_count * info->block_size;
    uint32_t size = DISK_PIECE_MAX;

    if (info->block_size < 512 || info->block_size > 4096 ||
        (info->block_size & (info->block_size - 1U)) != 0 || most < info->block_size ||
        info->blocks > UINT64_MAX / 4096U) {
        return false;
    }
    if (piece_size != 0) {
        return info->blocks * info->block_size == partition_size && most >= piece_size;
    }
    while (size > most) {
        size /= 2U;
    }
    piece_size = size;
    partition_size = info->blocks * info->block_size;
    uint64_t pages = block_client_data_size(&disk) / piece_size;

    cache_begin(&cache, pages < CACHE_PAGES_MAX ? (uint32_t)pages : CACHE_PAGES_MAX);
    return true;
}

bool disk_wake(microkit_channel channel)
{
    return opened && block_client_wake(&disk, channel);
}

bool disk_ready(uint64_t *size)
{
    *size = partition_size;
    return ready;
}

const char *disk_error(void)
{
    if (!opened) {
        return "there is no disk";
    }
    if (now.ready) {
        return "the disk has changed; start again";
    }
    return now.error == QUOLL_OK          ? "the disk is starting"
           : now.error == QUOLL_ENOTFOUND ? "the disk has no such partition"
           : now.error == QUOLL_ECORRUPT  ? "the disk's partition table is corrupt"
                                          : quoll_error_name(now.error);
}

/* ---- Reading ---- */

static void take(const struct block_response *done)
{
    uint32_t page = done->id;

    cache_done(&cache, page, done->status == QUOLL_OK);
    if (done->status == QUOLL_ERESET) {
        cache_forget(&cache, page); /* the virtualiser died; whoever waits asks again */
    } else if (done->status != QUOLL_OK) {
        quoll_log("the disk cannot read at %lu KiB: %s",
                  (unsigned long)(cache.page[page].piece * piece_size / 1024U),
                  quoll_error_name(done->status));
        failed[failures++] = page;
    }
}

bool disk_poll(void)
{
    struct block_response done;
    bool was_ready = ready;
    bool changed = false;

    if (!opened) {
        return false;
    }
    do {
        while (failures < BLOCK_CLIENT_MAX && block_client_next(&disk, &done)) {
            take(&done);
            changed = true;
        }
    } while (failures < BLOCK_CLIENT_MAX && !block_client_sleep(&disk));
    ready = block_client_info(&disk, &now) && geometry(&now);
    return changed || ready != was_ready;
}

void disk_settle(void)
{
    while (failures > 0) {
        cache_forget(&cache, failed[--failures]);
    }
}

void disk_flush(void)
{
    if (opened) {
        block_client_publish(&disk);
    }
}

/* Claim a page and ask for the piece; only if the disk would take the request. */
static bool ask(uint64_t piece)
{
    uint64_t start = piece * piece_size;
    uint64_t left = partition_size - start;
    uint32_t size = left < piece_size ? (uint32_t)left : piece_size;
    uint32_t page;

    if (!ready || block_client_room(&disk) == 0) {
        return false;
    }
    page = cache_claim(&cache, piece);
    if (page == CACHE_NONE) {
        return false;
    }
    if (block_read(&disk, start / now.block_size, size / now.block_size,
                   (uint64_t)page * piece_size, page) != QUOLL_OK) {
        cache_done(&cache, page, false);
        cache_forget(&cache, page);
        return false;
    }
    return true;
}

enum disk_answer disk_want(uint64_t offset, uint32_t *page)
{
    uint64_t piece;

    if (piece_size == 0 || offset >= partition_size) {
        return DISK_ERROR;
    }
    piece = offset / piece_size;
    *page = cache_find(&cache, piece);
    if (*page == CACHE_NONE) {
        ask(piece);
        return DISK_WAIT;
    }
    switch (cache.page[*page].state) {
    case CACHE_GOOD:
        return DISK_HERE;
    case CACHE_READING:
        return DISK_WAIT;
    default:
        return DISK_ERROR;
    }
}

void disk_want_ahead(uint64_t offset)
{
    if (piece_size != 0 && offset < partition_size && cache.reading < cache.pages / 4U &&
        block_client_room(&disk) > AHEAD_FREE && !cache_has(&cache, offset / piece_size)) {
        ask(offset / piece_size);
    }
}

const void *disk_bytes(uint32_t page, uint64_t offset, uint32_t *length)
{
    uint32_t within = (uint32_t)(offset % piece_size);
    const unsigned char *data = block_client_data(&disk);

    *length = piece_size - within;
    return data + (uint64_t)page * piece_size + within;
}

void disk_pin(uint32_t page)
{
    cache_pin(&cache, page);
}

void disk_unpin(uint32_t page)
{
    cache_unpin(&cache, page);
}
