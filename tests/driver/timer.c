/* SPDX-License-Identifier: BSD-2-Clause */
/* What every timer driver does, whatever the device: <quoll/timer.h>, timer_driver.h. */
#include <string.h>

#include "driver.h"

#include <quoll/error.h>
#include <quoll/time.h>
#include <quoll/timer.h>

static struct fake_peer virt;

static void power_on(uint32_t expiries)
{
    driver_power_on(&(struct machine_plugs){.wire = -1, .options = ""});
    fake_link(&virt, LINK_TIMER_DEVICE, "virt", expiries, sizeof(struct timer_expiry), 16,
              sizeof(struct timer_request));
}

static void begin(void)
{
    power_on(16);
    driver_start();
    fake_peer_up(&virt);
    driver_wake(&virt);
    assert_true(queue_sleep(&virt.in));
}

static void ask(uint32_t operation, uint64_t when)
{
    const struct timer_request request = {.id = 0, .operation = operation, .when = when};

    fake_put(timer_requests, &virt, &request);
    driver_wake(&virt);
}

static bool expired(void)
{
    return queue_look(&virt.in) > 0;
}

static void take_expiry(void)
{
    struct timer_expiry expiry;

    assert_int_equal(queue_look(&virt.in), 1);
    fake_take(timer_expiries, &virt, &expiry);
    assert_int_equal(expiry.id, 0);
    assert_int_equal(expiry.status, QUOLL_OK);
    assert_int_equal(expiry.count, 1);
    assert_true(queue_sleep(&virt.in));
}

static void nothing_for(uint64_t ns)
{
    uint64_t end = machine->now() + ns;

    while (machine->now() < end) {
        driver_run(1000000);
    }
    assert_int_equal(queue_look(&virt.in), 0);
}

static void an_expiry_comes_and_not_early(void **state)
{
    static const uint64_t waits[] = {1, 1000, 100000, 1000000, 20000000};

    (void)state;
    begin();
    for (unsigned i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        uint64_t when = machine->now() + waits[i];

        (void)fake_signals(virt.config->channel);
        ask(TIMER_AT, when);
        EVENTUALLY(expired());
        assert_true(machine->now() >= when);
        take_expiry();
        assert_true(fake_signals(virt.config->channel) >= 1);
    }
}

static void what_has_passed_expires_at_once(void **state)
{
    (void)state;
    begin();
    ask(TIMER_AT, 0);
    EVENTUALLY(expired());
    take_expiry();
    ask(TIMER_AT, machine->now());
    EVENTUALLY(expired());
    take_expiry();
    nothing_for(3000000);
}

static void the_last_request_counts(void **state)
{
    uint64_t now;

    (void)state;
    begin();
    now = machine->now();
    ask(TIMER_AT, now + QUOLL_S(100));
    ask(TIMER_AT, now + QUOLL_MS(5));
    EVENTUALLY(expired());
    assert_true(machine->now() >= now + QUOLL_MS(5));
    take_expiry();
    now = machine->now();
    ask(TIMER_AT, now + QUOLL_MS(100));
    ask(TIMER_AT, now + QUOLL_S(100));
    nothing_for(QUOLL_MS(30));
}

static void what_is_cancelled_does_not_expire(void **state)
{
    (void)state;
    begin();
    ask(TIMER_AT, machine->now() + QUOLL_MS(100));
    ask(TIMER_CANCEL, 0);
    driver_interrupts = 0;
    nothing_for(QUOLL_MS(150));
    assert_int_equal(driver_interrupts, 0);
}

static void times_beyond_all_times_do_not_expire(void **state)
{
    static const uint64_t never[] = {UINT64_MAX, UINT64_MAX - 15U, 1ULL << 63};

    (void)state;
    begin();
    for (unsigned i = 0; i < sizeof never / sizeof never[0]; i++) {
        ask(TIMER_AT, never[i]);
        nothing_for(QUOLL_MS(10));
    }
    assert_int_equal(driver_interrupts, 0);
}

