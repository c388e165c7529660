/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "fake_pd.h"

#include "core/pd.c"
#include "timer/virt.c"

#define START    QUOLL_S(1) /* fake_reset()'s time */
#define EXPIRIES 8          /* room in a client's queue */
#define REQUESTS 16

static struct fake_peer driver, a, b;

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&virt, 0, sizeof virt);
    fake_link(&driver, LINK_TIMER_DEVICE, "clock", 4, sizeof(struct timer_request), 4,
              sizeof(struct timer_expiry));
    fake_link(&a, LINK_TIMER_CLIENT, "a", EXPIRIES, sizeof(struct timer_expiry), REQUESTS,
              sizeof(struct timer_request));
    fake_link(&b, LINK_TIMER_CLIENT, "b", EXPIRIES, sizeof(struct timer_expiry), REQUESTS,
              sizeof(struct timer_request));
    memset(fake_region(&fake_config.own, 2 * TIMER_CLIENT_MEMORY, 0), 0xa5,
           2 * TIMER_CLIENT_MEMORY);
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    fake_peer_up(&b);
    notified(driver.config->channel);
    for (unsigned channel = 0; channel < 3; channel++) {
        (void)fake_signals(channel);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void ask(struct fake_peer *client, uint32_t id, uint32_t operation, uint64_t when,
                uint64_t period)
{
    struct timer_request request = {
        .id = id, .operation = operation, .when = when, .period = period};

    fake_put(timer_requests, client, &request);
}

static void wake(const struct fake_peer *peer)
{
    notified(peer->config->channel);
}

static void ask_and_wake(struct fake_peer *client, uint32_t id, uint32_t operation, uint64_t when,
                         uint64_t period)
{
    ask(client, id, operation, when, period);
    wake(client);
}

static void at(uint64_t time)
{
    fake_time = time;
    wake(&driver);
}

static void expect_expiry(struct fake_peer *client, uint32_t id, uint64_t times)
{
    struct timer_expiry expiry;

    fake_take(timer_expiries, client, &expiry);
    assert_int_equal(expiry.id, id);
    assert_int_equal(expiry.status, QUOLL_OK);
    assert_int_equal(expiry.count, times);
}

static void expect_refusal(struct fake_peer *client, uint32_t id)
{
    struct timer_expiry expiry;

    fake_take(timer_expiries, client, &expiry);
    assert_int_equal(expiry.id, id);
    assert_int_equal(expiry.status, QUOLL_EINVALID);
    assert_int_equal(expiry.count, 0);
}

static void expect_nothing(struct fake_peer *client)
{
    assert_int_equal(queue_look(&client->in), 0);
    assert_false(client->in.broken);
}

static void expect_armed(uint64_t when)
{
    struct timer_request request;

    fake_take(timer_requests, &driver, &request);
    assert_int_equal(request.id, 0);
    assert_int_equal(request.operation, TIMER_AT);
    assert_int_equal(request.when, when);
    assert_int_equal(request.period, 0);
}

static void expect_disarmed(void)
{
    struct timer_request request;

    fake_take(timer_requests, &driver, &request);
    assert_int_equal(request.id, 0);
    assert_int_equal(request.operation, TIMER_CANCEL);
}

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

static void malformed_requests_are_refused_and_change_nothing(void **state)
{
    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START + 1000, 0);
    expect_armed(START + 1000);
    ask(&a, 0, TIMER_AT, START + 500, TIMER_PERIOD_MIN - 1);
    ask(&a, TIMER_IDS, TIMER_AT, START + 500, 0);
    ask(&a, UINT32_MAX, TIMER_CANCEL, 0, 0);
    ask(&a, 0, 0, START + 500, 0);
    ask_and_wake(&a, 0, TIMER_CANCEL + 1, START + 500, 0);
    expect_refusal(&a, 0);
    expect_refusal(&a, TIMER_IDS);
    expect_refusal(&a, UINT32_MAX);
    expect_refusal(&a, 0);
    expect_refusal(&a, 0);
    expect_nothing(&driver);
    assert_int_equal(fake_link_count(&a, COUNT_REFUSED), 5);
    at(START + 1000);
    expect_expiry(&a, 0, 1);
}

