/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer virtualiser: when timeouts expire, and what happens to those that nobody takes. */
#include "timer_virt_world.h"

static void an_idle_system_has_no_deadline(void **state)
{
    (void)state;
    expect_nothing(&driver);
    at(START + QUOLL_S(5));
    expect_nothing(&driver);
    expect_nothing(&a);
}

static void an_absolute_timeout_expires_once_and_not_early(void **state)
{
    (void)state;
    ask_and_wake(&a, 3, TIMER_AT, START + 1000, 0);
    expect_armed(START + 1000);
    at(START + 999);
    expect_nothing(&a);
    at(START + 1000);
    expect_expiry(&a, 3, 1);
    expect_nothing(&a);
    expect_nothing(&b);
    at(START + QUOLL_S(1));
    expect_nothing(&a);
}

static void a_relative_timeout_counts_from_when_it_is_taken(void **state)
{
    (void)state;
    fake_time = START + 500;
    ask_and_wake(&a, 0, TIMER_AFTER, 1000, 0);
    expect_armed(START + 1500);
    at(START + 1499);
    expect_nothing(&a);
    at(START + 1500);
    expect_expiry(&a, 0, 1);
}

static void a_time_that_has_passed_expires_at_once(void **state)
{
    (void)state;
    ask(&a, 1, TIMER_AT, 0, 0);
    ask_and_wake(&a, 2, TIMER_AFTER, 0, 0);
    expect_expiry(&a, 1, 1);
    expect_expiry(&a, 2, 1);
    expect_nothing(&driver);
}

static void a_cancelled_timeout_is_silent_and_the_driver_is_told(void **state)
{
    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START + 1000, 0);
    expect_armed(START + 1000);
    ask_and_wake(&a, 0, TIMER_CANCEL, 0, 0);
    expect_disarmed();
    at(START + 2000);
    expect_nothing(&a);
    ask_and_wake(&a, 0, TIMER_CANCEL, 0, 0);
    expect_nothing(&driver);
    expect_nothing(&a);
}

static void setting_again_replaces(void **state)
{
    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START + 1000, 0);
    expect_armed(START + 1000);
    ask_and_wake(&a, 0, TIMER_AT, START + 3000, 0);
    expect_armed(START + 3000);
    at(START + 2000);
    expect_nothing(&a);
    at(START + 3000);
    expect_expiry(&a, 0, 1);
    expect_nothing(&a);
}

static void replacing_makes_a_periodic_one_single(void **state)
{
    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START + 10000, 10000);
    ask_and_wake(&a, 0, TIMER_AT, START + 20000, 0);
    at(START + 100000);
    expect_expiry(&a, 0, 1);
    at(START + 200000);
    expect_nothing(&a);
}

static void expiries_come_in_the_order_of_their_times(void **state)
{
    (void)state;
    ask(&a, 0, TIMER_AT, START + 300, 0);
    ask(&a, 1, TIMER_AT, START + 100, 0);
    ask_and_wake(&a, 2, TIMER_AT, START + 200, 0);
    expect_armed(START + 100);
    at(START + 1000);
    expect_expiry(&a, 1, 1);
    expect_expiry(&a, 2, 1);
    expect_expiry(&a, 0, 1);
}

static void the_driver_is_asked_only_for_another_earliest_time(void **state)
{
    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START + 1000, 0);
    expect_armed(START + 1000);
    ask_and_wake(&b, 0, TIMER_AT, START + 2000, 0);
    expect_nothing(&driver);
    ask_and_wake(&b, 1, TIMER_AT, START + 1000, 0);
    expect_nothing(&driver);
    ask_and_wake(&a, 0, TIMER_CANCEL, 0, 0);
    expect_nothing(&driver);
    ask_and_wake(&b, 1, TIMER_CANCEL, 0, 0);
    expect_armed(START + 2000);
    ask_and_wake(&b, 2, TIMER_AT, START + 500, 0);
    expect_armed(START + 500);
}

