/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <quoll/queue_entries.h>

#include "fake_pd.h"

struct entry {
    uint32_t number;
    uint32_t inverse;
};
QUEUE_OF(entries, struct entry);

#define CAPACITY 4U

/* Both sides of one queue; each half is allocated to the byte, so that ASan sees any overrun. */
struct pair {
    struct queue_producer p;
    struct queue_consumer c;
    struct queue_producer_half *producer;
    struct queue_consumer_half *consumer;
};

static void make(struct pair *q, uint32_t start)
{
    size_t size = sizeof *q->producer + CAPACITY * sizeof(struct entry);

    q->producer = calloc(1, size);
    q->consumer = calloc(1, sizeof *q->consumer);
    q->p = (struct queue_producer){.mine = q->producer, .peer = q->consumer, .capacity = CAPACITY};
    q->c = (struct queue_consumer){.mine = q->consumer, .peer = q->producer, .capacity = CAPACITY};
    queue_producer_reset(&q->p);
    queue_consumer_reset(&q->c);
    q->p.tail = q->p.published = q->c.head = q->c.released = start;
    q->producer->tail = q->producer->room_at = start;
    q->consumer->head = q->consumer->wake_at = start;
}

static void destroy(struct pair *q)
{
    free(q->producer);
    free(q->consumer);
}

static bool put(struct pair *q, uint32_t number)
{
    return entries_put(&q->p, &(struct entry){number, ~number});
}

static void take(struct pair *q, uint32_t number)
{
    struct entry got;

    assert_true(entries_take(&q->c, &got));
    assert_int_equal(got.number, number);
    assert_int_equal(got.inverse, ~number);
}

static void a_new_queue_is_empty_and_has_all_its_room(void **state)
{
    struct pair q;
    struct entry got;
    (void)state;

    make(&q, 0);
    assert_int_equal(queue_look(&q.c), 0);
    assert_false(entries_take(&q.c, &got));
    assert_int_equal(queue_look_for_room(&q.p), CAPACITY);
    assert_true(queue_sleep(&q.c));
    assert_false(queue_publish(&q.p));
    assert_false(queue_release(&q.c));
    destroy(&q);
}

static void nothing_is_seen_before_it_is_published(void **state)
{
    struct pair q;
    (void)state;

    make(&q, 0);
    queue_look_for_room(&q.p);
    assert_true(put(&q, 7));
    assert_int_equal(queue_look(&q.c), 0);
    (void)queue_publish(&q.p);
    assert_int_equal(queue_look(&q.c), 1);
    take(&q, 7);
    destroy(&q);
}

static void a_full_queue_takes_no_more_until_slots_are_released(void **state)
{
    struct pair q;
    (void)state;

    make(&q, 0);
    queue_look_for_room(&q.p);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        assert_true(put(&q, i));
    }
    assert_false(put(&q, 99));
    (void)queue_publish(&q.p);
    assert_int_equal(queue_look_for_room(&q.p), 0);
    assert_int_equal(queue_look(&q.c), CAPACITY);
    take(&q, 0);
    assert_int_equal(queue_look_for_room(&q.p), 0);
    (void)queue_release(&q.c);
    assert_int_equal(queue_look_for_room(&q.p), 1);
    assert_true(put(&q, CAPACITY));
    assert_false(put(&q, 99));
    for (uint32_t i = 1; i < CAPACITY; i++) {
        take(&q, i);
    }
    destroy(&q);
}

static void indices_wrap_at_two_to_the_thirty_two(void **state)
{
    struct pair q;
    uint32_t next = 0, expected = 0;
    (void)state;

    make(&q, UINT32_MAX - 5U);
    for (unsigned turn = 0; turn < 8; turn++) {
        uint32_t room = queue_look_for_room(&q.p);

        assert_int_equal(room, CAPACITY);
        for (uint32_t i = 0; i < 3; i++) {
            assert_true(put(&q, next++));
        }
        (void)queue_publish(&q.p);
        assert_int_equal(queue_look(&q.c), 3);
        for (uint32_t i = 0; i < 3; i++) {
            take(&q, expected++);
        }
        (void)queue_release(&q.c);
    }
    assert_int_equal(q.c.head, 18U);
    assert_false(q.p.broken || q.c.broken);
    destroy(&q);
}

static void the_consumer_is_woken_once_and_only_if_it_sleeps(void **state)
{
    struct pair q;
    (void)state;

    make(&q, UINT32_MAX);
    assert_true(queue_sleep(&q.c));
    queue_look_for_room(&q.p);
    put(&q, 1);
    assert_true(queue_publish(&q.p));
    put(&q, 2);
    assert_false(queue_publish(&q.p)); /* awake already */
    assert_int_equal(queue_look(&q.c), 2);
    take(&q, 1);
    assert_false(queue_sleep(&q.c)); /* one is left */
    take(&q, 2);
    assert_true(queue_sleep(&q.c));
    put(&q, 3);
    assert_true(queue_publish(&q.p));
    destroy(&q);
}

