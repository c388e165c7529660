/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in a queue (queue.h): entries of one type, taken and put one by one, in loops,
 * or many at once.
 *
 * An entry in a peer's page may change at any time. So it is read once, into a copy, and
 * the copy is what is judged and used.
 */
#ifndef QUOLL_QUEUE_ENTRIES_H
#define QUOLL_QUEUE_ENTRIES_H

#include <quoll/queue.h>

/* ---- Copies ---- */

/* An entry's address is worked out once, and its words are then loaded or stored in pairs. */
#ifdef __aarch64__
#define QUEUE_IN_REGISTER(pointer) __asm__("" : "+r"(pointer))
#else
#define QUEUE_IN_REGISTER(pointer) ((void)0)
#endif

/* A piece of an entry, at any place and of any type. */
typedef uint64_t __attribute__((may_alias, aligned(1))) queue_word;
typedef uint32_t __attribute__((may_alias, aligned(1))) queue_half;
typedef uint8_t __attribute__((may_alias)) queue_byte;

#define QUEUE_COPY_PIECES(type, to, from, size, at)                                                \
    for (; (size) - (at) >= sizeof(type); (at) += sizeof(type)) {                                  \
        type piece_ = *(const type *)((from) + (at));                                              \
        __asm__ volatile("" : "+r"(piece_));                                                       \
        *(type *)((to) + (at)) = piece_;                                                           \
    }

/*
 * The one way to read an entry out of a peer's page. Each piece is loaded once, and the
 * barrier makes the compiler forget where it came from: without it, it may read the
 * original again, after the peer has changed it. The barrier is on the values alone, so
 * that entry and handle may stay in registers; and on two words at once, so that they may
 * come by one instruction. The size is a constant to the compiler.
 */
#define queue_copy_in(copy, original)                                                              \
    queue_fetch(copy, original, sizeof(*(copy) = *(original))) /* of one type */

__attribute__((always_inline)) static inline void queue_fetch(void *copy, const void *original,
                                                              size_t size)
{
    unsigned char *to = copy;
    const unsigned char *from = original;
    size_t at = 0;

#pragma GCC unroll 8
    for (; size - at >= 2 * sizeof(queue_word); at += 2 * sizeof(queue_word)) {
        queue_word first = ((const queue_word *)(from + at))[0];
        queue_word second = ((const queue_word *)(from + at))[1];

        __asm__ volatile("" : "+r"(first), "+r"(second));
        ((queue_word *)(to + at))[0] = first;
        ((queue_word *)(to + at))[1] = second;
    }
    QUEUE_COPY_PIECES(queue_word, to, from, size, at)
    QUEUE_COPY_PIECES(queue_half, to, from, size, at)
    QUEUE_COPY_PIECES(queue_byte, to, from, size, at)
}

/* Copies of the entries from `from` up to `end`, of a size that the compiler knows. */
__attribute__((always_inline)) static inline void queue_fetch_each(unsigned char *to,
                                                                   const unsigned char *from,
                                                                   const unsigned char *end,
                                                                   size_t size)
{
    for (; from != end; from += size, to += size) {
        queue_fetch(to, from, size);
    }
}

__attribute__((always_inline)) static inline void queue_fetch_four(unsigned char *to,
                                                                   const unsigned char *from,
                                                                   size_t size)
{
    queue_fetch(to, from, size);
    queue_fetch(to + size, from + size, size);
    queue_fetch(to + 2 * size, from + 2 * size, size);
    queue_fetch(to + 3 * size, from + 3 * size, size);
}

/* The same for `count` entries, sixteen per turn. */
__attribute__((always_inline)) static inline void queue_fetch_many(unsigned char *to,
                                                                   const unsigned char *from,
                                                                   uint32_t count, size_t size)
{
    const unsigned char *turns = from + (count & ~15U) * size;
    const unsigned char *end = from + count * size;

    for (; from != turns; from += 16 * size, to += 16 * size) {
        queue_fetch_four(to, from, size);
        queue_fetch_four(to + 4 * size, from + 4 * size, size);
        queue_fetch_four(to + 8 * size, from + 8 * size, size);
        queue_fetch_four(to + 12 * size, from + 12 * size, size);
    }
    queue_fetch_each(to, from, end, size);
}

