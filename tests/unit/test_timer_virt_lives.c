/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer virtualiser's limits, and neighbours that begin anew or lie. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>

#include "timer_virt_world.h"

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