static void refusals_without_room_are_dropped_and_counted(void **state)
{
    (void)state;
    for (unsigned n = 0; n < EXPIRIES + 5; n++) {
        ask(&a, 99, TIMER_AT, 0, 0);
    }
    wake(&a);
    for (unsigned n = 0; n < EXPIRIES; n++) {
        expect_refusal(&a, 99);
    }
    expect_nothing(&a);
    assert_int_equal(fake_link_count(&a, COUNT_REFUSED), EXPIRIES + 5);
    assert_int_equal(fake_link_count(&a, COUNT_DROPPED), 5);
    ask_and_wake(&a, 98, TIMER_AT, 0, 0);
    expect_refusal(&a, 98);
}

static void times_beyond_the_range_are_never(void **state)
{
    (void)state;
    ask(&a, 0, TIMER_AFTER, UINT64_MAX, 0);
    ask(&a, 1, TIMER_AT, UINT64_MAX, TIMER_PERIOD_MIN);
    ask_and_wake(&a, 2, TIMER_AT, START + 100, UINT64_MAX);
    expect_armed(START + 100);
    at(START + 100);
    expect_expiry(&a, 2, 1);
    expect_disarmed();
    at(UINT64_MAX);
    expect_nothing(&a);
    expect_nothing(&driver);
}

static void a_new_life_of_a_client_cancels_its_timeouts_alone(void **state)
{
    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START + 1000, 1000000);
    ask_and_wake(&b, 0, TIMER_AT, START + 2000, 0);
    expect_armed(START + 1000);
    fake_peer_new_life(&a);
    wake(&a);
    expect_armed(START + 2000);
    at(START + 2000);
    expect_nothing(&a);
    expect_expiry(&b, 0, 1);
    ask_and_wake(&a, 0, TIMER_AT, START + 3000, 0);
    at(START + 3000);
    expect_expiry(&a, 0, 1);
}

/* Between the supervisor's word and the client's start, nothing may reach its queue. */
static void a_dead_client_is_not_told(void **state)
{
    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START + 1000, 0);
    fake_lives[a.config->peer_pd] = 1;
    at(START + 1000);
    assert_int_equal(a.pd->produce.tail, 0);
    fake_peer_up(&a);
    wake(&a);
    expect_nothing(&a);
    assert_int_equal(fake_link_count(&a, COUNT_LIVES), 2);
}

static void a_new_life_of_the_driver_is_armed_again(void **state)
{
    (void)state;
    ask_and_wake(&a, 0, TIMER_AT, START + 1000, 0);
    expect_armed(START + 1000);
    fake_peer_new_life(&driver);
    wake(&driver);
    expect_armed(START + 1000);
    expect_nothing(&driver);
}

static void without_a_driver_requests_are_remembered(void **state)
{
    (void)state;
    fake_lives[driver.config->peer_pd] = 1;
    ask_and_wake(&a, 0, TIMER_AT, START + 1000, 0);
    assert_int_equal(driver.pd->produce.tail, 0);
    fake_peer_up(&driver);
    wake(&driver);
    expect_armed(START + 1000);
}

static void impossible_indices_silence_one_client_alone(void **state)
{
    (void)state;
    ask_and_wake(&b, 0, TIMER_AT, START + 1000, 0);
    a.half->produce.tail = 1000000;
    wake(&a);
    wake(&a);
    assert_int_equal(fake_link_count(&a, COUNT_BROKEN), 1);
    assert_int_equal(fake_link_count(&a, COUNT_TAKEN), 0);
    a.half->consume.head = 77777;
    at(START + 1000);
    expect_expiry(&b, 0, 1);
    fake_peer_new_life(&a);
    wake(&a);
    ask_and_wake(&a, 0, TIMER_AT, START + 2000, 0);
    at(START + 2000);
    expect_expiry(&a, 0, 1);
}

