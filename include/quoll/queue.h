/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded queue between two protection domains: one producer, one consumer,
 * no locks.
 *
 * Each side writes only its own half, which the other maps read-only:
 *
 *     producer's half    tail, entries, room_at     what there is
 *     consumer's half    head, wake_at              what was taken
 *
 * Indices run freely and are reduced modulo the capacity, a power of two that
 * only the private handles know. A handle never reads back what its own side
 * published, and believes nothing of what the other side says: an index out of
 * range marks the queue as broken, and a broken queue is simply empty, full and
 * asleep until the link starts anew. So a lying peer stops its own service and
 * cannot make us loop. A broken queue has the capacity 0, which no index fits: one
 * comparison per look finds both what breaks and what is broken.
 *
 * Wake-ups follow virtio's event index (virtio 1.2, 2.7.10): whoever waits
 * publishes the index at which it wants to be woken and then looks once more;
 * whoever makes progress publishes it and then reads that index. One of the two
 * must see the other's store, hence the pair of seq_cst fences.
 *
 * The order of use, per wake-up:
 *
 *     consumer                         producer
 *     do {                             queue_look_for_room
 *         queue_look                   NAME_put ...
 *         NAME_take ...                queue_publish  -> notify
 *         queue_release -> notify      (full: queue_wait_for_room)
 *     } while (!queue_sleep)
 *
 * NAME_put and NAME_take are those of a type of entries: queue_entries.h.
 */
#ifndef QUOLL_QUEUE_H
#define QUOLL_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both halves are part of the link ABI: little-endian, one cache line each. */
struct queue_producer_half {
    _Atomic uint32_t tail;    /* entries published */
    _Atomic uint32_t room_at; /* notify when head passes this index */
    uint32_t reserved[14];    /* entries start on a cache line of their own */
    unsigned char entries[];
};

struct queue_consumer_half {
    _Atomic uint32_t head;    /* entries given back */
    _Atomic uint32_t wake_at; /* notify when tail passes this index */
    uint32_t reserved[14];
};

/*
 * Where it is counted that a queue breaks. A peer that began a new life since we last looked
 * at its life has set its half up anew, and its indices look wrong to us, innocently.
 */
struct queue_blame {
    uint64_t *count;
    const _Atomic uint32_t *life; /* the peer's current one, counted before it begins; */
    uint32_t known;               /* the one that we know of */
};

struct queue_producer {
    struct queue_producer_half *mine;
    const struct queue_consumer_half *peer;
    uint32_t capacity;               /* entries, a power of two; 0: broken */
    uint32_t tail;                   /* entries written */
    uint32_t published;              /* of these, shown to the peer */
    uint32_t room;                   /* slots known to be free */
    uint32_t whole;                  /* if broken, what the capacity was */
    bool broken;                     /* the peer published an impossible index */
    const struct queue_blame *blame; /* who counts that, or NULL */
};

struct queue_consumer {
    struct queue_consumer_half *mine;
    const struct queue_producer_half *peer;
    uint32_t capacity;
    uint32_t head;     /* entries taken */
    uint32_t released; /* of these, given back to the peer */
    uint32_t ready;    /* entries known to be there */
    uint32_t whole;
    bool broken;
    const struct queue_blame *blame;
};

/*
 * Loads and stores that order nothing (memory_order_relaxed). On AArch64 as what they are,
 * one instruction: GCC works out each atomic object's address in a register of its own.
 */
#ifdef __aarch64__
static inline uint32_t queue_read(const _Atomic uint32_t *at)
{
    uint32_t value;

    __asm__ volatile("ldr %w0, %1" : "=r"(value) : "m"(*(const volatile uint32_t *)at));
    return value;
}