static void many_requests_of_one_wake_up_are_one_of_ours(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < REQUESTS; id++) {
        ask(&a, id, TIMER_AT, START + 10000 - id, 0);
    }
    wake(&a);
    expect_armed(START + 10000 - (REQUESTS - 1));
    expect_nothing(&driver);
}

static void an_expiry_of_the_driver_uses_its_deadline_up(void **state)
{
    const struct timer_expiry early = {.id = 0, .count = 1};

    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START + 1000, 0);
    expect_armed(START + 1000);
    fake_put(timer_expiries, &driver, &early);
    wake(&driver);
    expect_nothing(&a); /* the clock decides */
    expect_armed(START + 1000);
}

static void a_periodic_timeout_stays_on_its_grid(void **state)
{
    (void)state;
    ask_and_wake(&a, 5, TIMER_AT, START + 7000, 10000);
    expect_armed(START + 7000);
    at(START + 7001);
    expect_expiry(&a, 5, 1);
    expect_armed(START + 17000);
    at(START + 17000 + 25000); /* late by two and a half */
    expect_expiry(&a, 5, 3);
    expect_armed(START + 47000);
    at(START + 47000);
    expect_expiry(&a, 5, 1);
    expect_armed(START + 57000);
}

static void a_long_delay_is_arithmetic_not_a_loop(void **state)
{
    uint64_t years = QUOLL_S(3600) * 24 * 365 * 500;

    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START, TIMER_PERIOD_MIN);
    expect_expiry(&a, 0, 1);
    expect_armed(START + TIMER_PERIOD_MIN);
    at(START + years);
    expect_expiry(&a, 0, years / TIMER_PERIOD_MIN);
    expect_armed(START + years + TIMER_PERIOD_MIN);
}

static void unread_periods_are_counted_not_queued(void **state)
{
    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START + 10000, 10000);
    for (unsigned n = 1; n <= 100; n++) {
        at(START + n * 10000);
    }
    for (unsigned n = 0; n < EXPIRIES; n++) {
        expect_expiry(&a, 0, 1);
    }
    expect_nothing(&a);
    assert_int_equal(fake_signals(a.config->channel), 1); /* only the first found it asleep */
    wake(&a);                                             /* we were asked to tell of room */
    expect_expiry(&a, 0, 100 - EXPIRIES);
    expect_nothing(&a);
}

static void single_expiries_that_find_no_room_wait_for_it(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 16; id++) {
        ask(&a, id, TIMER_AT, START + 100 + id, 0);
    }
    wake(&a);
    at(START + 1000);
    for (uint32_t id = 0; id < EXPIRIES; id++) {
        expect_expiry(&a, id, 1);
    }
    expect_nothing(&a);
    assert_true(queue_passed(a.pd->produce.room_at, a.half->consume.head, EXPIRIES));
    wake(&a);
    for (uint32_t id = EXPIRIES; id < 16; id++) {
        expect_expiry(&a, id, 1);
    }
    expect_nothing(&a);
}

/* We ask for the slot that the client frees next, not for one long freed. */
static void a_full_client_is_asked_to_tell_of_room(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 3; id++) {
        ask_and_wake(&a, id, TIMER_AT, START, 0);
        expect_expiry(&a, id, 1);
    }
    for (uint32_t id = 0; id < EXPIRIES + 1; id++) {
        ask(&a, id, TIMER_AT, START, 0);
    }
    wake(&a);
    assert_int_equal(a.pd->produce.tail, 3 + EXPIRIES);
    assert_int_equal(a.pd->produce.room_at, 3);
}

