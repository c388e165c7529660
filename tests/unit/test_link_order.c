/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As test_order.c, for queues: at each fence the peer acts.
 */
#include <stdatomic.h>
#include <string.h>

static inline void played_fence(void);
#undef atomic_thread_fence
#define atomic_thread_fence(order) played_fence()

#include <quoll/queue_entries.h>

#include "fake_pd.h"

static void (*at_fence)(void);
static unsigned fences;

static inline void played_fence(void)
{
    fences++;
    if (at_fence != NULL) {
        at_fence();
    }
}

QUEUE_OF(words, uint32_t);

static struct {
    struct queue_producer_half half;
    uint32_t entries[4];
} produced;
static struct queue_consumer_half consumed;
static struct queue_producer out;
static struct queue_consumer in;

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&produced, 0, sizeof produced);
    memset(&consumed, 0, sizeof consumed);
    out = (struct queue_producer){.mine = &produced.half, .peer = &consumed, .capacity = 4};
    in = (struct queue_consumer){.mine = &consumed, .peer = &produced.half, .capacity = 4};
    at_fence = NULL;
    fences = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void the_consumer_sleeps(void)
{
    assert_int_equal(produced.half.tail, 1); /* it sees what was published */
    consumed.wake_at = 0;
}

static void a_consumer_that_falls_asleep_is_woken(void **state)
{
    (void)state;
    consumed.wake_at = 77;
    assert_int_equal(queue_look_for_room(&out), 4);
    assert_true(words_put(&out, &(uint32_t){5}));
    at_fence = the_consumer_sleeps;
    assert_true(queue_publish(&out));
    assert_int_equal(fences, 1);
    assert_false(queue_publish(&out)); /* nothing new: nobody to wake, no fence */
    assert_int_equal(fences, 1);
}

static void the_producer_publishes(void)
{
    assert_int_equal(consumed.wake_at, 0);
    produced.half.tail = 1;
}

static void what_is_published_meanwhile_is_seen(void **state)
{
    (void)state;
    consumed.wake_at = 77;
    at_fence = the_producer_publishes;
    assert_false(queue_sleep(&in));
    assert_int_equal(in.ready, 1);
    assert_int_equal(fences, 1);
}

static void the_producer_waits(void)
{
    assert_int_equal(consumed.head, 1);
    produced.half.room_at = 0;
}

static void a_producer_that_falls_asleep_is_woken(void **state)
{
    uint32_t word;

    (void)state;
    produced.half.tail = 4;
    produced.half.room_at = 77;
    assert_int_equal(queue_look(&in), 4);
    assert_true(words_take(&in, &word));
    at_fence = the_producer_waits;
    assert_true(queue_release(&in));
    assert_int_equal(fences, 1);
    assert_false(queue_release(&in));
    assert_int_equal(fences, 1);
}

static void the_consumer_makes_room(void)
{
    assert_int_equal(produced.half.room_at, 0);
    consumed.head = 1;
}

static void room_that_is_made_meanwhile_is_seen(void **state)
{
    (void)state;
    assert_int_equal(queue_look_for_room(&out), 4);
    for (uint32_t n = 0; n < 4; n++) {
        assert_true(words_put(&out, &n));
    }
    (void)queue_publish(&out);
    produced.half.room_at = 77;
    fences = 0;
    at_fence = the_consumer_makes_room;
    assert_false(queue_wait_for_room(&out));
    assert_int_equal(out.room, 1);
    assert_int_equal(fences, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_consumer_that_falls_asleep_is_woken),
        IN_A_PD(what_is_published_meanwhile_is_seen),
        IN_A_PD(a_producer_that_falls_asleep_is_woken),
        IN_A_PD(room_that_is_made_meanwhile_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