static inline void queue_write(_Atomic uint32_t *at, uint32_t value)
{
    __asm__ volatile("str %w1, %0" : "=m"(*(volatile uint32_t *)at) : "r"(value));
}
#else
static inline uint32_t queue_read(const _Atomic uint32_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static inline void queue_write(_Atomic uint32_t *at, uint32_t value)
{
    atomic_store_explicit(at, value, memory_order_relaxed);
}
#endif

/** Whether an index has been passed: `at` lies among the last `fresh` before `now`. */
static inline bool queue_passed(uint32_t at, uint32_t now, uint32_t fresh)
{
    return (uint32_t)(now - at - 1U) < fresh;
}

/** Begin anew, empty, with both of our indices at zero in private and in public. */
static inline void queue_producer_reset(struct queue_producer *q)
{
    q->capacity = q->broken ? q->whole : q->capacity;
    q->tail = 0;
    q->published = 0;
    q->room = 0;
    q->broken = false;
    atomic_store_explicit(&q->mine->tail, 0, memory_order_relaxed);
    atomic_store_explicit(&q->mine->room_at, 0, memory_order_relaxed);
}

/** As queue_producer_reset(), for the consumer's side. */
static inline void queue_consumer_reset(struct queue_consumer *q)
{
    q->capacity = q->broken ? q->whole : q->capacity;
    q->head = 0;
    q->released = 0;
    q->ready = 0;
    q->broken = false;
    atomic_store_explicit(&q->mine->head, 0, memory_order_relaxed);
    atomic_store_explicit(&q->mine->wake_at, 0, memory_order_relaxed);
}

/* Whoever saw an index of a new life sees that life: the fence keeps our looks in this order. */
__attribute__((always_inline)) static inline void queue_blame_peer(const struct queue_blame *blame)
{
    atomic_thread_fence(memory_order_acquire);
    if (blame != NULL && atomic_load_explicit(blame->life, memory_order_acquire) == blame->known) {
        *blame->count += 1U;
    }
}

/* ---- Consumer ---- */

/* Rare, but no call: whoever looks has all in registers that a call would have to save. */
__attribute__((always_inline)) static inline uint32_t queue_consumer_break(struct queue_consumer *q)
{
    if (!q->broken) {
        q->whole = q->capacity;
        q->capacity = 0;
        q->broken = true;
        queue_blame_peer(q->blame);
    }
    return 0;
}

/* With copies of what a handle says, since a fence makes the compiler fetch that again. */
static inline uint32_t queue_look_from(struct queue_consumer *q,
                                       const struct queue_producer_half *peer, uint32_t capacity,
                                       uint32_t head)
{
    uint32_t ready = atomic_load_explicit(&peer->tail, memory_order_acquire) - head;

    if (__builtin_expect(ready > capacity, 0)) {
        ready = queue_consumer_break(q);
    }
    q->ready = ready;
    return ready;
}

/**
 * Look for entries, once per batch.
 *
 * @return entries ready to be taken, 0 to capacity; 0 if the queue is broken
 */
static inline uint32_t queue_look(struct queue_consumer *q)
{
    return queue_look_from(q, q->peer, q->capacity, q->head);
}

/** A hint, at little cost, whether there is something to take: queue_look() says what. */
static inline bool queue_may_have(const struct queue_consumer *q)
{
    return queue_read(&q->peer->tail) != q->head;
}

/*
 * The steps of queue_release() and queue_sleep(), for who does several things at once:
 * first all stores (show), then one queue_fence(), then all looks at what peers wait for.
 * Each store and the look that belongs to it are then ordered as if they were alone.
 */
static inline void queue_fence(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}

/** Give all taken slots back. @return how many, for queue_room_awaited() */
static inline uint32_t queue_show_head(struct queue_consumer *q)
{
    uint32_t head = q->head;
    uint32_t fresh = head - q->released;

    q->released = head;
    atomic_store_explicit(&q->mine->head, head, memory_order_release);
    return fresh;
}

/** Say that we want to be woken at the next entry; what was taken is shown as head. */
static inline void queue_show_sleep(struct queue_consumer *q)
{
    queue_write(&q->mine->wake_at, q->head);
}

/* As queue_look_from(). */
static inline bool queue_room_awaited_from(const struct queue_producer_half *peer, uint32_t head,
                                           uint32_t fresh)
{
    return queue_passed(queue_read(&peer->room_at), head, fresh);
}

/** Whether the producer waits for room, of which `fresh` slots are new, and must be notified. */
static inline bool queue_room_awaited(const struct queue_consumer *q, uint32_t fresh)
{
    return queue_room_awaited_from(q->peer, q->released, fresh);
}

/**
 * Give all taken slots back to the producer.
 *
 * @return whether the producer waits for room and must be notified
 */
__attribute__((warn_unused_result)) static inline bool queue_release(struct queue_consumer *q)
{
    const struct queue_producer_half *peer = q->peer;
    uint32_t head = q->head;

    if (head == q->released) {
        return false;
    }
    uint32_t fresh = queue_show_head(q);

    queue_fence();
    return queue_room_awaited_from(peer, head, fresh);
}

/**
 * Ask to be notified of the next entry. Release what was taken first.
 *
 * @return true if there is nothing to take (or never will be: broken), so that the
 *         caller may sleep; false if entries came in the meantime
 */
__attribute__((warn_unused_result)) static inline bool queue_sleep(struct queue_consumer *q)
{
    const struct queue_producer_half *peer = q->peer;
    uint32_t capacity = q->capacity, head = q->head;

    queue_show_sleep(q);
    queue_fence();
    return queue_look_from(q, peer, capacity, head) == 0;
}

/**
 * queue_release() and queue_sleep() with one fence.
 *
 * @param wanted  becomes whether the producer waits for room and must be notified
 * @return as queue_sleep()
 */
__attribute__((warn_unused_result)) static inline bool queue_release_and_sleep(
    struct queue_consumer *q, bool *wanted)
{
    const struct queue_producer_half *peer = q->peer;
    uint32_t capacity = q->capacity, head = q->head;
    uint32_t fresh = queue_show_head(q);

    queue_show_sleep(q);
    queue_fence();
    *wanted = queue_room_awaited_from(peer, head, fresh);
    return queue_look_from(q, peer, capacity, head) == 0;
}

/* ---- Producer ---- */

/* As queue_consumer_break(). */
__attribute__((always_inline)) static inline uint32_t queue_producer_break(struct queue_producer *q)
{
    if (!q->broken) {
        q->whole = q->capacity;
        q->capacity = 0;
        q->broken = true;
        queue_blame_peer(q->blame);
    }
    return 0;
}

/**
 * Look for free slots, once per batch.
 *
 * @return slots free to be written, 0 to capacity; 0 if the queue is broken
 */
static inline uint32_t queue_look_for_room(struct queue_producer *q)
{
    uint32_t used = q->tail - atomic_load_explicit(&q->peer->head, memory_order_acquire);

    if (__builtin_expect(used > q->capacity, 0)) {
        used = queue_producer_break(q);
    }
    q->room = q->capacity - used;
    return q->room;
}

/** Show all entries put since the last call. @return how many, for queue_entries_awaited() */
static inline uint32_t queue_show_tail(struct queue_producer *q)
{
    uint32_t tail = q->tail;
    uint32_t fresh = tail - q->published;

    q->published = tail;
    atomic_store_explicit(&q->mine->tail, tail, memory_order_release);
    return fresh;
}

/* As queue_look_from(). */
static inline bool queue_entries_awaited_from(const struct queue_consumer_half *peer, uint32_t tail,
                                              uint32_t fresh)
{
    return queue_passed(queue_read(&peer->wake_at), tail, fresh);
}

/** Whether the consumer sleeps until one of the last `fresh` entries, and must be notified. */
static inline bool queue_entries_awaited(const struct queue_producer *q, uint32_t fresh)
{
    return queue_entries_awaited_from(q->peer, q->published, fresh);
}

/**
 * Show all entries put since the last call to the consumer.
 *
 * @return whether the consumer sleeps and must be notified
 */
__attribute__((warn_unused_result)) static inline bool queue_publish(struct queue_producer *q)
{
    const struct queue_consumer_half *peer = q->peer;
    uint32_t tail = q->tail;

    if (tail == q->published) {
        return false;
    }
    uint32_t fresh = queue_show_tail(q);

    queue_fence();
    return queue_entries_awaited_from(peer, tail, fresh);
}

/** Say that we want to be notified when the slot with this index is given back. */
static inline void queue_show_wait(struct queue_producer *q, uint32_t slot)
{
    queue_write(&q->mine->room_at, slot);
}

/**
 * Ask to be notified when the consumer gives back a slot of the full queue.
 * Publish what was put first.
 *
 * @return true if there is still no room (or never will be: broken), so that the
 *         caller may sleep; false if room came in the meantime
 */
__attribute__((warn_unused_result)) static inline bool queue_wait_for_room(struct queue_producer *q)
{
    queue_show_wait(q, q->tail - q->capacity);
    queue_fence();
    return queue_look_for_room(q) == 0;
}

/**
 * Whether the consumer sleeps until the next entry. A hint: it may begin to sleep just
 * afterwards, without telling anyone but queue_publish().
 */
static inline bool queue_awaited(const struct queue_producer *q)
{
    return queue_read(&q->peer->wake_at) == q->published;
}

#endif
