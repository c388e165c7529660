/* SPDX-License-Identifier: BSD-2-Clause */
/* A timer client whose virtualiser rewrites everything while it reads. */
#include "racing.h"

#include "timer/client.c"

static struct fake_peer virt;
static struct racer all[1];
static struct timer_client clock_client;

void pd_start(void)
{
    assert_int_equal(timer_client_open(&clock_client, "clock"), QUOLL_OK);
}

/* What is told was set, is due, and no more than once if it was set once. */
void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    (void)timer_client_wake(&clock_client, channel);
    for (uint32_t id = 0; id < 8; id++) {
        (void)timer_set(&clock_client, id, fake_time + 50U * id);
        (void)timer_set_periodic(&clock_client, id + 8U, fake_time, TIMER_PERIOD_MIN + id);
    }
    for (unsigned n = 0; n < 32 && timer_client_next(&clock_client, &expiry); n++) {
        assert_true(expiry.id < 16U);
        if (expiry.status == QUOLL_OK && expiry.id < 8U) {
            assert_true(clock_client.timeout[expiry.id].when <= fake_time);
            assert_false(timer_running(&clock_client, expiry.id));
        }
    }
}

static void check(void)
{
    assert_int_equal(clock_client.running & ~UINT64_C(0xffff), 0);
    assert_true(clock_client.link.in.ready <= clock_client.link.in.capacity);
}

static void make_expiry(void *entry)
{
    *(struct timer_expiry *)entry = (struct timer_expiry){
        .id = racing_draw(18), .status = racing_draw(8) == 0 ? QUOLL_EINVALID : QUOLL_OK};
}

static void racing_virtualiser(void **state)
{
    (void)state;
    fake_reset();
    fake_step = 20;
    fake_link(&virt, LINK_TIMER_CLIENT, "clock", 32, sizeof(struct timer_request), 32,
              sizeof(struct timer_expiry));
    all[0] =
        (struct racer){.peer = &virt, .make = make_expiry, .entry = sizeof(struct timer_expiry)};
    init();
    race(all, 1, check);
    assert_true(fake_pd_count(COUNT_TIMEOUTS) > 0);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_virtualiser)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