static void what_is_told_or_cancelled_is_not_counted_again(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < EXPIRIES; id++) {
        ask(&a, id, TIMER_AT, START - 100 + id, 0);
    }
    ask(&a, 20, TIMER_AT, START + 10000, 10000);
    ask_and_wake(&a, 21, TIMER_AT, START + 10000, 10000);
    at(START + 50000); /* five of each wait */
    ask(&a, 21, TIMER_CANCEL, 0, 0);
    ask_and_wake(&a, 21, TIMER_AT, START + 60000, 0);
    at(START + 60000);
    for (uint32_t id = 0; id < EXPIRIES; id++) {
        expect_expiry(&a, id, 1);
    }
    wake(&a);
    expect_expiry(&a, 20, 6);
    expect_expiry(&a, 21, 1);
    expect_nothing(&a);
    for (uint32_t id = 0; id < EXPIRIES; id++) {
        ask(&a, id, TIMER_AT, START - 100 + id, 0);
    }
    wake(&a);
    at(START + 70000);
    for (uint32_t id = 0; id < EXPIRIES; id++) {
        expect_expiry(&a, id, 1);
    }
    wake(&a);
    expect_expiry(&a, 20, 1);
}

/* A fast periodic one must not take each slot that a slow reader frees. */
static void what_waits_is_told_in_turn(void **state)
{
    bool told = false;

    (void)state;
    for (uint32_t id = 0; id < 8; id++) {
        ask(&a, id, TIMER_AT, START + 10000, 10000);
    }
    ask(&a, 40, TIMER_AT, START + 10001, 0);
    wake(&a);
    at(START + 10000);
    at(START + 10001);
    for (unsigned n = 0; n < EXPIRIES + 9; n++) {
        struct timer_expiry expiry;

        fake_take(timer_expiries, &a, &expiry);
        told = told || expiry.id == 40;
        at(START + 20000 + n * 10000);
    }
    assert_true(told);
}

static void a_client_that_does_not_read_costs_only_itself(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 16; id++) {
        ask(&a, id, TIMER_AT, START + 10000, 10000);
    }
    wake(&a);
    for (unsigned n = 1; n < 10; n++) {
        at(START + n * 10000);
    }
    ask_and_wake(&b, 0, TIMER_AT, START + 100000, 0);
    at(START + 100000);
    expect_expiry(&b, 0, 1);
    expect_nothing(&b);
}

static void cancelling_takes_back_what_waits_for_room(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 10; id++) {
        ask(&a, id, TIMER_AT, START + 100 + id, 0);
    }
    wake(&a);
    at(START + 1000);
    ask(&a, 8, TIMER_CANCEL, 0, 0);
    ask_and_wake(&a, 9, TIMER_AT, START + 5000, 0);
    for (uint32_t id = 0; id < EXPIRIES; id++) {
        expect_expiry(&a, id, 1);
    }
    wake(&a);
    expect_nothing(&a);
    at(START + 5000);
    expect_expiry(&a, 9, 1);
    expect_nothing(&a);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(an_idle_system_has_no_deadline),
        IN_A_PD(an_absolute_timeout_expires_once_and_not_early),
        IN_A_PD(a_relative_timeout_counts_from_when_it_is_taken),
        IN_A_PD(a_time_that_has_passed_expires_at_once),
        IN_A_PD(a_cancelled_timeout_is_silent_and_the_driver_is_told),
        IN_A_PD(setting_again_replaces),
        IN_A_PD(replacing_makes_a_periodic_one_single),
        IN_A_PD(expiries_come_in_the_order_of_their_times),
        IN_A_PD(the_driver_is_asked_only_for_another_earliest_time),
        IN_A_PD(many_requests_of_one_wake_up_are_one_of_ours),
        IN_A_PD(an_expiry_of_the_driver_uses_its_deadline_up),
        IN_A_PD(a_periodic_timeout_stays_on_its_grid),
        IN_A_PD(a_long_delay_is_arithmetic_not_a_loop),
        IN_A_PD(unread_periods_are_counted_not_queued),
        IN_A_PD(single_expiries_that_find_no_room_wait_for_it),
        IN_A_PD(a_full_client_is_asked_to_tell_of_room),
        IN_A_PD(what_is_told_or_cancelled_is_not_counted_again),
        IN_A_PD(what_waits_is_told_in_turn),
        IN_A_PD(a_client_that_does_not_read_costs_only_itself),
        IN_A_PD(cancelling_takes_back_what_waits_for_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