/* ---- Loops ---- */

/*
 * For loops over many entries: what taking and putting need, which stays in registers;
 * at the end the handle learns how far it came. In between it is left alone.
 */
struct queue_taking {
    const unsigned char *entries;
    uint32_t mask;
    uint32_t at;
    uint32_t end;
};

struct queue_putting {
    unsigned char *entries;
    uint32_t mask;
    uint32_t at;
    uint32_t end;
};

/** Take of what queue_look() found. */
static inline struct queue_taking queue_taking_begin(const struct queue_consumer *q)
{
    return (struct queue_taking){q->peer->entries, q->capacity - 1U, q->head, q->head + q->ready};
}

/** queue_look() and queue_taking_begin(), with one look at the handle. */
static inline struct queue_taking queue_look_and_begin(struct queue_consumer *q)
{
    const struct queue_producer_half *peer = q->peer;
    uint32_t capacity = q->capacity, head = q->head;
    uint32_t ready = queue_look_from(q, peer, capacity, head);

    return (struct queue_taking){peer->entries, capacity - 1U, head, head + ready};
}

static inline void queue_taking_end(struct queue_consumer *q, const struct queue_taking *t)
{
    q->ready = t->end - t->at;
    q->head = t->at;
}

/** The same for who ended before what was found does: all before `at` were taken. */
static inline void queue_taken(struct queue_consumer *q, uint32_t at)
{
    q->ready -= at - q->head;
    q->head = at;
}

/** Put into the room that queue_look_for_room() found. */
static inline struct queue_putting queue_putting_begin(const struct queue_producer *q)
{
    return (struct queue_putting){q->mine->entries, q->capacity - 1U, q->tail, q->tail + q->room};
}

static inline void queue_putting_end(struct queue_producer *q, const struct queue_putting *p)
{
    q->room = p->end - p->at;
    q->tail = p->at;
}

/** Take `count` slots of NAME_slots() as put. */
static inline void queue_filled(struct queue_producer *q, uint32_t count)
{
    q->room -= count;
    q->tail += count;
}

/* ---- Entries of one type ---- */

/** Whether there is room for `count` entries; looks only if what is known does not do. */
static inline bool queue_has_room(struct queue_producer *q, uint32_t count)
{
    return q->room >= count || queue_look_for_room(q) >= count;
}

/**
 * Typed access for entries of one type.
 *
 * NAME_take(q, &entry)  copies the next entry out; false when the batch that
 *                       queue_look() found is used up
 * NAME_peek(q, &entry)  the same without taking it; NAME_drop(q) then takes it
 * NAME_put(q, &entry)   copies an entry in; false when the room that
 *                       queue_look_for_room() found is used up
 * NAME_next(t, &entry)  as NAME_take, in a loop: queue_taking_begin()
 * NAME_add(p, &entry)   as NAME_put, in a loop: queue_putting_begin()
 * NAME_push(p, &entry)  the same where there is room for certain
 * NAME_slots(q, &most)  where the next entries go that queue_filled() then puts: up to
 *                       `most`, which becomes how many of them there is room for in
 *                       one piece. Nobody else writes there.
 * NAME_put_many(q, entries, count), NAME_take_many(q, entries, most)
 *                       copy several at once, and return how many: what there is room
 *                       for (looked for if need be), what queue_look() found
 */