static void wrong_requests_change_nothing(void **state)
{
    uint64_t when;

    (void)state;
    begin();
    when = machine->now() + QUOLL_MS(20);
    ask(TIMER_AT, when);

    const struct timer_request wrong[] = {
        {.id = 1, .operation = TIMER_AT, .when = 0},
        {.id = 0, .operation = TIMER_AT, .when = 0, .period = 1000000},
        {.id = 0, .operation = TIMER_AFTER, .when = 0},
        {.id = 0, .operation = 0, .when = 0},
        {.id = 0, .operation = UINT32_MAX, .when = 0},
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fake_put(timer_requests, &virt, &wrong[i]);
    }
    driver_wake(&virt);
    assert_int_equal(fake_link_count(&virt, COUNT_REFUSED), sizeof wrong / sizeof wrong[0]);
    EVENTUALLY(expired());
    assert_true(machine->now() >= when);
    take_expiry();
}

static void interrupts_for_nothing_change_nothing(void **state)
{
    uint64_t when;

    (void)state;
    begin();
    driver_interrupt();
    nothing_for(1000000);
    when = machine->now() + QUOLL_MS(20);
    ask(TIMER_AT, when);
    for (unsigned i = 0; i < 5; i++) {
        driver_interrupt();
        driver_run(1000000);
        assert_true(machine->now() >= when || !expired());
    }
    EVENTUALLY(expired());
    assert_true(machine->now() >= when);
    take_expiry();
    driver_interrupt();
    nothing_for(1000000);
}

static void an_expiry_waits_for_room(void **state)
{
    (void)state;
    power_on(1);
    driver_start();
    fake_peer_up(&virt);
    driver_wake(&virt);
    ask(TIMER_AT, 0);
    EVENTUALLY(expired());
    ask(TIMER_AT, 0);
    driver_run(1000000);

    struct timer_expiry expiry;
    assert_true(timer_expiries_take(&virt.in, &expiry));
    assert_true(queue_release(&virt.in)); /* it waits for room, */
    driver_wake(&virt);
    assert_true(expired()); /* and here is the second */
}

static void after_an_expiry_the_device_is_silent(void **state)
{
    (void)state;
    begin();
    ask(TIMER_AT, machine->now() + QUOLL_MS(1));
    EVENTUALLY(expired());
    take_expiry();
    driver_run(1000000);
    driver_interrupts = 0;
    nothing_for(QUOLL_MS(20));
    assert_int_equal(driver_interrupts, 0);
}

static void a_new_life_begins_without_a_deadline(void **state)
{
    (void)state;
    begin();
    ask(TIMER_AT, machine->now() + QUOLL_MS(100));
    driver_start();
    fake_peer_up(&virt);
    driver_wake(&virt);
    nothing_for(QUOLL_MS(150));
    ask(TIMER_AT, machine->now() + 1000);
    EVENTUALLY(expired());
}

static void a_virtualisers_deadline_ends_with_its_life(void **state)
{
    (void)state;
    begin();
    ask(TIMER_AT, machine->now() + QUOLL_MS(100));
    fake_peer_new_life(&virt);
    driver_wake(&virt);
    driver_interrupts = 0;
    nothing_for(QUOLL_MS(150));
    assert_int_equal(driver_interrupts, 0);
    ask(TIMER_AT, machine->now() + 1000);
    EVENTUALLY(expired());
}

static void an_impossible_index_stops_only_this_life(void **state)
{
    (void)state;
    begin();
    virt.half->produce.tail += 17U;
    driver_wake(&virt);
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 1);
    fake_peer_new_life(&virt);
    driver_wake(&virt);
    ask(TIMER_AT, machine->now() + 1000);
    EVENTUALLY(expired());
}

static void it_may_die_at_any_access(void **state)
{
    (void)state;
    for (unsigned access = 1;; access++) {
        power_on(16);
        driver_dies_at(access);
        driver_start();
        fake_peer_up(&virt);
        driver_wake(&virt);
        ask(TIMER_AT, machine->now() + 100000);
        for (unsigned i = 0; i < 10 && !driver_dead(); i++) {
            driver_run(1000000);
        }
        if (!driver_dead()) {
            assert_true(access > 3);
            break;
        }
        driver_dies_at(0);
        driver_start();
        fake_peer_new_life(&virt);
        driver_wake(&virt);
        nothing_for(1000000);
        ask(TIMER_AT, machine->now() + 1000);
        EVENTUALLY(expired());
    }
}

