/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer drivers' skeleton with a device that records. */
#include <string.h>

#include "meanwhile.h"

#include "endless.h"

#include "timer/driver.c"

#define START     QUOLL_S(1)
#define INTERRUPT 9

static struct fake_peer virt;
static uint64_t set_to; /* 0: off */
static unsigned sets, clears;
static enum quoll_error outcome;

static enum quoll_error play_start(void)
{
    set_to = 0;
    return outcome;
}

static void play_set(uint64_t when)
{
    set_to = when;
    sets++;
}

static void play_clear(void)
{
    set_to = 0;
    clears++;
}

static const struct timer_device played = {
    .start = play_start, .set = play_set, .clear = play_clear};

static void start(void)
{
    timer_driver_start(&played);
    fake_peer_up(&virt);
    timer_driver_wake(virt.config->channel);
    sets = 0;
    clears = 0;
    (void)fake_acks(INTERRUPT);
}

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&driver, 0, sizeof driver);
    fake_config.device.interrupt[0] = INTERRUPT;
    outcome = QUOLL_OK;
    fake_link(&virt, LINK_TIMER_DEVICE, "clock", 2, sizeof(struct timer_expiry), 4,
              sizeof(struct timer_request));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void ask(uint32_t operation, uint64_t when)
{
    struct timer_request request = {.operation = operation, .when = when};

    fake_put(timer_requests, &virt, &request);
    timer_driver_wake(virt.config->channel);
}

static void expect_expiry(void)
{
    struct timer_expiry expiry;

    fake_take(timer_expiries, &virt, &expiry);
    assert_int_equal(expiry.id, 0);
    assert_int_equal(expiry.status, QUOLL_OK);
    assert_int_equal(expiry.count, 1);
}

static void expect_nothing(void)
{
    assert_int_equal(queue_look(&virt.in), 0);
}

static void starting_acknowledges_what_an_earlier_life_owes(void **state)
{
    (void)state;
    timer_driver_start(&played);
    assert_int_equal(fake_acks(INTERRUPT), 1);
}

static void a_device_that_does_not_start_opens_no_link(void **state)
{
    (void)state;
    outcome = QUOLL_ETIMEDOUT;
    timer_driver_start(&played);
    assert_string_equal(fake_output(), "test: cannot start: timed out\n");
    assert_int_equal(virt.pd->magic, 0);
    timer_driver_wake(virt.config->channel);
    assert_int_equal(fake_pd_count(COUNT_DEVICE_ERRORS), 1);
}

static void a_deadline_is_set_and_reported_at_its_time(void **state)
{
    (void)state;
    start();
    ask(TIMER_AT, START + 1000);
    assert_int_equal(set_to, START + 1000);
    expect_nothing();
    fake_time = START + 1000;
    timer_driver_wake(INTERRUPT);
    expect_expiry();
    expect_nothing();
    assert_int_equal(set_to, 0); /* the level is taken back before the acknowledgement */
    assert_int_equal(fake_acks(INTERRUPT), 1);
}

static void an_early_interrupt_sets_the_deadline_again(void **state)
{
    (void)state;
    start();
    ask(TIMER_AT, START + 1000);
    fake_time = START + 999;
    timer_driver_wake(INTERRUPT);
    expect_nothing();
    assert_int_equal(sets, 2);
    assert_int_equal(set_to, START + 1000);
    assert_int_equal(fake_acks(INTERRUPT), 1);
}

static void an_interrupt_that_nobody_asked_for_is_silenced(void **state)
{
    (void)state;
    start();
    timer_driver_wake(INTERRUPT);
    expect_nothing();
    assert_int_equal(clears, 1);
    assert_int_equal(fake_acks(INTERRUPT), 1);
}

static void the_latest_of_a_batch_counts(void **state)
{
    struct timer_request first = {.operation = TIMER_AT, .when = START + 10};

    (void)state;
    start();
    fake_put(timer_requests, &virt, &first);
    ask(TIMER_AT, START + 2000);
    assert_int_equal(sets, 1);
    assert_int_equal(set_to, START + 2000);
    ask(TIMER_CANCEL, 0);
    assert_int_equal(set_to, 0);
    fake_time = START + 3000;
    timer_driver_wake(INTERRUPT);
    expect_nothing();
}

static void a_time_that_has_passed_is_reported_at_once(void **state)
{
    (void)state;
    start();
    ask(TIMER_AT, START);
    expect_expiry();
    assert_int_equal(sets, 0);
}

static void an_expiry_waits_for_room(void **state)
{
    (void)state;
    start();
    ask(TIMER_AT, 1);
    ask(TIMER_AT, 2);
    ask(TIMER_AT, 3);
    expect_expiry();
    expect_expiry();
    expect_nothing();
    timer_driver_wake(virt.config->channel);
    expect_expiry();
    expect_nothing();
}

static void a_new_request_takes_back_what_waits_for_room(void **state)
{
    (void)state;
    start();
    ask(TIMER_AT, 1);
    ask(TIMER_AT, 2);
    ask(TIMER_AT, 3);
    ask(TIMER_CANCEL, 0);
    expect_expiry();
    expect_expiry();
    timer_driver_wake(virt.config->channel);
    expect_nothing();
    ask(TIMER_AT, 4);
    ask(TIMER_AT, 5);
    ask(TIMER_AT, 6);
    assert_int_equal(virt.pd->produce.room_at, 2); /* of two slots, the third's first user */
}

static void whatever_wakes_us_the_clock_decides(void **state)
{
    (void)state;
    start();
    ask(TIMER_AT, START + 1000);
    fake_time = START + 1000;
    timer_driver_wake(virt.config->channel);
    expect_expiry();
    assert_int_equal(set_to, 0);
    timer_driver_wake(INTERRUPT); /* it was on its way */
    expect_nothing();
}

