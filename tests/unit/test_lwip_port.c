/* SPDX-License-Identifier: BSD-2-Clause */
/* What lwIP gets from us beside an interface: time, one timeout for all its timers, numbers. */
#include "lwip_netif_world.h"

/* ---- Time ---- */

static struct timer_request last_request(void)
{
    struct timer_request request = {0};

    while (queue_look(&timer.in) > 0) {
        fake_take(timer_requests, &timer, &request);
    }
    return request;
}

static unsigned calls;

static void call(void *argument)
{
    (void)argument;
    calls += 1;
}

static uint64_t next_ms(void)
{
    return (fake_time / QUOLL_MS(1) + sys_timeouts_sleeptime()) * QUOLL_MS(1);
}

static void all_of_lwips_timers_share_one_timeout(void **state)
{
    struct timer_request request = last_request();
    struct timer_expiry expiry = {.id = LWIP_TIMEOUT, .count = 1};

    (void)state;
    assert_int_equal(request.id, LWIP_TIMEOUT);
    assert_int_equal(request.operation, TIMER_AT);
    assert_int_equal(request.period, 0);
    assert_int_equal(request.when, next_ms());
    assert_true(request.when > fake_time && request.when <= fake_time + QUOLL_S(1));
    fake_time += QUOLL_MS(1);
    work();
    assert_int_equal(last_request().when, 0); /* it is running: not set again */
    fake_time = request.when;
    fake_put(timer_expiries, &timer, &expiry);
    assert_true(lwip_wake(2));
    work();
    request = last_request();
    assert_int_equal(request.when, next_ms());
    assert_true(request.when > fake_time);
}

/* Whatever looked at the clock first, and even if it stands still. */
static void timeouts_are_not_missed(void **state)
{
    struct timer_request request = last_request();
    struct timer_expiry expiry = {.id = LWIP_TIMEOUT, .count = 1};

    (void)state;
    fake_time = request.when;
    lwip_flush();
    work();
    assert_true(sys_timeouts_sleeptime() > 0);
    calls = 0;
    sys_timeout(0, call, NULL);
    work();
    assert_int_equal(calls, 0);
    fake_put(timer_expiries, &timer, &expiry);
    assert_true(lwip_wake(2));
    work();
    assert_int_equal(calls, 1);
    assert_true(last_request().when > fake_time);
}

static void an_earlier_timer_moves_the_timeout(void **state)
{
    struct tcp_pcb *pcb = tcp_new();
    ip4_addr_t peer = {.addr = lwip_htonl(0x0a000202)};
    uint64_t before = last_request().when;

    (void)state;
    meet();
    (void)last_request();
    assert_int_equal(tcp_connect(pcb, &peer, 9, NULL), ERR_OK); /* TCP's timer begins */
    lwip_flush();
    uint64_t when = last_request().when;

    assert_true(when == 0 ? before <= fake_time + QUOLL_MS(TCP_TMR_INTERVAL)
                          : when == fake_time + QUOLL_MS(TCP_TMR_INTERVAL) && when < before);
    tcp_abort(pcb);
}

/* ---- Numbers ---- */

static void sequences_begin_by_clock_and_ends(void **state)
{
    ip_addr_t a = {.addr = 1}, b = {.addr = 2};
    uint32_t first = quoll_lwip_first_sequence(&a, 80, &b, 5000);

    (void)state;
    assert_int_equal(quoll_lwip_first_sequence(&a, 80, &b, 5000), first);
    assert_int_not_equal(quoll_lwip_first_sequence(&a, 81, &b, 5000), first);
    assert_int_not_equal(quoll_lwip_first_sequence(&a, 80, &b, 5001), first);
    assert_int_not_equal(quoll_lwip_first_sequence(&b, 80, &a, 5000), first);
    fake_time += QUOLL_US(4000); /* RFC 6528: one more every 4 microseconds */
    assert_int_equal(quoll_lwip_first_sequence(&a, 80, &b, 5000), first + 1000);
}

static void random_numbers_do_not_repeat(void **state)
{
    uint32_t seen[64];

    (void)state;
    for (unsigned n = 0; n < 64; n++) {
        seen[n] = quoll_lwip_random();
        for (unsigned before = 0; before < n; before++) {
            assert_int_not_equal(seen[n], seen[before]);
        }
    }
}

static void bytes_are_dropped_from_a_chain(void **state)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, 10, PBUF_RAM);

    (void)state;
    memcpy(p->payload, "0123456789", 10);
    pbuf_cat(p, pbuf_alloc(PBUF_RAW, 0, PBUF_RAM));
    pbuf_cat(p, pbuf_alloc(PBUF_RAW, 3, PBUF_RAM));
    p = lwip_drop(p, 4);
    assert_int_equal(p->tot_len, 9);
    assert_memory_equal(p->payload, "456789", 6);
    p = lwip_drop(p, 6); /* the empty one goes too */
    assert_int_equal(p->tot_len, 3);
    assert_int_equal(p->len, 3);
    assert_null(lwip_drop(p, 3));
    assert_null(lwip_drop(pbuf_alloc(PBUF_RAW, 0, PBUF_RAM), 0));
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_of_lwips_timers_share_one_timeout, begin, end),
        cmocka_unit_test_setup_teardown(timeouts_are_not_missed, begin, end),
        cmocka_unit_test_setup_teardown(an_earlier_timer_moves_the_timeout, begin, end),
        cmocka_unit_test_setup_teardown(sequences_begin_by_clock_and_ends, begin, end),
        cmocka_unit_test_setup_teardown(random_numbers_do_not_repeat, begin, end),
        cmocka_unit_test_setup_teardown(bytes_are_dropped_from_a_chain, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
