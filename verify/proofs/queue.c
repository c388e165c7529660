/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by WP: the queue, of any capacity, whatever the peer's half holds. No call can
 * fault or loop; what is ready and what room there is stay within the capacity, and a
 * broken queue stays broken.
 */
#include "trusted.h"

#include <quoll/queue_entries.h>

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

/*@ axiomatic Bits { // TRUSTED: a lemma of Frama-C's theory of bits, which the provers are not given
        axiom masked: \forall integer a, mask; 0 <= mask ==> 0 <= (a & mask) <= mask;
    } */

/* A broken queue has the capacity 0 and keeps what it was for its next life. */
/*@ predicate power_of_two(integer n) = 0 < n <= 0x80000000 && (n & (n - 1)) == 0;

    predicate blamed(struct queue_blame *b) =
        b == \null || (\valid_read(b) && \valid(b->count) && \valid_read(b->life));

    logic integer in_whole(struct queue_consumer *q) = q->broken ? q->whole : q->capacity;
    logic integer out_whole(struct queue_producer *q) = q->broken ? q->whole : q->capacity;

    predicate in_place(struct queue_consumer *q) =
        \valid(q) && \valid(q->mine) && \valid_read(q->peer) && \separated(q, q->mine, q->peer) &&
        \valid_read((struct entry *)q->peer->entries + (0 .. in_whole(q) - 1)) &&
        \separated(q, (struct entry *)q->peer->entries + (0 .. in_whole(q) - 1)) &&
        blamed(q->blame) && \separated(q, q->mine, q->blame, q->blame->count) &&
        power_of_two(in_whole(q)) && (q->broken ==> q->capacity == 0);

    predicate out_place(struct queue_producer *q) =
        \valid(q) && \valid(q->mine) && \valid_read(q->peer) && \separated(q, q->mine, q->peer) &&
        \valid((struct entry *)q->mine->entries + (0 .. out_whole(q) - 1)) &&
        \separated(q, (struct entry *)q->mine->entries + (0 .. out_whole(q) - 1)) &&
        blamed(q->blame) && \separated(q, q->mine, q->blame, q->blame->count) &&
        \separated(q->blame, (struct entry *)q->mine->entries + (0 .. out_whole(q) - 1)) &&
        power_of_two(out_whole(q)) && (q->broken ==> q->capacity == 0);

    predicate consumer(struct queue_consumer *q) = in_place(q) && q->ready <= q->capacity;
    predicate producer(struct queue_producer *q) = out_place(q) && q->room <= q->capacity;
*/

/* ---- Both ---- */

/*@ assigns \nothing; */
static inline void queue_fence(void);

/*@ requires \valid_read(at);
    assigns \nothing; */
static inline uint32_t queue_read(const uint32_t *at);

/*@ requires \valid(at);
    assigns *at;
    ensures *at == value; */
static inline void queue_write(uint32_t *at, uint32_t value);

/*@ requires blamed(blame);
    assigns *blame->count; */
static inline void queue_blame_peer(const struct queue_blame *blame);

/* ---- Consumer ---- */

/*@ requires consumer(q);
    assigns q->head, q->released, q->ready, q->broken, q->capacity, q->mine->head, q->mine->wake_at;
    ensures consumer(q);
    ensures q->head == 0 && q->released == 0 && q->ready == 0 && !q->broken;
    ensures q->capacity == \old(in_whole(q));
    ensures q->mine->head == 0 && q->mine->wake_at == 0; */
static inline void queue_consumer_reset(struct queue_consumer *q);

/*@ requires in_place(q);
    assigns q->broken, q->capacity, q->whole, *q->blame->count;
    ensures in_place(q);
    ensures q->broken && q->capacity == 0 && q->whole == \old(in_whole(q));
    ensures \result == 0; */
static inline uint32_t queue_consumer_break(struct queue_consumer *q);

/*@ requires consumer(q);
    assigns q->ready, q->broken, q->capacity, q->whole, *q->blame->count;
    ensures consumer(q);
    ensures \result == q->ready;
    ensures \old(q->broken) ==> q->broken;
    ensures in_whole(q) == \old(in_whole(q)); */
static inline uint32_t queue_look(struct queue_consumer *q);

/*@ requires consumer(q) && peer == q->peer && capacity == q->capacity && head == q->head;
    assigns q->ready, q->broken, q->capacity, q->whole, *q->blame->count;
    ensures consumer(q);
    ensures \result == q->ready;
    ensures \old(q->broken) ==> q->broken;
    ensures in_whole(q) == \old(in_whole(q)); */
static inline uint32_t queue_look_from(struct queue_consumer *q,
                                       const struct queue_producer_half *peer, uint32_t capacity,
                                       uint32_t head);

/*@ requires consumer(q);
    assigns \nothing; */
