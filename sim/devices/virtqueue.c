/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's side of split virtqueues (VIRTIO 1.2, 2.7; section numbers are its own).
 * The device believes nothing either: what a driver may not offer is a violation.
 */
#include <string.h>

#include "virtio.h"

#define D_NEXT  1U
#define D_WRITE 2U

#define F_EVENT_IDX 29U

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct used_entry {
    uint32_t id;
    uint32_t length;
};

static struct virtio_queue *queue_of(const struct sim_device *device, unsigned queue)
{
    return &((struct virtio *)device->state)->queue[queue];
}

/* available[0]: flags, [1]: index, then the ring and used_event. */
static uint16_t *available(struct sim_device *device, const struct virtio_queue *q)
{
    return sim_dma(device, q->available, 6U + 2U * q->size);
}

/* used[0]: flags, [1]: index, then the ring of 8 bytes each and avail_event. */
static uint16_t *used(struct sim_device *device, const struct virtio_queue *q)
{
    return sim_dma(device, q->used, 6U + 8U * q->size);
}

/* One more part; false if the driver broke a rule (2.7.4, 2.7.5). */
static bool add_part(struct sim_device *device, struct virtio_chain *chain,
                     const struct descriptor *d)
{
    bool writable = (d->flags & D_WRITE) != 0;
    void *at = sim_dma(device, d->address, d->length);

    if ((d->flags & ~(D_NEXT | D_WRITE)) != 0) {
        sim_violation(device, "a descriptor with flags %x (2.7.5)", d->flags);
        return false;
    }
    if (at == NULL || d->length == 0) {
        sim_violation(device, "%u bytes at 0x%llx are not the device's to %s", d->length,
                      (unsigned long long)d->address, writable ? "write" : "read");
        return false;
    }
    if (!writable && chain->writable > 0) {
        sim_violation(device, "a part to read after one to write (2.7.4.2)");
        return false;
    }
    chain->part[chain->parts++] = (struct virtio_part){at, d->length, writable};
    *(writable ? &chain->writable : &chain->readable) += d->length;
    return true;
}

static bool walk(struct sim_device *device, const struct virtio_queue *q,
                 struct virtio_chain *chain)
{
    const struct descriptor *table = sim_dma(device, q->descriptors, 16U * q->size);
    uint16_t index = chain->head;

    if (table == NULL) {
        return false;
    }
    chain->parts = 0;
    chain->readable = chain->writable = 0;
    for (;;) {
        if (index >= q->size || chain->parts == VIRTIO_PARTS || chain->parts == q->size) {
            sim_violation(device, "a chain that leads to %u or has no end (2.7.5.2)", index);
            return false;
        }
        struct descriptor d = table[index];

        if (!add_part(device, chain, &d)) {
            return false;
        }
        if ((d.flags & D_NEXT) == 0) {
            return true;
        }
        index = d.next;
    }
}

bool virtio_take(struct sim_device *device, unsigned queue, struct virtio_chain *chain)
{
    struct virtio_queue *q = queue_of(device, queue);
    const uint16_t *ring = q->ready ? available(device, q) : NULL;

    if (ring == NULL) {
        return false;
    }
    uint16_t there = (uint16_t)(__atomic_load_n(&ring[1], __ATOMIC_ACQUIRE) - q->taken);

    if (there == 0) {
        return false;
    }
    if (there > q->size) {
        sim_violation(device, "offers %u chains in a queue of %u (2.7.13)", there, q->size);
        q->ready = false;
        return false;
    }
    chain->head = ring[2U + (q->taken & (q->size - 1U))];
    q->taken += 1U;
    if (!walk(device, q, chain)) {
        q->ready = false;
        return false;
    }
    return true;
}

bool virtio_look_at(struct sim_device *device, unsigned queue, uint16_t head,
                    struct virtio_chain *chain)
{
    struct virtio_queue *q = queue_of(device, queue);

    chain->head = head;
    return q->ready && walk(device, q, chain);
}

