/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the copying receive virtualiser, which has just been included, knows of a buffer: its
 * last place in the driver's queue; there it stands, as long as the queue goes back so far.
 */
#ifndef RX_PLACES_H
#define RX_PLACES_H

static bool is_in_place(uint32_t id)
{
    const struct queue_producer *out = &rx.pool.driver.out;
    const struct net_rx_buffer *entries = (const void *)out->mine->entries;
    uint32_t capacity = out->broken ? out->whole : out->capacity;
    uint32_t age = out->tail - place[id];

    if (!rx.pool.driver.up || age > capacity) {
        return true;
    }
    return age != 0 && entries[place[id] & (capacity - 1U)].id == id &&
           entries[place[id] & (capacity - 1U)].address == pool_address(&rx.pool, id);
}

#endif
