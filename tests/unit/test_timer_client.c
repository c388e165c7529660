/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "meanwhile.h"

#include "endless.h"

#include "timer/client.c"

#define START QUOLL_S(1)

static struct fake_peer virt;
static struct timer_client client;

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&client, 0, sizeof client);
    fake_link(&virt, LINK_TIMER_CLIENT, "clock", 4, sizeof(struct timer_request), 8,
              sizeof(struct timer_expiry));
    assert_int_equal(timer_client_open(&client, "clock"), QUOLL_OK);
    fake_peer_up(&virt);
    assert_true(timer_client_wake(&client, virt.config->channel));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void expect_request(uint32_t id, uint32_t operation, uint64_t when, uint64_t period)
{
    struct timer_request request;

    fake_take(timer_requests, &virt, &request);
    assert_int_equal(request.id, id);
    assert_int_equal(request.operation, operation);
    assert_int_equal(request.when, when);
    assert_int_equal(request.period, period);
}

static void expect_no_request(void)
{
    assert_int_equal(queue_look(&virt.in), 0);
}

static void tell(uint32_t id, enum quoll_error status, uint64_t times)
{
    struct timer_expiry expiry = {.id = id, .status = status, .count = times};

    fake_put(timer_expiries, &virt, &expiry);
}

static void expect_expiry(uint32_t id, uint64_t times)
{
    struct timer_expiry expiry;

    assert_true(timer_client_next(&client, &expiry));
    assert_int_equal(expiry.id, id);
    assert_int_equal(expiry.status, QUOLL_OK);
    assert_int_equal(expiry.count, times);
}

static void expect_no_expiry(void)
{
    struct timer_expiry expiry;

    assert_false(timer_client_next(&client, &expiry));
}

static void a_name_that_is_not_there_is_not_found(void **state)
{
    struct timer_client other = {0};

    (void)state;
    assert_int_equal(timer_client_open(&other, "watch"), QUOLL_ENOTFOUND);
    assert_false(timer_client_wake(&other, 0));
    assert_int_equal(timer_set(&other, 0, 5), QUOLL_OK);
}

static void each_call_becomes_a_request(void **state)
{
    (void)state;
    assert_int_equal(timer_set(&client, 1, START + 10), QUOLL_OK);
    expect_request(1, TIMER_AT, START + 10, 0);
    assert_int_equal(timer_set_after(&client, 2, 500), QUOLL_OK);
    expect_request(2, TIMER_AT, START + 500, 0);
    assert_int_equal(timer_set_periodic(&client, 3, START + 1, TIMER_PERIOD_MIN), QUOLL_OK);
    expect_request(3, TIMER_AT, START + 1, TIMER_PERIOD_MIN);
    assert_true(timer_running(&client, 3));
    assert_int_equal(timer_cancel(&client, 3), QUOLL_OK);
    expect_request(3, TIMER_CANCEL, 0, 0);
    assert_false(timer_running(&client, 3));
}

static void wrong_arguments_are_refused_here(void **state)
{
    (void)state;
    assert_int_equal(timer_set(&client, TIMER_IDS, 0), QUOLL_EINVALID);
    assert_int_equal(timer_set_after(&client, UINT32_MAX, 0), QUOLL_EINVALID);
    assert_int_equal(timer_cancel(&client, TIMER_IDS), QUOLL_EINVALID);
    assert_int_equal(timer_set_periodic(&client, 0, 0, TIMER_PERIOD_MIN - 1), QUOLL_EINVALID);
    assert_int_equal(timer_set_after(&client, 0, UINT64_MAX), QUOLL_OK);
    expect_request(0, TIMER_AT, UINT64_MAX, 0);
    expect_no_request();
}

static void an_expiry_ends_a_single_timeout(void **state)
{
    (void)state;
    timer_set(&client, 1, START + 10);
    fake_time = START + 10;
    tell(1, QUOLL_OK, 1);
    expect_expiry(1, 1);
    assert_false(timer_running(&client, 1));
    tell(1, QUOLL_OK, 1);
    expect_no_expiry();
    assert_int_equal(fake_pd_count(COUNT_TIMEOUTS), 1);
}