void virtio_untake(struct sim_device *device, unsigned queue, unsigned count)
{
    queue_of(device, queue)->taken -= (uint16_t)count;
}

/* What it has not: out of range, another one, the same a second time. */
static uint32_t wrong_id(struct sim_device *device, const struct virtio_queue *q, uint32_t id)
{
    const uint32_t ids[] = {(id + 1U) & (q->size - 1U), q->size, 0xffffU, id | 0x10000U,
                            0xffffffffU};

    return ids[virtio_random(device) % (sizeof ids / sizeof ids[0])];
}

static uint32_t wrong_length(struct sim_device *device, const struct virtio_chain *chain,
                             uint32_t length)
{
    const uint32_t lengths[] = {0, chain->writable + 1U, 0xffffffffU, length / 2U, 1};

    return lengths[virtio_random(device) % (sizeof lengths / sizeof lengths[0])];
}

void virtio_use(struct sim_device *device, unsigned queue, const struct virtio_chain *chain,
                uint32_t length)
{
    struct virtio_queue *q = queue_of(device, queue);
    uint16_t *ring = q->ready ? used(device, q) : NULL;

    if (ring == NULL) {
        return;
    }
    struct used_entry *entries = (struct used_entry *)(void *)(ring + 2);
    struct used_entry entry = {chain->head, length};

    if (virtio_fault(device, VIRTIO_FAULT_ID, "wrong id")) {
        entry.id = wrong_id(device, q, entry.id);
    }
    if (virtio_fault(device, VIRTIO_FAULT_LENGTH, "wrong length")) {
        entry.length = wrong_length(device, chain, length);
    }
    entries[q->done & (q->size - 1U)] = entry;
    q->done += 1U;
    if (virtio_fault(device, VIRTIO_FAULT_INDEX, "used index jumps")) {
        q->done += (uint16_t)(virtio_random(device) % (2U * q->size));
    }
    __atomic_store_n(&ring[1], q->done, __ATOMIC_RELEASE);
}

bool virtio_await(struct sim_device *device, unsigned queue, bool wanted)
{
    struct virtio_queue *q = queue_of(device, queue);
    uint16_t *ring = q->ready ? used(device, q) : NULL;

    if (ring == NULL) {
        return true;
    }
    q->silent = !wanted;
    if (virtio_has(device, F_EVENT_IDX)) {
        __atomic_store_n(&ring[2U + 4U * q->size], (uint16_t)(wanted ? q->taken : q->taken - 1U),
                         __ATOMIC_RELAXED);
    } else {
        __atomic_store_n(&ring[0], wanted ? 0 : 1, __ATOMIC_RELAXED);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    const uint16_t *offered = available(device, q);

    return !wanted || offered == NULL || __atomic_load_n(&offered[1], __ATOMIC_ACQUIRE) == q->taken;
}

/* ---- Bytes of a chain ---- */

/* Copy from (`to` != NULL) or to the parts that are writable or not, as if they were one. */
static size_t copy(const struct virtio_chain *chain, bool writable, size_t offset, void *to,
                   const void *from, size_t size)
{
    size_t done = 0;

    for (unsigned i = 0; i < chain->parts && done < size; i++) {
        const struct virtio_part *part = &chain->part[i];

        if (part->writable != writable) {
            continue;
        }
        if (offset >= part->size) {
            offset -= part->size;
            continue;
        }
        size_t n = part->size - offset < size - done ? part->size - offset : size - done;

        if (to != NULL) {
            memcpy((unsigned char *)to + done, part->at + offset, n);
        } else {
            memcpy(part->at + offset, (const unsigned char *)from + done, n);
        }
        done += n;
        offset = 0;
    }
    return done;
}

size_t virtio_gather(const struct virtio_chain *chain, size_t offset, void *to, size_t size)
{
    return copy(chain, false, offset, to, NULL, size);
}

size_t virtio_scatter(const struct virtio_chain *chain, size_t offset, const void *from,
                      size_t size)
{
    return copy(chain, true, offset, NULL, from, size);
}