static inline bool queue_may_have(const struct queue_consumer *q);

/*@ requires consumer(q);
    assigns q->released, q->mine->head;
    ensures consumer(q);
    ensures q->released == q->head && q->mine->head == q->head;
    ensures \result == (uint32_t)(q->head - \old(q->released)); */
static inline uint32_t queue_show_head(struct queue_consumer *q);

/*@ requires consumer(q);
    assigns q->mine->wake_at;
    ensures consumer(q);
    ensures q->mine->wake_at == q->head; */
static inline void queue_show_sleep(struct queue_consumer *q);

/*@ requires consumer(q);
    assigns \nothing;
    ensures fresh == 0 ==> !\result; */
static inline bool queue_room_awaited(const struct queue_consumer *q, uint32_t fresh);

/*@ requires \valid_read(&peer->room_at);
    assigns \nothing;
    ensures fresh == 0 ==> !\result; */
static inline bool queue_room_awaited_from(const struct queue_producer_half *peer, uint32_t head,
                                           uint32_t fresh);

/*@ requires consumer(q);
    assigns q->released, q->mine->head;
    ensures consumer(q);
    ensures q->released == q->head;
    ensures q->released != \old(q->released) ==> q->mine->head == q->head;
    ensures q->released == \old(q->released) ==> !\result; */
static inline bool queue_release(struct queue_consumer *q);

/*@ requires consumer(q);
    assigns q->ready, q->broken, q->capacity, q->whole, *q->blame->count, q->mine->wake_at;
    ensures consumer(q);
    ensures q->mine->wake_at == q->head;
    ensures \result <==> q->ready == 0;
    ensures \old(q->broken) ==> \result; */
static inline bool queue_sleep(struct queue_consumer *q);

/*@ requires consumer(q) && \valid(wanted) && \separated(wanted, q, q->mine, q->peer, q->blame);
    assigns q->ready, q->broken, q->capacity, q->whole, *q->blame->count;
    assigns q->released, q->mine->head, q->mine->wake_at, *wanted;
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
    assigns q->tail, q->published, q->room, q->broken, q->capacity, q->mine->tail, q->mine->room_at;
    ensures producer(q);
    ensures q->tail == 0 && q->published == 0 && q->room == 0 && !q->broken;
    ensures q->capacity == \old(out_whole(q));
    ensures q->mine->tail == 0 && q->mine->room_at == 0; */
static inline void queue_producer_reset(struct queue_producer *q);

/*@ requires out_place(q);
    assigns q->broken, q->capacity, q->whole, *q->blame->count;
    ensures out_place(q);
    ensures q->broken && q->capacity == 0 && q->whole == \old(out_whole(q));
    ensures \result == 0; */
static inline uint32_t queue_producer_break(struct queue_producer *q);

/*@ requires producer(q);
    assigns q->room, q->broken, q->capacity, q->whole, *q->blame->count;
    ensures producer(q);
    ensures \result == q->room;
    ensures \old(q->broken) ==> q->broken;
    ensures out_whole(q) == \old(out_whole(q)); */
static inline uint32_t queue_look_for_room(struct queue_producer *q);

/*@ requires producer(q);
    assigns q->published, q->mine->tail;
    ensures producer(q);
    ensures q->published == q->tail && q->mine->tail == q->tail;
    ensures \result == (uint32_t)(q->tail - \old(q->published)); */
static inline uint32_t queue_show_tail(struct queue_producer *q);

/*@ requires producer(q);
    assigns \nothing;
    ensures fresh == 0 ==> !\result; */
static inline bool queue_entries_awaited(const struct queue_producer *q, uint32_t fresh);

/*@ requires \valid_read(peer);
    assigns \nothing;
    ensures fresh == 0 ==> !\result; */
static inline bool queue_entries_awaited_from(const struct queue_consumer_half *peer, uint32_t tail,
                                              uint32_t fresh);

/*@ requires producer(q);
    assigns q->published, q->mine->tail;
    ensures producer(q);
    ensures q->published == q->tail;
    ensures q->published != \old(q->published) ==> q->mine->tail == q->tail;
    ensures q->published == \old(q->published) ==> !\result; */
static inline bool queue_publish(struct queue_producer *q);

/*@ requires producer(q);
    assigns q->mine->room_at;
    ensures producer(q);
    ensures q->mine->room_at == slot; */
static inline void queue_show_wait(struct queue_producer *q, uint32_t slot);

/*@ requires producer(q);
    assigns q->room, q->broken, q->capacity, q->whole, *q->blame->count, q->mine->room_at;
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
    assigns q->room, q->broken, q->capacity, q->whole, *q->blame->count;
    ensures producer(q);
    ensures q->broken || q->capacity == \old(q->capacity);
    ensures out_whole(q) == \old(out_whole(q));
    ensures \result <==> q->room >= count; */
