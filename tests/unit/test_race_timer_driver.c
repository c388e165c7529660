/* SPDX-License-Identifier: BSD-2-Clause */
/* A timer driver whose virtualiser rewrites everything while it reads. */
#include "racing.h"

#include "timer/driver.c"

static struct fake_peer virt;
static struct racer all[1];
static uint64_t sets;

static enum quoll_error play_start(void)
{
    return QUOLL_OK;
}

static void play_set(uint64_t when)
{
    assert_true(driver.waiting && when == driver.when);
    sets += 1;
}

static void play_clear(void)
{
    assert_false(driver.waiting);
}

static const struct timer_device played = {
    .start = play_start, .set = play_set, .clear = play_clear};

void pd_start(void)
{
    timer_driver_start(&played);
}

void pd_wake(microkit_channel channel)
{
    timer_driver_wake(channel);
}

static bool no_more_than_there_can_be(void)
{
    return driver.link.in.ready <= driver.link.in.capacity || driver.link.in.broken;
}

static void check(void)
{
    assert_true(driver.link.in.ready == 0);
    assert_true(driver.link.in.head - driver.link.in.released == 0);
    assert_true(driver.link.out.room <= driver.link.out.capacity);
    assert_false(driver.due && driver.waiting);
}

static void make_request(void *entry)
{
    *(struct timer_request *)entry =
        (struct timer_request){.operation = 1U + racing_draw(3), .when = racing_draw(1000000)};
}

static void racing_virtualiser(void **state)
{
    (void)state;
    fake_reset();
    fake_step = 100;
    fake_config.device.interrupt[0] = 40;
    fake_link(&virt, LINK_TIMER_DEVICE, "virt", 4, sizeof(struct timer_expiry), 16,
              sizeof(struct timer_request));
    all[0] =
        (struct racer){.peer = &virt, .make = make_request, .entry = sizeof(struct timer_request)};
    init();
    racing_inside = no_more_than_there_can_be;
    race(all, 1, check);
    assert_true(sets > 0);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_virtualiser)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
