/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A split virtqueue, the driver's side.
 *
 * Source: VIRTIO 1.2, 2.7; section numbers are its own. The rings lie in memory
 * that only driver and device share:
 *
 *     descriptors, available ring    written by the driver, never read back
 *     used ring                      written by the device
 *
 * Nothing in the rings is believed. What the driver needs to know of a chain (its
 * descriptors, how much the device may write, whose it is) it keeps in a private
 * shadow, and an answer counts only if it fits the shadow: a chain that is with the
 * device, no more bytes than were offered, no more answers than chains outstanding.
 * A device that breaks these rules is not obeyed any longer: the queue is `broken`,
 * counted once, and stays empty and full until virtqueue_open() after a reset.
 *
 * The rings are read and written with aligned scalar accesses only, so they may lie
 * in uncached memory for a device that does not see the caches.
 *
 * The order of use, per wake-up:
 *
 *     virtqueue_look, virtqueue_take ...     what the device is done with
 *     virtqueue_add ..., virtqueue_publish   new work, one notification per batch
 *     virtqueue_sleep                        false: more is done, look again
 */
#ifndef QUOLL_VIRTQUEUE_H
#define QUOLL_VIRTQUEUE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoll/dma.h>
#include <quoll/mmio.h>
#include <quoll/virtio.h>

#define VIRTQUEUE_MAX 256U /* descriptors, at most */

/* 2.7.5 */
struct virtq_descriptor {
    uint64_t address;
    union {
        struct {
            uint32_t length;
            uint16_t flags;
            uint16_t next;
        };
        uint64_t rest; /* all of these, as one store */
    };
};
#define VIRTQ_NEXT  1U /* goes on at `next` */
#define VIRTQ_WRITE 2U /* the device writes, else it reads */

/* 2.7.6; `used_event` follows the ring. */
struct virtq_available {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[];
};
#define VIRTQ_NO_INTERRUPT 1U

/* 2.7.8; `avail_event` follows the ring. */
struct virtq_used_entry {
    uint32_t id;
    uint32_t length;
};
struct virtq_used {
    uint16_t flags;
    uint16_t index;
    struct virtq_used_entry ring[];
};
#define VIRTQ_NO_NOTIFY 1U

static_assert(sizeof(struct virtq_descriptor) == 16, "VIRTIO 1.2, 2.7");
static_assert(sizeof(struct virtq_used_entry) == 8, "VIRTIO 1.2, 2.7");
static_assert(offsetof(struct virtq_used, ring) == 4, "VIRTIO 1.2, 2.7.8");

/** DMA memory that a queue of `size` descriptors takes, alignment included. */
#define VIRTQUEUE_DMA(size) ((size) * (16U + 2U + 8U) + 16U + 3U * QUOLL_CACHE_LINE)

/* What the driver knows about a descriptor; the head's entry speaks for the chain. */
struct virtqueue_slot {
    uint32_t cookie; /* the driver's name for the chain */
    uint32_t next;   /* in the chain, or in the list of free ones */
    uint32_t limit;  /* bytes that the device may write, plus one; 0: no chain begins here, */
    uint32_t count;  /* else so many descriptors */
};

struct virtqueue {
    struct virtio_device *device;
    struct virtq_descriptor *descriptors; /* what we write needs no volatile: a fence follows */
    struct virtq_available *available;
    volatile struct virtq_used *used;
    volatile uint32_t *notify;            /* the device's register */
    volatile uint16_t *used_event;        /* interrupt when this index has passed (2.7.7) */
    const volatile uint16_t *avail_event; /* notify when this index has passed (2.7.10) */
    uint32_t number;                      /* of the queue in its device */
    uint32_t size;                        /* descriptors, a power of two; 0: not open */
    uint32_t free;                        /* descriptors not in use */
    uint32_t first_free;
    uint32_t added;     /* chains ever put on the available ring, */
    uint32_t published; /* and of these, shown to the device */
    uint32_t taken;     /* chains ever taken off the used ring */
    uint32_t ready;     /* more of them known to be there */
    bool event_index;   /* VIRTIO_F_EVENT_IDX was negotiated */
    bool broken;
    uint32_t reclaimed; /* slots that virtqueue_reclaim() is past */
    struct virtqueue_slot slot[VIRTQUEUE_MAX];
};

