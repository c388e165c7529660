/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by WP: the queue, of any capacity, whatever the peer's half holds. No call can
 * fault or loop; what is ready and what room there is stay within the capacity, and a
 * broken queue stays broken.
 */
#include "trusted.h"

#include <quoll/queue.h>

/* An entry as any other. */
struct entry {
    uint64_t address;
    uint32_t id;
    uint16_t length;
    uint16_t reserved;
};

/*@ assigns *copy \from \nothing; */
void any_entry(struct entry *copy);

#undef queue_copy_in
#define queue_copy_in(copy, original) /* TRUSTED: proved apart, in fetch.c */                      \
    /*@ assert \valid_read(original); */                                                           \
    any_entry(copy)

QUEUE_OF(entries, struct entry);

/*@ predicate power_of_two(integer n) = 0 < n <= 0x80000000 && (n & (n - 1)) == 0;

    predicate consumer(struct queue_consumer *q) =
        \valid(q) && \valid(q->mine) && \valid_read(q->peer) && \separated(q, q->mine, q->peer) &&
        \valid_read((struct entry *)q->peer->entries + (0 .. q->capacity - 1)) &&
        \separated(q, (struct entry *)q->peer->entries + (0 .. q->capacity - 1)) &&
        power_of_two(q->capacity) && q->ready <= q->capacity;

    predicate producer(struct queue_producer *q) =
        \valid(q) && \valid(q->mine) && \valid_read(q->peer) && \separated(q, q->mine, q->peer) &&
        \valid((struct entry *)q->mine->entries + (0 .. q->capacity - 1)) &&
        \separated(q, (struct entry *)q->mine->entries + (0 .. q->capacity - 1)) &&
        power_of_two(q->capacity) && q->room <= q->capacity;
*/

/* ---- Consumer ---- */

/*@ requires consumer(q);
    assigns q->head, q->released, q->ready, q->broken, q->mine->head, q->mine->wake_at;
    ensures consumer(q);
    ensures q->head == 0 && q->released == 0 && q->ready == 0 && !q->broken;
    ensures q->mine->head == 0 && q->mine->wake_at == 0; */
static inline void queue_consumer_reset(struct queue_consumer *q);

/*@ requires consumer(q) && capacity == q->capacity;
    assigns q->ready, q->broken;
    ensures consumer(q);
    ensures \result == q->ready;
    ensures q->broken <==> \old(q->broken) || ready > capacity;
    ensures q->ready == (q->broken ? 0 : ready); */
static inline uint32_t queue_judge(struct queue_consumer *q, uint32_t ready, uint32_t capacity);

/*@ requires consumer(q);
    assigns q->ready, q->broken;
    ensures consumer(q);
    ensures \result == q->ready;
    ensures \old(q->broken) ==> q->broken;
    ensures q->broken ==> q->ready == 0; */
static inline uint32_t queue_look(struct queue_consumer *q);

/*@ requires consumer(q);
    assigns q->released, q->mine->head;
    ensures consumer(q);
    ensures q->released == q->head;
    ensures q->released != \old(q->released) ==> q->mine->head == q->head;
    ensures q->released == \old(q->released) ==> !\result; */
static inline bool queue_release(struct queue_consumer *q);

/*@ requires consumer(q);
    assigns q->ready, q->broken, q->mine->wake_at;
    ensures consumer(q);
    ensures q->mine->wake_at == q->head;
    ensures \result <==> q->ready == 0;
    ensures \old(q->broken) ==> \result; */
static inline bool queue_sleep(struct queue_consumer *q);

/*@ requires consumer(q) && \valid(wanted) && \separated(wanted, q, q->mine, q->peer);
    assigns q->ready, q->broken, q->released, q->mine->head, q->mine->wake_at, *wanted;
    ensures consumer(q);
    ensures q->mine->wake_at == q->head && q->mine->head == q->head && q->released == q->head;
    ensures \result <==> q->ready == 0;
    ensures \old(q->broken) ==> \result; */
