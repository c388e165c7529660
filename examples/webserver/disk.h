/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The partition, read through the cache in pieces of up to DISK_PIECE_MAX bytes. The
 * pages of the cache are the disk's data region, so the device writes straight to
 * where TCP sends from.
 */
#ifndef WEB_DISK_H
#define WEB_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/pd.h>

#define DISK_PIECE_MAX 16384U /* bytes; a power of two */

enum disk_answer {
    DISK_HERE,  /* the page holds it */
    DISK_WAIT,  /* not yet: ask again after the next disk_poll() that says so */
    DISK_ERROR, /* the disk failed to read it */
};

/** From pd_start(). Without such a disk, disk_error() says so. */
void disk_open(const char *name);

/** @return whether the channel is the disk's */
bool disk_wake(microkit_channel channel);

/** Take what was read. @return whether anything changed for those who wait */
bool disk_poll(void);

/** To be called when all who waited have been told: failures are forgotten. */
void disk_settle(void);

/** Show the disk what was asked for; once per batch. */
void disk_flush(void);

/** Whether the disk can be read; the partition's size in bytes. */
bool disk_ready(uint64_t *size);

/** Why it cannot: a reason for people; never NULL. */
const char *disk_error(void);

/** Ask for the piece that holds the byte at `offset` (within the size). */
enum disk_answer disk_want(uint64_t offset, uint32_t *page);

/** Have the piece at `offset` read if it costs nobody anything. */
void disk_want_ahead(uint64_t offset);

/** The byte at `offset` in the page that disk_want() gave, and how many follow in it. */
const void *disk_bytes(uint32_t page, uint64_t offset, uint32_t *length);

/** Keep the page's bytes until disk_unpin(). */
void disk_pin(uint32_t page);
void disk_unpin(uint32_t page);

#endif