struct virtqueue_part {
    uint64_t address; /* I/O address */
    uint32_t length;
    bool device_writes;
};

struct virtqueue_done {
    uint32_t cookie;
    uint32_t length; /* bytes that the device says it wrote, at most what it was offered */
};

/**
 * Set up queue `number` of a device between virtio_begin() and virtio_run(), with at
 * most `wish` descriptors (a power of two, up to VIRTQUEUE_MAX). Its memory comes
 * from virtio_dma(). Forgets what was outstanding.
 *
 * @return QUOLL_OK, QUOLL_ENOTFOUND (the device has no such queue) or QUOLL_EBUSY
 *         (not enough DMA memory)
 */
enum quoll_error virtqueue_open(struct virtqueue *queue, struct virtio_device *device,
                                uint16_t number, uint16_t wish);

/**
 * Take back a chain that the device was never done with; only after virtio_reset().
 *
 * @return false if none is left
 */
bool virtqueue_reclaim(struct virtqueue *queue, uint32_t *cookie);

/*
 * The device has broken the protocol: see above. The queue is empty and full from then on. In
 * line, and no call: whoever looks has all in
 * registers that a call would have to save. virtio_reset() says and counts what happened.
 */
static inline void virtqueue_break(struct virtqueue *queue, enum virtqueue_fault fault)
{
    queue->broken = true;
    queue->free = queue->ready = 0;
    queue->taken = queue->added;
    if (!queue->device->failed) {
        queue->device->failed = true;
        queue->device->fault = fault;
        queue->device->fault_queue = queue->number;
    }
}

/* Reading what the device writes; an entry's two words by one instruction where there is one. */
static inline uint32_t virtq_read(const volatile uint16_t *at)
{
#if defined(__aarch64__) && !defined(QUOLL_SIM)
    uint32_t value;

    __asm__ volatile("ldrh %w0, %1" : "=r"(value) : "m"(*at));
    return value;
#else
    return *at;
#endif
}

static inline void virtq_read_used(const volatile struct virtq_used_entry *at, uint32_t *id,
                                   uint32_t *length)
{
#if defined(__aarch64__) && !defined(QUOLL_SIM)
    __asm__ volatile("ldp %w0, %w1, [%2]" : "=r"(*id), "=r"(*length) : "r"(at), "m"(*at));
#else
    *id = at->id;
    *length = at->length;
#endif
}

static inline void virtqueue_set_flags(struct virtqueue *queue, uint16_t flags)
{
    *(volatile uint16_t *)&queue->available->flags = flags;
}

/** Chains with the device, those included that it will see with virtqueue_publish(). */
static inline uint32_t virtqueue_outstanding(const struct virtqueue *queue)
{
    return queue->added - queue->taken;
}

/** Descriptors that can be added now; none if the queue is broken. */
static inline unsigned virtqueue_room(const struct virtqueue *queue)
{
    return queue->free;
}

/*
 * Adding in a batch: a copy of what adding changes, so that it stays in registers over
 * the loop. Between begin and end nothing else is done with the queue.
 */
struct virtqueue_batch {
    struct virtqueue_slot *slot;
    struct virtq_descriptor *descriptors;
    uint16_t *ring;
    uint32_t mask;
    uint32_t first_free;
    uint32_t used; /* descriptors */
    uint32_t added;
};

static inline struct virtqueue_batch virtqueue_begin(struct virtqueue *queue)
{
    return (struct virtqueue_batch){
        .slot = queue->slot,
        .descriptors = queue->descriptors,
        .ring = queue->available->ring,
        .mask = queue->size - 1U,
        .first_free = queue->first_free,
        .added = queue->added,
    };
}

/* Take a descriptor off the free list and fill it in. */
static inline uint32_t virtqueue_fill(struct virtqueue_batch *batch, uint64_t address,
                                      uint32_t length, uint16_t flags)
{
    uint32_t index = batch->first_free;

    batch->descriptors[index] =
        (struct virtq_descriptor){.address = address, .rest = (uint64_t)flags << 32 | length};
    batch->first_free = batch->slot[index].next;
    batch->used += 1U;
    return index;
}