static void one_that_crossed_a_cancel_or_a_new_setting_is_dropped(void **state)
{
    (void)state;
    timer_set(&client, 1, START + 10);
    timer_set(&client, 2, START + 10);
    fake_time = START + 10;
    timer_cancel(&client, 1);
    timer_set(&client, 2, START + 50);
    tell(1, QUOLL_OK, 1);
    tell(2, QUOLL_OK, 1);
    expect_no_expiry();
    fake_time = START + 50;
    tell(2, QUOLL_OK, 1);
    expect_expiry(2, 1);
}

static void periods_are_counted_by_the_clock(void **state)
{
    (void)state;
    timer_set_periodic(&client, 0, START + 10000, 10000);
    fake_time = START + 10000;
    tell(0, QUOLL_OK, 1);
    expect_expiry(0, 1);
    fake_time = START + 45000;
    tell(0, QUOLL_OK, 1); /* told at 20000, read late */
    tell(0, QUOLL_OK, 2); /* 30000 and 40000 */
    expect_expiry(0, 3);
    expect_no_expiry();
    fake_time = START + 50000;
    tell(0, QUOLL_OK, 1);
    expect_expiry(0, 1);
    assert_true(timer_running(&client, 0));
}

static void a_refusal_is_passed_on(void **state)
{
    struct timer_expiry expiry;

    (void)state;
    timer_set(&client, 1, START + 10);
    tell(1, QUOLL_EINVALID, 0);
    assert_true(timer_client_next(&client, &expiry));
    assert_int_equal(expiry.status, QUOLL_EINVALID);
    assert_false(timer_running(&client, 1));
}

static void nonsense_is_not_believed(void **state)
{
    (void)state;
    timer_set(&client, 0, START + 10);
    tell(TIMER_IDS, QUOLL_OK, 1);
    tell(UINT32_MAX, QUOLL_EINVALID, 1);
    tell(0, QUOLL_OK, 1);
    expect_no_expiry();
    assert_true(timer_running(&client, 0));
}

static void what_finds_no_room_is_sent_when_there_is_some(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 6; id++) {
        timer_set(&client, id, START + id);
    }
    timer_set(&client, 5, START + 55); /* only the latest is sent */
    for (uint32_t id = 0; id < 4; id++) {
        expect_request(id, TIMER_AT, START + id, 0);
    }
    expect_no_request();
    assert_int_equal(virt.pd->produce.tail, 4);
    timer_client_wake(&client, virt.config->channel);
    expect_request(4, TIMER_AT, START + 4, 0);
    expect_request(5, TIMER_AT, START + 55, 0);
    expect_no_request();
    for (uint32_t id = 0; id < 5; id++) {
        timer_set(&client, id, START + id);
    }
    assert_int_equal(virt.pd->produce.tail, 10);
    assert_int_equal(virt.pd->produce.room_at, 6);
}

static void a_new_life_of_the_virtualiser_is_told_what_is_running(void **state)
{
    (void)state;
    timer_set(&client, 0, START + 10);
    timer_set(&client, 1, START + 20);
    timer_set_periodic(&client, 2, START + 10000, 10000);
    timer_cancel(&client, 0);
    fake_time = START + 12000;
    for (unsigned n = 0; n < 3; n++) {
        struct timer_request request;

        fake_take(timer_requests, &virt, &request);
    }
    tell(2, QUOLL_OK, 1);
    expect_expiry(2, 1);
    fake_peer_new_life(&virt);
    timer_client_wake(&client, virt.config->channel);
    expect_request(1, TIMER_AT, START + 20, 0);
    expect_request(2, TIMER_AT, START + 20000, 10000);
    expect_no_request();
}

static void timeouts_may_be_set_before_the_link_is_up(void **state)
{
    (void)state;
    fake_lives[virt.config->peer_pd] += 1;
    timer_set(&client, 7, START + 10);
    expect_no_expiry();
    assert_int_equal(virt.pd->produce.tail, 0);
    fake_peer_up(&virt);
    timer_client_wake(&client, virt.config->channel);
    expect_request(7, TIMER_AT, START + 10, 0);
}

