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
#define MTU_MAX     (NET_FRAME_MAX - NET_FRAME_MIN)

/* A head as it is copied: the first piece, and a cache line more while there are bytes left. */
struct first_piece {
    uint64_t word[FIRST_BYTES / sizeof(uint64_t)];
} __attribute__((packed, may_alias));

struct line {
    uint64_t word[QUOLL_CACHE_LINE / sizeof(uint64_t)];
} __attribute__((packed, may_alias));

static_assert(HEAD_BYTES == FIRST_BYTES + 3U * QUOLL_CACHE_LINE, "copy_head() has three more");

/* As it is put into the queue, in three words. */
struct tx_entry {
    uint64_t head;
    uint64_t body;
    uint64_t lengths_and_id;
} __attribute__((may_alias));

static_assert(sizeof(struct tx_entry) == sizeof(struct net_tx_frame), "the same");
static_assert(offsetof(struct net_tx_frame, body_length) == 18, "above the head's, and");
static_assert(offsetof(struct net_tx_frame, id) == 20, "below the number");

/* The slot that comes next. */
static inline struct tx_entry *tx_entry(const struct queue_putting *to)
{
    return (struct tx_entry *)(void *)to->entries + (to->at & to->mask);
}

/* Where frames may begin, whatever their length; none if there is no such place. */
static inline uint64_t first_places(uint64_t size)
{
    return size < NET_FRAME_MAX ? 0 : size - NET_FRAME_MAX + 1U;
}

/*
 * Whether a client may name a frame like this: of such a payload, and in its data region.
 * The reserved bits are the length's highest ones.
 */
static inline bool good(const struct client *client, uint32_t mtu, uint32_t offset, uint32_t length)
{
    return length - NET_FRAME_MIN <= mtu &&
           (offset < client->places || (offset <= client->size && length <= client->size - offset));
}

/*
 * Copy `length` bytes, and some that follow them, which are not sent: HEAD_BYTES at most.
 * Afterwards only the copy counts: the compiler may not look at the original again.
 */
static inline void copy_head(unsigned char *to, const unsigned char *from, uint32_t length)
{
    struct line *lines = (struct line *)(to + FIRST_BYTES);
    const struct line *more = (const struct line *)(from + FIRST_BYTES);

    *(struct first_piece *)to = *(const struct first_piece *)from;
    if (length > FIRST_BYTES) {
        lines[0] = more[0];
        if (length > FIRST_BYTES + QUOLL_CACHE_LINE) {
            lines[1] = more[1];
        }
        if (length > FIRST_BYTES + 2U * QUOLL_CACHE_LINE) {
            lines[2] = more[2];
        }
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

/* How much of a frame its head carries. */
static inline uint32_t head_length(uint32_t length)
{
    return length <= HEAD_BYTES ? length : FIRST_BYTES;
}

/*
 * Let a frame out under the number of a free head, which it then has, into a slot that is
 * free; false if it must not leave.
 */
static inline bool let_out(const struct tx_virt *virt, const struct client *client, uint64_t frame,
                           uint32_t id, struct tx_entry *slot)
{
    uint32_t offset = (uint32_t)frame, length = (uint32_t)(frame >> 32U);

    if (__builtin_expect(!good(client, virt->mtu, offset, length), 0)) {
        return false;
    }
    const unsigned char *data = client->data + offset;
    uint64_t place = (uint64_t)id * NET_HEAD_SIZE;
    unsigned char *head = virt->heads + place;
    uint64_t head_io = virt->heads_io + place;
    uint64_t data_io = client->data_io + offset;
    uint32_t first = head_length(length);

    if (__builtin_expect(offset < client->places, 1)) {
        copy_head(head, data, first);
    } else {
        copy_last(head, data, first);
    }
    if (__builtin_expect(mac_at(head + SOURCE_MAC) != client->mac, 0)) {
        return false;
    }
    *slot = (struct tx_entry){
        .head = head_io,
        .body = data_io + first,
        .lengths_and_id = first | (length - first) << 16U | (uint64_t)id << 32U,
    };
    return true;
}

/* For devices that do not see our caches: what of a frame was written by us, and by its client. */
static inline void clean(const struct tx_virt *virt, const struct client *client, uint32_t id)
{
    uint64_t frame = virt->ledger.head[id] % OWNED_BY_ONE;
    uint32_t offset = (uint32_t)frame, length = (uint32_t)(frame >> 32U);
    uint32_t first = head_length(length);

    if (!virt->coherent) {
        cache_clean(virt->heads + (uint64_t)id * NET_HEAD_SIZE - NET_HEADROOM,
                    NET_HEADROOM + first);
    }
    if (client->link.config->data.coherent == 0) {
        cache_clean(client->data + offset + first, length - first);
    }
}

#endif