static void what_the_link_cannot_carry_is_refused(void **state)
{
    struct timer_request request = {.operation = TIMER_AFTER, .when = 5};

    (void)state;
    start();
    fake_put(timer_requests, &virt, &request);
    request = (struct timer_request){.operation = TIMER_AT, .id = 1};
    fake_put(timer_requests, &virt, &request);
    request = (struct timer_request){.operation = TIMER_AT, .period = QUOLL_S(1)};
    fake_put(timer_requests, &virt, &request);
    timer_driver_wake(virt.config->channel);
    assert_int_equal(fake_link_count(&virt, COUNT_REFUSED), 3);
    expect_nothing();
    assert_int_equal(sets, 0);
}

static void a_new_life_of_the_virtualiser_has_no_deadline(void **state)
{
    (void)state;
    start();
    ask(TIMER_AT, START + 1000);
    fake_lives[virt.config->peer_pd] += 1;
    fake_time = START + 1000;
    timer_driver_wake(INTERRUPT);
    assert_int_equal(set_to, 0);
    fake_peer_up(&virt);
    timer_driver_wake(virt.config->channel);
    expect_nothing();
}

static void a_liar_is_cut_off(void **state)
{
    (void)state;
    start();
    virt.half->produce.tail = 5;
    timer_driver_wake(virt.config->channel);
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 1);
    assert_int_equal(fake_link_count(&virt, COUNT_TAKEN), 0);
}

static bool told;

static void put_deadline(uint64_t when)
{
    const struct timer_request request = {.operation = TIMER_AT, .when = when};

    assert_true(queue_look_for_room(&virt.out) > 0);
    assert_true(timer_requests_put(&virt.out, &request));
    told = queue_publish(&virt.out);
}

static void another_deadline_comes(void)
{
    put_deadline(START + 2000);
}

static void no_request_is_overslept(void **state)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        (void)set_up(state);
        start();
        put_deadline(START + 1000);
        told = false;
        meanwhile(n, another_deadline_comes);
        timer_driver_wake(virt.config->channel);
        more = meanwhile_done();
        if (told) {
            timer_driver_wake(virt.config->channel);
        }
        assert_int_equal(set_to, START + (more ? 2000 : 1000));
        (void)tear_down(state);
    }
}

static unsigned expiries;

static void expiries_are_read(void)
{
    struct timer_expiry expiry;

    (void)queue_look(&virt.in);
    while (timer_expiries_take(&virt.in, &expiry)) {
        expiries++;
    }
    told = queue_release(&virt.in);
}

/* Its queue is full of two expiries; a third is due. */
static void no_room_is_overslept(void **state)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        (void)set_up(state);
        start();
        ask(TIMER_AT, START);
        expiries_are_read(); /* so that the indices are not all 0 */
        ask(TIMER_AT, START);
        ask(TIMER_AT, START);
        put_deadline(START);
        expiries = 0;
        told = false;
        meanwhile(n, expiries_are_read);
        timer_driver_wake(virt.config->channel);
        more = meanwhile_done();
        if (!more) {
            expiries_are_read();
        }
        if (told) {
            timer_driver_wake(virt.config->channel);
        }
        expiries_are_read();
        assert_int_equal(expiries, 3);
        (void)tear_down(state);
    }
}

static void the_virtualiser_wavers(const volatile void *at)
{
    waver_with_entries(&virt, at);
    if (endless_turns == 1000U) {
        enough();
    }
}

/* For as long as it is asked: nobody else waits for a timer driver. */
static void each_turn_takes_what_was_shown(void **state)
{
    (void)state;
    start();
    begin_to_waver(&virt);
    endless(the_virtualiser_wavers);
    timer_driver_wake(virt.config->channel);
    assert_int_equal(endless_turns, 1000);
    assert_true(fake_link_count(&virt, COUNT_TAKEN) >= 998U);
    enough();
}

static void the_virtualiser_wavers_with_room(const volatile void *at)
{
    waver_with_room(&virt, at);
}

static void room_that_is_shown_and_taken_back_keeps_nobody(void **state)
{
    (void)state;
    start();
    ask(TIMER_AT, START);
    begin_to_waver(&virt);
    endless(the_virtualiser_wavers_with_room);
    timer_driver_wake(virt.config->channel);
    assert_true(endless_turns < 10U);
    enough();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(starting_acknowledges_what_an_earlier_life_owes),
        IN_A_PD(a_device_that_does_not_start_opens_no_link),
        IN_A_PD(a_deadline_is_set_and_reported_at_its_time),
        IN_A_PD(an_early_interrupt_sets_the_deadline_again),
        IN_A_PD(an_interrupt_that_nobody_asked_for_is_silenced),
        IN_A_PD(the_latest_of_a_batch_counts),
        IN_A_PD(a_time_that_has_passed_is_reported_at_once),
        IN_A_PD(an_expiry_waits_for_room),
        IN_A_PD(a_new_request_takes_back_what_waits_for_room),
        IN_A_PD(whatever_wakes_us_the_clock_decides),
        IN_A_PD(what_the_link_cannot_carry_is_refused),
        IN_A_PD(a_new_life_of_the_virtualiser_has_no_deadline),
        IN_A_PD(a_liar_is_cut_off),
        cmocka_unit_test(no_request_is_overslept),
        cmocka_unit_test(no_room_is_overslept),
        IN_A_PD(each_turn_takes_what_was_shown),
        IN_A_PD(room_that_is_shown_and_taken_back_keeps_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