static void a_batch_that_passes_the_wake_index_wakes_once(void **state)
{
    struct pair q;
    (void)state;

    make(&q, 0);
    assert_true(queue_sleep(&q.c));
    queue_look_for_room(&q.p);
    put(&q, 1);
    put(&q, 2);
    put(&q, 3);
    assert_true(queue_publish(&q.p));
    assert_false(queue_publish(&q.p));
    destroy(&q);
}

static void the_producer_is_woken_when_it_waits_for_room(void **state)
{
    struct pair q;
    (void)state;

    make(&q, UINT32_MAX - 1U);
    queue_look_for_room(&q.p);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        put(&q, i);
    }
    (void)queue_publish(&q.p);
    assert_true(queue_wait_for_room(&q.p));
    queue_look(&q.c);
    take(&q, 0);
    assert_true(queue_release(&q.c));
    take(&q, 1);
    assert_false(queue_release(&q.c));       /* awake already */
    assert_false(queue_wait_for_room(&q.p)); /* there is room */
    destroy(&q);
}

static void releasing_and_sleeping_at_once_is_both(void **state)
{
    struct pair q;
    bool wanted = true;

    make(&q, 7);
    assert_true(queue_release_and_sleep(&q.c, &wanted));
    assert_false(wanted); /* nothing was taken */
    (void)queue_look_for_room(&q.p);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        assert_true(put(&q, i));
    }
    assert_true(queue_publish(&q.p)); /* the consumer sleeps */
    assert_true(queue_wait_for_room(&q.p));
    assert_int_equal(queue_look(&q.c), CAPACITY);
    take(&q, 0);
    assert_false(queue_release_and_sleep(&q.c, &wanted)); /* three are left */
    assert_true(wanted);                                  /* and the producer waits */
    assert_int_equal(q.consumer->head, 8);
    assert_int_equal(q.c.ready, CAPACITY - 1U);
    take(&q, 1);
    take(&q, 2);
    take(&q, 3);
    assert_true(queue_release_and_sleep(&q.c, &wanted));
    assert_false(wanted); /* it was woken already */
    assert_int_equal(queue_look_for_room(&q.p), CAPACITY);
    assert_true(put(&q, 4));
    assert_true(queue_publish(&q.p));
    destroy(&q);
    (void)state;
}

/* An index of the peer is possible only within `capacity` of our own. */
static void impossible_indices_break_the_queue_for_good(void **state)
{
    static const uint32_t lies[] = {CAPACITY + 1U,         100,       0x7fffffff, 0x80000000,
                                    UINT32_MAX - CAPACITY, UINT32_MAX};
    (void)state;

    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct pair q;
        struct entry got;

        make(&q, 12);
        q.producer->tail = 12 + lies[i];
        assert_int_equal(queue_look(&q.c), 0);
        assert_true(q.c.broken);
        assert_true(queue_sleep(&q.c));
        q.producer->tail = 13; /* repentance comes too late */
        assert_int_equal(queue_look(&q.c), 0);
        assert_false(entries_take(&q.c, &got));
        destroy(&q);
    }
}

static void an_impossible_head_breaks_the_producer(void **state)
{
    (void)state;

    /* used = tail - head must lie in 0 to capacity. */
    for (int32_t off = -100; off <= 100; off++) {
        struct pair q;
        bool possible = off <= 0 && off >= -(int32_t)CAPACITY;

        make(&q, 2);
        q.consumer->head = 2U + (uint32_t)off;
        uint32_t room = queue_look_for_room(&q.p);
        assert_int_equal(room, possible ? CAPACITY + (uint32_t)off : 0);
        assert_int_equal(q.p.broken, !possible);
        q.consumer->head = 2;
        assert_int_equal(queue_look_for_room(&q.p), possible ? CAPACITY : 0);
        assert_int_equal(put(&q, 1), possible);
        if (!possible) {
            assert_true(queue_wait_for_room(&q.p));
        }
        destroy(&q);
    }
}

/* Whatever the peer writes between our steps: no crash, no loop, never more than was announced. */
static void a_lying_peer_cannot_make_us_loop_or_overrun(void **state)
{
    (void)state;

    srand(1);
    for (unsigned run = 0; run < 20000; run++) {
        struct pair q;

        make(&q, (uint32_t)rand());
        for (unsigned step = 0; step < 8; step++) {
            struct entry got;
            uint32_t shift = (uint32_t)rand() % 12 - 4;

            q.producer->tail = q.c.head + shift;
            uint32_t ready = queue_look(&q.c), taken = 0;
            while (entries_take(&q.c, &got)) {
                q.producer->tail = (uint32_t)rand();
                taken++;
            }
            assert_int_equal(taken, ready);
            assert_true(ready <= CAPACITY);
            (void)queue_release(&q.c);
        }
        destroy(&q);
    }
}