#define QUEUE_OF(name, type)                                                                       \
    static inline bool name##_peek(const struct queue_consumer *q, type *entry)                    \
    {                                                                                              \
        if (q->ready == 0) {                                                                       \
            return false;                                                                          \
        }                                                                                          \
        const type *entries = (const void *)q->peer->entries;                                      \
        queue_copy_in(entry, &entries[q->head & (q->capacity - 1U)]);                              \
        return true;                                                                               \
    }                                                                                              \
    static inline void name##_drop(struct queue_consumer *q)                                       \
    {                                                                                              \
        q->ready -= 1U;                                                                            \
        q->head += 1U;                                                                             \
    }                                                                                              \
    static inline bool name##_take(struct queue_consumer *q, type *entry)                          \
    {                                                                                              \
        if (!name##_peek(q, entry)) {                                                              \
            return false;                                                                          \
        }                                                                                          \
        name##_drop(q);                                                                            \
        return true;                                                                               \
    }                                                                                              \
    static inline bool name##_put(struct queue_producer *q, const type *entry)                     \
    {                                                                                              \
        if (q->room == 0) {                                                                        \
            return false;                                                                          \
        }                                                                                          \
        type *entries = (void *)q->mine->entries;                                                  \
        entries[q->tail & (q->capacity - 1U)] = *entry;                                            \
        q->room -= 1U;                                                                             \
        q->tail += 1U;                                                                             \
        return true;                                                                               \
    }                                                                                              \
    static inline bool name##_next(struct queue_taking *t, type *entry)                            \
    {                                                                                              \
        if (t->at == t->end) {                                                                     \
            return false;                                                                          \
        }                                                                                          \
        const type *from = &((const type *)(const void *)t->entries)[t->at & t->mask];             \
                                                                                                   \
        QUEUE_IN_REGISTER(from);                                                                   \
        queue_copy_in(entry, from);                                                                \
        t->at += 1U;                                                                               \
        return true;                                                                               \
    }                                                                                              \
    static inline void name##_push(struct queue_putting *p, const type *entry)                     \
    {                                                                                              \
        type *to = &((type *)(void *)p->entries)[p->at & p->mask];                                 \
                                                                                                   \
        QUEUE_IN_REGISTER(to);                                                                     \
        *to = *entry;                                                                              \
        p->at += 1U;                                                                               \
    }                                                                                              \
    static inline bool name##_add(struct queue_putting *p, const type *entry)                      \
    {                                                                                              \
        if (p->at == p->end) {                                                                     \
            return false;                                                                          \
        }                                                                                          \
        name##_push(p, entry);                                                                     \
        return true;                                                                               \
    }                                                                                              \
    static inline type *name##_slots(struct queue_producer *q, uint32_t *most)                     \
    {                                                                                              \
        type *entries = (void *)q->mine->entries;                                                  \
        uint32_t at = q->tail & (q->capacity - 1U);                                                \
        uint32_t piece = q->capacity - at < q->room ? q->capacity - at : q->room;                  \
                                                                                                   \
        *most = piece < *most ? piece : *most;                                                     \
        return &entries[at];                                                                       \
    }                                                                                              \
    static inline uint32_t name##_put_many(struct queue_producer *q, const type *from,             \
                                           uint32_t count)                                         \
    {                                                                                              \
        type *entries = (void *)q->mine->entries;                                                  \
        uint32_t at = q->tail & (q->capacity - 1U);                                                \
        uint32_t end = q->capacity - at;                                                           \
                                                                                                   \
        if (!queue_has_room(q, count)) {                                                           \
            count = q->room;                                                                       \
        }                                                                                          \
        queue_filled(q, count);                                                                    \
        if (__builtin_expect(count <= end, 1)) {                                                   \
            end = count;                                                                           \
        } else {                                                                                   \
            queue_fetch_each((void *)entries, (const void *)(from + end),                          \
                             (const void *)(from + count), sizeof(type));                          \
        }                                                                                          \
        queue_fetch_many((void *)&entries[at], (const void *)from, end, sizeof(type));             \
        return count;                                                                              \
    }                                                                                              \
    static inline uint32_t name##_take_many(struct queue_consumer *q, type *to, uint32_t most)     \
    {                                                                                              \
        const type *entries = (const void *)q->peer->entries;                                      \
        uint32_t at = q->head & (q->capacity - 1U);                                                \
        uint32_t count = q->ready < most ? q->ready : most;                                        \
        uint32_t end = q->capacity - at;                                                           \
                                                                                                   \
        q->ready -= count;                                                                         \
        q->head += count;                                                                          \
        if (__builtin_expect(count <= end, 1)) {                                                   \
            end = count;                                                                           \
        } else {                                                                                   \
            queue_fetch_each((void *)(to + end), (const void *)entries,                            \
                             (const void *)(entries + (count - end)), sizeof(type));               \
        }                                                                                          \
        queue_fetch_many((void *)to, (const void *)&entries[at], end, sizeof(type));               \
        return count;                                                                              \
    }                                                                                              \
    struct name##_needs_semicolon

#endif