static inline bool queue_release_and_sleep(struct queue_consumer *q, bool *wanted);

/*@ requires consumer(q) && \valid(entry) && \separated(entry, q);
    assigns *entry;
    ensures \result <==> q->ready != 0; */
static inline bool entries_peek(const struct queue_consumer *q, struct entry *entry);

/*@ requires consumer(q) && q->ready > 0;
    assigns q->ready, q->head;
    ensures consumer(q);
    ensures q->ready == \old(q->ready) - 1; */
static inline void entries_drop(struct queue_consumer *q);

/*@ requires consumer(q) && \valid(entry) && \separated(entry, q, q->mine, q->peer);
    assigns q->ready, q->head, *entry;
    ensures consumer(q);
    ensures \result <==> \old(q->ready) > 0;
    ensures \result ==> q->ready == \old(q->ready) - 1;
    ensures !\result ==> q->ready == \old(q->ready) && q->head == \old(q->head); */
static inline bool entries_take(struct queue_consumer *q, struct entry *entry);

/* ---- Producer ---- */

/*@ requires producer(q);
    assigns q->tail, q->published, q->room, q->broken, q->mine->tail, q->mine->room_at;
    ensures producer(q);
    ensures q->tail == 0 && q->published == 0 && q->room == 0 && !q->broken;
    ensures q->mine->tail == 0 && q->mine->room_at == 0; */
static inline void queue_producer_reset(struct queue_producer *q);

/*@ requires producer(q);
    assigns q->room, q->broken;
    ensures producer(q);
    ensures \result == q->room;
    ensures \old(q->broken) ==> q->broken;
    ensures q->broken ==> q->room == 0; */
static inline uint32_t queue_look_for_room(struct queue_producer *q);

/*@ requires producer(q);
    assigns q->published, q->mine->tail;
    ensures producer(q);
    ensures q->published == q->tail;
    ensures q->published != \old(q->published) ==> q->mine->tail == q->tail;
    ensures q->published == \old(q->published) ==> !\result; */
static inline bool queue_publish(struct queue_producer *q);

/*@ requires producer(q);
    assigns q->room, q->broken, q->mine->room_at;
    ensures producer(q);
    ensures \result <==> q->room == 0;
    ensures \old(q->broken) ==> \result; */
static inline bool queue_wait_for_room(struct queue_producer *q);

/*@ requires producer(q);
    assigns \nothing; */
static inline bool queue_awaited(const struct queue_producer *q);

/*@ requires producer(q) && \valid_read(entry) && \separated(entry, q, q->mine);
    assigns q->room, q->tail, ((struct entry *)q->mine->entries)[0 .. q->capacity - 1];
    ensures producer(q);
    ensures \result <==> \old(q->room) > 0;
    ensures \result ==> q->room == \old(q->room) - 1;
    ensures !\result ==> q->room == \old(q->room) && q->tail == \old(q->tail); */
static inline bool entries_put(struct queue_producer *q, const struct entry *entry);

/*@ requires producer(q) && \valid(most) && \separated(most, q, q->mine);
    assigns *most \from *most, *q;
    assigns \result \from q;
    ensures *most <= \old(*most) && *most <= q->room;
    ensures \valid(\result + (0 .. *most - 1)); */
static inline struct entry *entries_slots(struct queue_producer *q, uint32_t *most);

/*@ requires producer(q) && count <= q->room;
    assigns q->room, q->tail;
    ensures producer(q); */
static inline void queue_filled(struct queue_producer *q, uint32_t count);

/* ---- Several at once ---- */

/* TRUSTED: queue_fetch_many() and queue_fetch_each() for whole entries; proved apart, in fetch.c */
/*@ requires \valid((struct entry *)to + (0 .. count - 1));
    requires \valid_read((struct entry *)from + (0 .. count - 1));
    requires size == sizeof(struct entry);
    assigns ((struct entry *)to)[0 .. count - 1]; */