static void the_index_passed_is_among_the_fresh_ones(void **state)
{
    (void)state;

    assert_true(queue_passed(5, 6, 1));
    assert_false(queue_passed(6, 6, 1));
    assert_false(queue_passed(4, 6, 1));
    assert_true(queue_passed(4, 6, 2));
    assert_false(queue_passed(5, 6, 0));
    assert_true(queue_passed(UINT32_MAX, 0, 1));
    assert_true(queue_passed(UINT32_MAX - 1, 1, 3));
    assert_false(queue_passed(UINT32_MAX - 2, 1, 3));
}

/* ---- Several at once ---- */

#define LARGE 64U

struct large {
    struct queue_producer p;
    struct queue_consumer c;
    struct queue_consumer_half consumer;
    union {
        struct queue_producer_half half;
        unsigned char bytes[sizeof(struct queue_producer_half) + LARGE * sizeof(struct entry)];
    } producer;
};

static struct large *large_queue(uint32_t start)
{
    struct large *q = calloc(1, sizeof *q);

    q->p =
        (struct queue_producer){.mine = &q->producer.half, .peer = &q->consumer, .capacity = LARGE};
    q->c =
        (struct queue_consumer){.mine = &q->consumer, .peer = &q->producer.half, .capacity = LARGE};
    q->p.tail = q->p.published = q->c.head = q->c.released = start;
    q->producer.half.tail = q->consumer.head = start;
    return q;
}

/* Each number of entries, at each place before the ring's end and the indices' own. */
static void many_at_once_are_the_same_as_one_by_one(void **state)
{
    struct entry in[LARGE], out[LARGE];
    (void)state;

    for (uint32_t i = 0; i < LARGE; i++) {
        in[i] = (struct entry){i, ~i};
    }
    struct large *q = large_queue(UINT32_MAX - 1000U);
    for (uint32_t n = 1; n <= LARGE; n++) {
        memset(out, 0, sizeof out);
        assert_int_equal(entries_put_many(&q->p, in, n), n);
        (void)!queue_publish(&q->p);
        assert_int_equal(queue_look(&q->c), n);
        assert_int_equal(entries_take_many(&q->c, out, LARGE), n);
        assert_memory_equal(in, out, n * sizeof out[0]);
        assert_int_equal(queue_look(&q->c), 0);
        (void)!queue_release(&q->c);
    }
    free(q);
}

static void many_are_no_more_than_there_are_and_fit(void **state)
{
    struct entry in[LARGE] = {{1, 2}}, out[LARGE];
    struct large *q = large_queue(40);
    (void)state;

    assert_int_equal(entries_put_many(&q->p, in, LARGE - 4), LARGE - 4);
    assert_int_equal(entries_put_many(&q->p, in, 8), 4);
    assert_int_equal(entries_put_many(&q->p, in, 8), 0);
    (void)!queue_publish(&q->p);
    assert_int_equal(entries_take_many(&q->c, out, 8), 0); /* nobody has looked */
    assert_int_equal(queue_look(&q->c), LARGE);
    assert_int_equal(entries_take_many(&q->c, out, 8), 8);
    assert_int_equal(entries_take_many(&q->c, out, LARGE), LARGE - 8);
    assert_int_equal(entries_take_many(&q->c, out, LARGE), 0);
    free(q);
}

static void many_of_a_broken_queue_are_none(void **state)
{
    struct entry some[LARGE] = {{1, 2}};
    struct large *q = large_queue(0);
    (void)state;

    q->producer.half.tail = LARGE + 1U;
    q->consumer.head = 1;
    assert_int_equal(queue_look(&q->c), 0);
    assert_int_equal(entries_take_many(&q->c, some, LARGE), 0);
    assert_int_equal(entries_put_many(&q->p, some, 1), 0);
    assert_true(q->c.broken && q->p.broken);
    free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_queue_is_empty_and_has_all_its_room),
        cmocka_unit_test(nothing_is_seen_before_it_is_published),
        cmocka_unit_test(a_full_queue_takes_no_more_until_slots_are_released),
        cmocka_unit_test(indices_wrap_at_two_to_the_thirty_two),
        cmocka_unit_test(the_consumer_is_woken_once_and_only_if_it_sleeps),
        cmocka_unit_test(a_batch_that_passes_the_wake_index_wakes_once),
        cmocka_unit_test(the_producer_is_woken_when_it_waits_for_room),
        cmocka_unit_test(releasing_and_sleeping_at_once_is_both),
        cmocka_unit_test(impossible_indices_break_the_queue_for_good),
        cmocka_unit_test(an_impossible_head_breaks_the_producer),
        cmocka_unit_test(a_lying_peer_cannot_make_us_loop_or_overrun),
        cmocka_unit_test(the_index_passed_is_among_the_fresh_ones),
        cmocka_unit_test(many_at_once_are_the_same_as_one_by_one),
        cmocka_unit_test(many_are_no_more_than_there_are_and_fit),
        cmocka_unit_test(many_of_a_broken_queue_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