static void a_liar_cannot_make_us_loop(void **state)
{
    (void)state;
    virt.half->produce.tail = 99999;
    expect_no_expiry();
    virt.half->consume.head = 99999;
    timer_set(&client, 0, START);
    timer_client_wake(&client, virt.config->channel);
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 2);
}

static unsigned requests;
static bool told;

static void requests_are_read(void)
{
    struct timer_request request;

    (void)queue_look(&virt.in);
    while (timer_requests_take(&virt.in, &request)) {
        assert_int_equal(request.id, requests);
        requests++;
    }
    told = queue_release(&virt.in) || told;
}

/* The queue has four places; the virtualiser reads while the fifth request waits. */
static void no_room_is_overslept(void **state)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        (void)set_up(state);
        requests = 0;
        assert_int_equal(timer_set(&client, 0, START + 1000), QUOLL_OK);
        requests_are_read(); /* so that the indices are not all 0 */
        requests = 0;
        for (uint32_t id = 0; id < 4; id++) {
            assert_int_equal(timer_set(&client, id, START + 1000), QUOLL_OK);
        }
        told = false;
        meanwhile(n, requests_are_read);
        assert_int_equal(timer_set(&client, 4, START + 1000), QUOLL_OK);
        more = meanwhile_done();
        if (!more) {
            requests_are_read();
        }
        if (told) {
            assert_true(timer_client_wake(&client, virt.config->channel));
        }
        requests_are_read();
        assert_int_equal(requests, 5);
        (void)tear_down(state);
    }
}

static void it_tells_once_more(const volatile void *at)
{
    const struct timer_expiry expiry = {.id = 7};

    if (at == &virt.half->produce.tail) {
        ONE_MORE(timer_expiries, &virt, &expiry);
    }
}

/* Expiries that nobody has asked for, or no more. */
static void a_virtualiser_that_always_has_one_more_is_cut_off(void **state)
{
    struct timer_expiry expiry;

    (void)state;
    endless(it_tells_once_more);
    assert_false(timer_client_next(&client, &expiry));
    assert_int_equal(endless_turns, ASTRAY_MAX + 2U);
    assert_true(link_broken(&client.link));
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 1);
    enough();
    fake_peer_new_life(&virt);
    assert_true(timer_client_wake(&client, virt.config->channel));
    assert_int_equal(timer_set(&client, 3, START - 1), QUOLL_OK);
    tell(3, QUOLL_OK, 1);
    expect_expiry(3, 1);
}

static void it_wavers(const volatile void *at)
{
    waver_with_room(&virt, at);
}

static void room_that_is_shown_and_taken_back_keeps_nobody(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 8; id++) { /* more than there is room for */
        assert_int_equal(timer_set(&client, id, START + 1), QUOLL_OK);
    }
    begin_to_waver(&virt);
    endless(it_wavers);
    (void)timer_client_wake(&client, virt.config->channel);
    assert_true(endless_turns < 40U);
    enough();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_name_that_is_not_there_is_not_found),
        IN_A_PD(each_call_becomes_a_request),
        IN_A_PD(wrong_arguments_are_refused_here),
        IN_A_PD(an_expiry_ends_a_single_timeout),
        IN_A_PD(one_that_crossed_a_cancel_or_a_new_setting_is_dropped),
        IN_A_PD(periods_are_counted_by_the_clock),
        IN_A_PD(a_refusal_is_passed_on),
        IN_A_PD(nonsense_is_not_believed),
        IN_A_PD(what_finds_no_room_is_sent_when_there_is_some),
        IN_A_PD(a_new_life_of_the_virtualiser_is_told_what_is_running),
        IN_A_PD(timeouts_may_be_set_before_the_link_is_up),
        IN_A_PD(a_liar_cannot_make_us_loop),
        cmocka_unit_test(no_room_is_overslept),
        IN_A_PD(a_virtualiser_that_always_has_one_more_is_cut_off),
        IN_A_PD(room_that_is_shown_and_taken_back_keeps_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