static void a_driver_with_impossible_indices_cannot_stop_us(void **state)
{
    (void)state;
    driver.half->consume.head = 12345;
    driver.half->produce.tail = 54321;
    wake(&driver);
    ask_and_wake(&a, 0, TIMER_AT, START, 0);
    expect_expiry(&a, 0, 1);
    assert_int_equal(fake_link_count(&driver, COUNT_BROKEN), 1);
}

static void a_driver_without_room_is_armed_when_it_makes_some(void **state)
{
    struct timer_request request;

    (void)state;
    for (unsigned n = 0; n < 6; n++) {
        ask_and_wake(&a, 0, TIMER_AT, START + 1000 - n, 0);
    }
    for (unsigned n = 0; n < 4; n++) {
        fake_take(timer_requests, &driver, &request);
        assert_int_equal(request.when, START + 1000 - n);
    }
    expect_nothing(&driver);
    wake(&driver);
    expect_armed(START + 1000 - 5);
    for (unsigned n = 0; n < 5; n++) {
        ask_and_wake(&a, 0, TIMER_AT, START + 900 - n, 0);
    }
    assert_int_equal(driver.pd->produce.tail, 9);
    assert_int_equal(driver.pd->produce.room_at, 5);
}

static void the_last_id_of_the_last_client_works(void **state)
{
    (void)state;
    ask_and_wake(&b, TIMER_IDS - 1, TIMER_AT, START + 10, 0);
    at(START + 10);
    expect_expiry(&b, TIMER_IDS - 1, 1);
}

/* What the composer gave is enough, to the byte (the sanitizer looks on), whatever was in it. */
static void all_timeouts_of_all_clients_run_at_once(void **state)
{
    struct fake_peer *const clients[] = {&a, &b};

    (void)state;
    for (unsigned c = 0; c < 2; c++) {
        for (uint32_t id = 0; id < TIMER_IDS; id++) {
            ask_and_wake(clients[c], id, TIMER_AT, START + 2 * id + c + 1, 0);
        }
    }
    assert_int_equal(virt.heap.count, 2 * TIMER_IDS);
    for (uint32_t id = 0; id < TIMER_IDS; id++) {
        for (unsigned c = 0; c < 2; c++) {
            at(START + 2 * id + c + 1);
            expect_expiry(clients[c], id, 1);
            expect_nothing(clients[1 - c]);
        }
    }
}

static sigjmp_buf before;

static void on_fault(int number)
{
    siglongjmp(before, number);
}

static void with_too_little_memory_it_does_not_start(void **state)
{
    void (*ill)(int) = signal(SIGILL, on_fault);

    (void)state;
    fake_config.own.size -= 1;
    memset(&virt, 0, sizeof virt);
    if (sigsetjmp(before, 1) == 0) {
        init();
        fail_msg("it starts");
    }
    (void)signal(SIGILL, ill);
    assert_non_null(strstr(fake_output(), "TIMER_CLIENT_MEMORY"));
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
        IN_A_PD(malformed_requests_are_refused_and_change_nothing),
        IN_A_PD(refusals_without_room_are_dropped_and_counted),
        IN_A_PD(times_beyond_the_range_are_never),
        IN_A_PD(a_new_life_of_a_client_cancels_its_timeouts_alone),
        IN_A_PD(a_dead_client_is_not_told),
        IN_A_PD(a_new_life_of_the_driver_is_armed_again),
        IN_A_PD(without_a_driver_requests_are_remembered),
        IN_A_PD(impossible_indices_silence_one_client_alone),
        IN_A_PD(a_driver_with_impossible_indices_cannot_stop_us),
        IN_A_PD(a_driver_without_room_is_armed_when_it_makes_some),
        IN_A_PD(the_last_id_of_the_last_client_works),
        IN_A_PD(all_timeouts_of_all_clients_run_at_once),
        IN_A_PD(with_too_little_memory_it_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
