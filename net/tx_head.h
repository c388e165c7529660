/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a frame as its client names it to what the driver is given: a head, which no client
 * can write, and the rest, which stays in the client's memory and is named by its I/O
 * address. What is checked of a frame's contents is the copy in its head.
 *
 * A frame that fits is all head: to copy it costs less than a second piece would cost the
 * driver and its device. Of a longer one, as much is copied as fills a cache line together
 * with the headroom.
 *
 * All this is done for each frame, in a loop of which nothing is called: so it stays in
 * registers.
 */
#ifndef NET_TX_HEAD_H
#define NET_TX_HEAD_H

#include <quoll/dma.h>

#include "frames.h"
#include "tx_virt.h"

#define HEAD_BYTES  (NET_HEAD_SIZE - NET_HEADROOM)
#define FIRST_BYTES (QUOLL_CACHE_LINE - NET_HEADROOM)
#define SOURCE_MAC  6U /* where it lies in a frame */

/* Sixty-four bytes, of which a head holds several after the first ones. */
struct piece {
    uint64_t word[8];
} __attribute__((packed, may_alias));

struct first_piece {
    uint64_t word[6];
} __attribute__((packed, may_alias));

static_assert(sizeof(struct first_piece) == FIRST_BYTES, "fills the line");
static_assert((HEAD_BYTES - FIRST_BYTES) % sizeof(struct piece) == 0, "heads end with a piece");

/* As it is put into the queue, in three words. */
struct tx_entry {
    uint64_t head;
    uint64_t body;
    uint64_t lengths_and_id;
} __attribute__((may_alias));

static_assert(sizeof(struct tx_entry) == sizeof(struct net_tx_frame), "the same");
static_assert(offsetof(struct net_tx_frame, body_length) == 18, "above the head's, and");
static_assert(offsetof(struct net_tx_frame, id) == 20, "below the number");

/* Where frames may begin, whatever their length; none if there is no such place. */
static inline uint64_t first_places(uint64_t size)
{
    return size < NET_FRAME_MAX ? 0 : size - NET_FRAME_MAX + 1U;
}

/* Whether a client may name a frame like this. */
static inline bool good(const struct client *client, uint32_t longest,
                        const struct net_frame *frame)
{
    return frame->length >= NET_FRAME_MIN && frame->length <= longest && frame->reserved == 0 &&
           (frame->offset < client->places || within(client->size, frame));
}

/*
 * Copy `length` bytes, and some that follow them, which are not sent: HEAD_BYTES at most.
 * Afterwards only the copy counts: the compiler may not look at the original again.
 */
static inline void copy_head(unsigned char *to, const unsigned char *from, uint32_t length)
{
    const unsigned char *end = from + length;

    *(struct first_piece *)to = *(const struct first_piece *)from;
    for (from += FIRST_BYTES, to += FIRST_BYTES; from < end;
         from += sizeof(struct piece), to += sizeof(struct piece)) {
        *(struct piece *)to = *(const struct piece *)from;
    }
    __asm__ volatile("" : : : "memory");
}

/* The same at the end of the client's data, where nothing follows; in line, as above. */
static inline void copy_last(unsigned char *to, const unsigned char *from, uint32_t length)
{
    for (uint32_t at = 0; at < length; at++) {
        to[at] = from[at];
        __asm__ volatile("" : : : "memory");
    }
}

/*
 * Let a frame out under the number of a free head, which it then has, into a slot that is
 * free; false if it must not leave.
 */
static inline bool let_out(const struct tx_virt *virt, const struct client *client,
                           const struct net_frame *frame, uint32_t id, struct queue_putting *to)
{
    if (__builtin_expect(!good(client, virt->longest, frame), 0)) {
        return false;
    }
    const unsigned char *data = client->data + frame->offset;
    uint64_t place = (uint64_t)id * NET_HEAD_SIZE + NET_HEADROOM;
    unsigned char *head = virt->heads + place;
    uint32_t length = frame->length <= HEAD_BYTES ? frame->length : FIRST_BYTES;

    if (__builtin_expect(frame->offset < client->places, 1)) {
        copy_head(head, data, length);
    } else {
        copy_last(head, data, length);
    }
    if (__builtin_expect(mac_at(head + SOURCE_MAC) != client->mac, 0)) {
        return false;
    }
    ((struct tx_entry *)(void *)to->entries)[to->at & to->mask] = (struct tx_entry){
        .head = virt->heads_io + place,
        .body = client->data_io + frame->offset + length,
        .lengths_and_id = length | (frame->length - length) << 16U | (uint64_t)id << 32U,
    };
    to->at += 1U;
    return true;
}

/* For devices that do not see our caches: what of a frame was written by us, and by its client. */
static inline void clean(const struct tx_virt *virt, const struct client *client, uint32_t id,
                         const struct net_frame *frame)
{
    uint32_t length = frame->length <= HEAD_BYTES ? frame->length : FIRST_BYTES;

    if (!virt->coherent) {
        cache_clean(virt->heads + (uint64_t)id * NET_HEAD_SIZE, NET_HEADROOM + length);
    }
    if (client->link.config->data.coherent == 0) {
        cache_clean(client->data + frame->offset + length, frame->length - length);
    }
}

#endif
