/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's side of class block (<quoll/block.h>), for programs.
 *
 *     pd_start:            block_client_open(&disk, "disk");
 *     pd_wake(channel):    if (block_client_wake(&disk, channel)) {
 *                              do {
 *                                  while (block_client_next(&disk, &done)) { ... }
 *                              } while (!block_client_sleep(&disk));
 *                              block_read(&disk, ...), block_write(&disk, ...), ...
 *                              block_client_publish(&disk);
 *                          }
 *
 * The library keeps the ledger of what is outstanding, so that each request that
 * was accepted is reported exactly once, also when the virtualiser dies: then as
 * QUOLL_ERESET, and only when the next life has quietened the device, so that until
 * the report the data belong to the device, without exception. An `id` means
 * nothing to the library and need not be unique.
 */
#ifndef QUOLL_BLOCK_CLIENT_H
#define QUOLL_BLOCK_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/block.h>
#include <quoll/error.h>
#include <quoll/link.h>

#define BLOCK_CLIENT_MAX 64U /* requests outstanding at once, at most */

struct block_client {
    struct link link;
    uint64_t busy;    /* slots in flight, a bit each */
    uint64_t lost;    /* slots whose virtualiser died, still to be reported */
    uint64_t slots;   /* that may be used: the quota, the queues, BLOCK_CLIENT_MAX */
    bool quiet;       /* the present virtualiser has spoken: what is lost may be reported */
    uint32_t refused; /* answers of the present virtualiser */
    uint32_t id[BLOCK_CLIENT_MAX]; /* by slot: the caller's id */
};

/**
 * Open the disk that system.yaml calls `name` for this client; NULL: the first one.
 *
 * @return QUOLL_OK, or QUOLL_ENOTFOUND if there is none
 */
enum quoll_error block_client_open(struct block_client *client, const char *name);

/**
 * What the virtualiser says about the disk now; read it after each wake-up by the
 * disk's channel, since it may change.
 *
 * @return whether info->ready is 1; if not, info->error says why, QUOLL_OK if it is
 *         just starting
 */
bool block_client_info(struct block_client *client, struct block_info *info);

/** The data region: offsets below count from its start. */
void *block_client_data(const struct block_client *client);
uint64_t block_client_data_size(const struct block_client *client);

/**
 * Ask for `count` blocks from `block` on, to or from `data`, an offset in the data
 * region aligned to BLOCK_ALIGN. Nothing is seen by the virtualiser until
 * block_client_publish().
 *
 * @return QUOLL_OK: accepted, will be reported once; QUOLL_EBUSY: as many as allowed
 *         are outstanding, there will be a wake-up when that changes; QUOLL_EDOWN:
 *         the virtualiser is not there, likewise
 */
enum quoll_error block_read(struct block_client *client, uint64_t block, uint32_t count,
                            uint64_t data, uint32_t id);
enum quoll_error block_write(struct block_client *client, uint64_t block, uint32_t count,
                             uint64_t data, uint32_t id);
enum quoll_error block_flush(struct block_client *client, uint32_t id);
enum quoll_error block_discard(struct block_client *client, uint64_t block, uint32_t count,
                               uint32_t id);
enum quoll_error block_write_zeroes(struct block_client *client, uint64_t block, uint32_t count,
                                    uint32_t id);

/** Requests that would be accepted now. */
unsigned block_client_room(struct block_client *client);

/** Show the virtualiser all requests made since the last call: once per batch. */
void block_client_publish(struct block_client *client);

/** The next finished request: its id as given, and its status. False: none for now. */
bool block_client_next(struct block_client *client, struct block_response *done);

/**
 * To be called for each wake-up, before anything else of this client.
 *
 * @return whether the channel is this client's
 */
bool block_client_wake(struct block_client *client, microkit_channel channel);

/** Ask to be woken for the next finished request; false: there are some already. */
__attribute__((warn_unused_result)) bool block_client_sleep(struct block_client *client);

#endif
