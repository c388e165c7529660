/* SPDX-License-Identifier: BSD-2-Clause */
/* Accesses to a neighbour's memory outside the accessors. */
#include <quoll/link.h>
#include <quoll/mmio.h>
#include <quoll/net.h>
#include <quoll/virtqueue.h>

#include "../../../serial/drivers/pl011_regs.h"
#include "planted.h"

static const uint8_t *data;
static struct {
    const uint8_t *from;
} job;

void open_data(const struct quoll_region_config *region)
{
    data = (const uint8_t *)(uintptr_t)region->vaddr;
}

uint32_t reads_an_index(const struct queue_consumer *q)
{
    return q->peer->tail; /* lint: raw */
}

uint32_t reads_it_atomically(const struct queue_consumer *q)
{
    return atomic_load_explicit(&q->peer->tail, memory_order_acquire); /* lint: raw */
}

bool checks_in_place(const struct link *link)
{
    return link->peer->magic == LINK_MAGIC; /* lint: raw */
}

void copies_by_hand(const struct link *link, uint8_t *to)
{
    memcpy(to, link->peer->info, sizeof link->peer->info); /* lint: raw */
}

const uint32_t *casts(const struct link *link)
{
    return (const uint32_t *)link->peer; /* lint: raw */
}

void hands_on(const struct link *link)
{
    unknown(link->peer); /* lint: raw */
}

uint16_t reads_the_ring(const struct virtqueue *queue)
{
    return queue->used->index; /* lint: raw */
}

uint8_t reads_data(const struct net_frame *frame)
{
    return data[frame->offset]; /* lint: raw */
}

uint8_t reads_data_through_a_pointer(uint32_t offset)
{
    const uint8_t *at = data + offset;

    return *at; /* lint: raw */
}

static uint8_t first_of(const uint8_t *bytes)
{
    return bytes[0]; /* lint: raw */
}

uint8_t reads_data_in_a_function(void)
{
    return first_of(data);
}

uint8_t reads_data_through_a_field(void)
{
    job.from = data;
    return *job.from; /* lint: raw */
}

bool compares_data(const uint8_t *with)
{
    return memcmp(data, with, 6) == 0; /* lint: raw */
}

uint32_t reads_a_register(volatile struct pl011_regs *regs)
{
    return regs->fr; /* lint: raw */
}

/* As it should be. */
uint32_t uses_the_accessors(struct link *link, volatile struct pl011_regs *regs, uint8_t *to)
{
    struct net_frame frame;

    memcpy(to, data, 64);
    return queue_look(&link->in) + net_frames_take(&link->in, &frame) + to[0] +
           mmio_read32(&regs->fr);
}