static const struct CMUnitTest tests[] = {
    DRIVER_TEST(an_expiry_comes_and_not_early),
    DRIVER_TEST(what_has_passed_expires_at_once),
    DRIVER_TEST(the_last_request_counts),
    DRIVER_TEST(what_is_cancelled_does_not_expire),
    DRIVER_TEST(times_beyond_all_times_do_not_expire),
    DRIVER_TEST(wrong_requests_change_nothing),
    DRIVER_TEST(interrupts_for_nothing_change_nothing),
    DRIVER_TEST(an_expiry_waits_for_room),
    DRIVER_TEST(after_an_expiry_the_device_is_silent),
    DRIVER_TEST(a_new_life_begins_without_a_deadline),
    DRIVER_TEST(a_virtualisers_deadline_ends_with_its_life),
    DRIVER_TEST(an_impossible_index_stops_only_this_life),
    DRIVER_TEST(it_may_die_at_any_access),
};

/* ---- With a simulated device that is not as it should be ---- */

static void late_interrupts_only_make_it_late(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        begin();
        machine_misbehave(seed);
        for (unsigned i = 0; i < 20; i++) {
            uint64_t when = machine->now() + 50000;

            ask(TIMER_AT, when);
            EVENTUALLY(expired());
            assert_true(machine->now() >= when);
            take_expiry();
        }
    }
}

/* As above, begun anew with a timer that has faults, of which it knows yet nothing. */
static void begin_odd(const char *options, uint64_t seed)
{
    driver_power_on(&(struct machine_plugs){.wire = -1, .options = options});
    fake_link(&virt, LINK_TIMER_DEVICE, "virt", 16, sizeof(struct timer_expiry), 16,
              sizeof(struct timer_request));
    driver_start();
    fake_peer_up(&virt);
    driver_wake(&virt);
    assert_true(queue_sleep(&virt.in));
    machine_misbehave(seed);
}

static void spurious_interrupts_make_nothing_early_or_twice(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        begin_odd("faults=spurious", seed);
        for (unsigned i = 0; i < 20; i++) {
            uint64_t when = machine->now() + 3000000;

            ask(TIMER_AT, when);
            EVENTUALLY(expired());
            assert_true(machine->now() >= when);
            take_expiry();
            nothing_for(3000000);
        }
    }
}

/* An interrupt that never comes costs time until the next wake-up, and no expiry. */
static void after_a_lost_interrupt_the_next_wake_up_repairs(void **state)
{
    unsigned lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        begin_odd("faults=lost", seed);
        for (unsigned i = 0; i < 20; i++) {
            uint64_t when = machine->now() + 50000;

            ask(TIMER_AT, when);
            for (unsigned n = 0; n < 10 && !expired(); n++) {
                driver_run(1000000);
            }
            lost += !expired();
            driver_wake(&virt);
            assert_true(expired());
            take_expiry();
        }
    }
    assert_true(lost > 0);
}

/* A control register that does not let go: interrupts without end, but no expiry of them. */
static void a_stuck_bit_makes_no_expiry(void **state)
{
    unsigned storms = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        begin_odd("faults=stuck", seed);
        for (unsigned i = 0; i < 20; i++) {
            uint64_t when = machine->now() + 50000;

            ask(TIMER_AT, when);
            for (unsigned n = 0; n < 10 && !expired(); n++) {
                driver_run(1000000);
            }
            driver_wake(&virt); /* a bit that is stuck at 0 is a lost interrupt */
            assert_true(machine->now() >= when);
            take_expiry();
            driver_interrupts = 0;
            nothing_for(3000000);
            storms += driver_interrupts > 2;
        }
    }
    assert_true(storms > 0);
}

static const struct CMUnitTest simulated[] = {
    DRIVER_TEST(spurious_interrupts_make_nothing_early_or_twice),
    DRIVER_TEST(after_a_lost_interrupt_the_next_wake_up_repairs),
    DRIVER_TEST(a_stuck_bit_makes_no_expiry),
    DRIVER_TEST(late_interrupts_only_make_it_late),
};

const struct driver_tests driver_tests = {"timer", tests, sizeof tests / sizeof tests[0], simulated,
                                          sizeof simulated / sizeof simulated[0]};