/* Put the chain that starts at `head` on the available ring (2.7.13, steps 2 and 3). */
static inline void virtqueue_offer(struct virtqueue_batch *batch, uint32_t head, uint32_t cookie,
                                   uint32_t writable, uint32_t count)
{
    struct virtqueue_slot *slot = &batch->slot[head];

    slot->cookie = cookie;
    slot->limit = writable + 1U;
    slot->count = count;
    batch->ring[batch->added & batch->mask] = (uint16_t)head;
    batch->added += 1U;
}

/** Add a single buffer. The room of all in a batch is the caller's to know. */
static inline void virtqueue_batch_add(struct virtqueue_batch *batch, uint64_t address,
                                       uint32_t length, bool device_writes, uint32_t cookie)
{
    uint32_t head = virtqueue_fill(batch, address, length, device_writes ? VIRTQ_WRITE : 0U);

    virtqueue_offer(batch, head, cookie, device_writes ? length : 0, 1);
}

static inline void virtqueue_end(struct virtqueue *queue, const struct virtqueue_batch *batch)
{
    queue->added = batch->added;
    queue->first_free = batch->first_free;
    queue->free -= batch->used;
}

/**
 * Add a single buffer. Needs virtqueue_room() of 1; the device sees it after
 * virtqueue_publish().
 */
static inline void virtqueue_add_one(struct virtqueue *queue, struct virtqueue_part part,
                                     uint32_t cookie)
{
    struct virtqueue_batch batch = virtqueue_begin(queue);

    virtqueue_batch_add(&batch, part.address, part.length, part.device_writes, cookie);
    virtqueue_end(queue, &batch);
}

/**
 * Add a chain of `count` parts, 1 or more; those that the device writes come last
 * (2.7.4.2). Needs virtqueue_room() of `count`.
 */
void virtqueue_add(struct virtqueue *queue, const struct virtqueue_part *parts, unsigned count,
                   uint32_t cookie);

/** Show the device what was added, and notify it if it wants to be (2.7.10, 2.7.13). */
static inline void virtqueue_publish(struct virtqueue *queue)
{
    uint32_t added = queue->added, fresh = added - queue->published;
    const volatile uint16_t *avail_event = queue->avail_event;

    if (fresh == 0) {
        return;
    }
    dma_fence_write();
    *(volatile uint16_t *)&queue->available->index = (uint16_t)added;
    queue->published = added;
    dma_fence_full();
    bool wanted = queue->event_index ? (uint16_t)(added - virtq_read(avail_event) - 1U) < fresh
                                     : (queue->used->flags & VIRTQ_NO_NOTIFY) == 0;

    if (wanted) {
        mmio_write32(queue->notify, queue->number);
    }
}

/* With copies of what the queue says, since a fence makes the compiler fetch that again. */
static inline uint32_t virtqueue_look_from(struct virtqueue *queue,
                                           const volatile struct virtq_used *used, uint32_t taken,
                                           uint32_t outstanding)
{
    uint32_t ready = (uint16_t)(virtq_read(&used->index) - taken);

    if (__builtin_expect(ready > outstanding, 0)) {
        virtqueue_break(queue, VIRTQUEUE_TOO_MANY);
        return 0;
    }
    dma_fence_read();
    queue->ready = ready;
    return ready;
}

/**
 * See how many chains the device is done with (2.7.14), once per batch.
 *
 * @return that number, at most those outstanding; 0 if the queue is broken
 */
static inline uint32_t virtqueue_look(struct virtqueue *queue)
{
    return virtqueue_look_from(queue, queue->used, queue->taken, virtqueue_outstanding(queue));
}

/*
 * Taking in a batch, as adding: between begin and end nothing else is done with the
 * queue. A device that answers nonsense ends the batch and is found out at its end.
 */