static inline void queue_fetch_many(unsigned char *to, const unsigned char *from, uint32_t count,
                                    size_t size);

/*@ requires (struct entry *)from <= (struct entry *)end;
    requires \valid((struct entry *)to + (0 .. ((struct entry *)end - (struct entry *)from) - 1));
    requires \valid_read((struct entry *)from + (0 .. ((struct entry *)end - (struct entry *)from) - 1));
    requires size == sizeof(struct entry);
    assigns ((struct entry *)to)[0 .. ((struct entry *)end - (struct entry *)from) - 1]; */
static inline void queue_fetch_each(unsigned char *to, const unsigned char *from,
                                    const unsigned char *end, size_t size);

/*@ requires producer(q);
    assigns q->room, q->broken;
    ensures producer(q);
    ensures \result <==> q->room >= count; */
static inline bool queue_has_room(struct queue_producer *q, uint32_t count);

/*@ requires producer(q) && \valid_read(from + (0 .. count - 1));
    requires \separated(from + (0 .. count - 1), q, q->mine,
                        (struct entry *)q->mine->entries + (0 .. q->capacity - 1));
    assigns q->room, q->broken, q->tail, ((struct entry *)q->mine->entries)[0 .. q->capacity - 1];
    ensures producer(q);
    ensures \result <= count;
    ensures q->tail == (uint32_t)(\old(q->tail) + \result); */
static inline uint32_t entries_put_many(struct queue_producer *q, const struct entry *from,
                                        uint32_t count);

/*@ requires consumer(q) && \valid(to + (0 .. most - 1));
    requires \separated(to + (0 .. most - 1), q, q->mine, q->peer,
                        (struct entry *)q->peer->entries + (0 .. q->capacity - 1));
    assigns q->ready, q->head, to[0 .. most - 1];
    ensures consumer(q);
    ensures \result <= most && \result <= \old(q->ready);
    ensures q->ready == \old(q->ready) - \result && q->head == (uint32_t)(\old(q->head) + \result); */
static inline uint32_t entries_take_many(struct queue_consumer *q, struct entry *to, uint32_t most);

/* ---- Copies for loops ---- */

/*@ requires consumer(q);
    assigns \nothing;
    ensures \result.mine == q->mine && \result.peer == q->peer;
    ensures \result.capacity == q->capacity;
    ensures \result.head == q->head && \result.ready == q->ready; */
static inline struct queue_consumer queue_consumer_begin(const struct queue_consumer *q);

/*@ requires consumer(q) && \valid_read(copy) && \separated(copy, q, q->mine, q->peer);
    requires copy->ready <= q->capacity;
    assigns q->head, q->ready;
    ensures consumer(q);
    ensures q->head == copy->head && q->ready == copy->ready; */
static inline void queue_consumer_end(struct queue_consumer *q, const struct queue_consumer *copy);

/*@ requires producer(q);
    assigns \nothing;
    ensures \result.mine == q->mine && \result.peer == q->peer;
    ensures \result.capacity == q->capacity;
    ensures \result.tail == q->tail && \result.room == q->room; */
static inline struct queue_producer queue_producer_begin(const struct queue_producer *q);

/*@ requires producer(q) && \valid_read(copy) && \separated(copy, q, q->mine, q->peer);
    requires copy->room <= q->capacity;
    assigns q->tail, q->room;
    ensures producer(q);
    ensures q->tail == copy->tail && q->room == copy->room; */
static inline void queue_producer_end(struct queue_producer *q, const struct queue_producer *copy);

/* Where no index wraps; that they may is shown by the models. */
/*@ assigns \nothing;
    ensures fresh == 0 ==> !\result;
    ensures at < now ==> (\result <==> now - at <= fresh); */
static inline bool queue_passed(uint32_t at, uint32_t now, uint32_t fresh);