static inline bool queue_has_room(struct queue_producer *q, uint32_t count);

/*@ requires producer(q) && \valid_read(from + (0 .. count - 1));
    requires \separated(from + (0 .. count - 1), q, q->mine,
                        (struct entry *)q->mine->entries + (0 .. q->capacity - 1));
    assigns q->room, q->broken, q->capacity, q->whole, *q->blame->count;
    assigns q->tail, ((struct entry *)q->mine->entries)[0 .. q->capacity - 1];
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

/* ---- Loops ---- */

/*@ predicate taking(struct queue_taking *t) =
        \valid(t) && (t->at != t->end ==>
            \valid_read((struct entry *)t->entries + (0 .. t->mask)));
*/

/*@ requires consumer(q);
    assigns \nothing;
    ensures \result.at == q->head && (uint32_t)(\result.end - \result.at) == q->ready;
    ensures \result.at != \result.end ==>
        \valid_read((struct entry *)\result.entries + (0 .. \result.mask)); */
static inline struct queue_taking queue_taking_begin(const struct queue_consumer *q);

/*@ requires taking(t) && \valid(entry) && \separated(entry, t);
    assigns t->at, *entry;
    ensures taking(t);
    ensures \result <==> \old(t->at) != t->end;
    ensures t->at == (\result ? (uint32_t)(\old(t->at) + 1) : \old(t->at)); */
static inline bool entries_next(struct queue_taking *t, struct entry *entry);

/*@ requires consumer(q) && \valid_read(t) && \separated(t, q, q->mine, q->peer);
    requires (uint32_t)(t->end - t->at) <= q->capacity;
    assigns q->head, q->ready;
    ensures consumer(q);
    ensures q->head == t->at; */
static inline void queue_taking_end(struct queue_consumer *q, const struct queue_taking *t);

/*@ requires consumer(q);
    assigns q->ready, q->broken, q->capacity, q->whole, *q->blame->count;
    ensures consumer(q);
    ensures \result.at == q->head && (uint32_t)(\result.end - \result.at) == q->ready;
    ensures \result.at != \result.end ==>
        \valid_read((struct entry *)\result.entries + (0 .. \result.mask)); */
static inline struct queue_taking queue_look_and_begin(struct queue_consumer *q);

/*@ requires consumer(q) && (uint32_t)(at - q->head) <= q->ready;
    assigns q->head, q->ready;
    ensures consumer(q);
    ensures q->head == at; */
static inline void queue_taken(struct queue_consumer *q, uint32_t at);

/*@ requires producer(q);
    assigns \nothing;
    ensures \result.at == q->tail && (uint32_t)(\result.end - \result.at) == q->room;
    ensures \result.at != \result.end ==>
        \valid((struct entry *)\result.entries + (0 .. \result.mask)); */
static inline struct queue_putting queue_putting_begin(const struct queue_producer *q);

/*@ predicate putting(struct queue_putting *p) =
        \valid(p) && (p->at != p->end ==>
            \valid((struct entry *)p->entries + (0 .. p->mask)) &&
            \separated(p, (struct entry *)p->entries + (0 .. p->mask)));
*/

/*@ requires putting(p) && p->at != p->end && \valid_read(entry);
    requires \separated(entry, p, (struct entry *)p->entries + (0 .. p->mask));
    assigns p->at, ((struct entry *)p->entries)[0 .. p->mask];
    ensures putting(p);
    ensures p->at == (uint32_t)(\old(p->at) + 1); */
static inline void entries_push(struct queue_putting *p, const struct entry *entry);

/*@ requires putting(p) && \valid_read(entry);
    requires p->at != p->end ==> \separated(entry, p, (struct entry *)p->entries + (0 .. p->mask));
    assigns p->at, ((struct entry *)p->entries)[0 .. p->mask];
    ensures putting(p);
    ensures \result <==> \old(p->at) != p->end;
    ensures p->at == (\result ? (uint32_t)(\old(p->at) + 1) : \old(p->at)); */
static inline bool entries_add(struct queue_putting *p, const struct entry *entry);

/*@ requires producer(q) && \valid_read(p) && \separated(p, q, q->mine, q->peer);
    requires (uint32_t)(p->end - p->at) <= q->capacity;
    assigns q->tail, q->room;
    ensures producer(q);
    ensures q->tail == p->at; */
static inline void queue_putting_end(struct queue_producer *q, const struct queue_putting *p);

/* Where no index wraps; that they may is shown by the models. */
/*@ assigns \nothing;
    ensures fresh == 0 ==> !\result;
    ensures at < now ==> (\result <==> now - at <= fresh); */
static inline bool queue_passed(uint32_t at, uint32_t now, uint32_t fresh);