struct virtqueue_taking {
    const volatile struct virtq_used_entry *ring;
    struct virtqueue_slot *slot;
    uint32_t mask;
    uint32_t taken;
    uint32_t end;
    uint32_t found; /* what virtqueue_look() found ends here */
    uint32_t first_free;
    uint32_t freed;
    enum virtqueue_fault fault;
};

/** Take of what virtqueue_look() found, at most `most`. */
static inline struct virtqueue_taking virtqueue_taking_begin(struct virtqueue *queue, uint32_t most)
{
    uint32_t taken = queue->taken, ready = queue->ready;

    return (struct virtqueue_taking){
        .ring = queue->used->ring,
        .slot = queue->slot,
        .mask = queue->size - 1U,
        .taken = taken,
        .end = taken + (ready < most ? ready : most),
        .found = taken + ready,
        .first_free = queue->first_free,
    };
}

/* The last descriptor of a chain of `count`; they are still linked through `next`. */
static inline uint32_t virtqueue_last_of(const struct virtqueue_slot *slots, uint32_t head,
                                         uint32_t count)
{
    for (; count > 1; count--) {
        head = slots[head].next;
    }
    return head;
}

/** Take the next of the chains that virtqueue_look() found; false if there is none. */
static inline bool virtqueue_take_next(struct virtqueue_taking *t, struct virtqueue_done *done)
{
    if (t->taken == t->end) {
        return false;
    }
    const volatile struct virtq_used_entry *entry = &t->ring[t->taken & t->mask];
    uint32_t id, length;

    virtq_read_used(entry, &id, &length);
    if (id > t->mask || length >= t->slot[id].limit) {
        t->fault = VIRTQUEUE_NOT_ITS_CHAIN;
        if (id <= t->mask && t->slot[id].limit != 0) {
            t->fault = VIRTQUEUE_TOO_LONG;
        }
        return false;
    }
    struct virtqueue_slot *slot = &t->slot[id];
    uint32_t count = slot->count;

    slot->limit = 0;
    slot->count = 0;
    t->slot[virtqueue_last_of(t->slot, id, count)].next = t->first_free;
    *done = (struct virtqueue_done){slot->cookie, length};
    t->first_free = id;
    t->freed += count;
    t->taken += 1U;
    return true;
}

static inline void virtqueue_taking_end(struct virtqueue *queue, const struct virtqueue_taking *t)
{
    queue->first_free = t->first_free;
    queue->free += t->freed;
    queue->ready = t->found - t->taken;
    queue->taken = t->taken;
    if (t->fault != 0) {
        virtqueue_break(queue, t->fault);
    }
}

/** Take the next chain; false if there is none. */
static inline bool virtqueue_take(struct virtqueue *queue, struct virtqueue_done *done)
{
    struct virtqueue_taking t = virtqueue_taking_begin(queue, 1);
    bool taken = virtqueue_take_next(&t, done);

    virtqueue_taking_end(queue, &t);
    return taken;
}

/**
 * Ask for an interrupt when `more` further chains are done (1: at the next; at most
 * those outstanding). Without VIRTIO_F_EVENT_IDX, at the next in any case.
 *
 * @return false if so many are done already (look again); true: the interrupt will
 *         come, or the queue is broken
 */
__attribute__((warn_unused_result)) static inline bool virtqueue_sleep(struct virtqueue *queue,
                                                                       unsigned more)
{
    const volatile struct virtq_used *used = queue->used;
    uint32_t taken = queue->taken, outstanding = virtqueue_outstanding(queue);

    /* 2.7.7: write what is asked for, then look once more; one of the two sees the other. */
    if (queue->event_index) {
        *queue->used_event = (uint16_t)(taken + more - 1U);
    } else {
        virtqueue_set_flags(queue, 0);
        more = 1;
    }
    dma_fence_full();
    return virtqueue_look_from(queue, used, taken, outstanding) < more;
}

/**
 * Ask for no interrupts while awake. Only needed without VIRTIO_F_EVENT_IDX; with it
 * they stop by themselves once the index that was asked for has passed.
 */
static inline void virtqueue_no_interrupts(struct virtqueue *queue)
{
    if (!queue->event_index) {
        virtqueue_set_flags(queue, VIRTQ_NO_INTERRUPT);
    }
}

#endif
