/* SPDX-License-Identifier: BSD-2-Clause */
/* A serial driver whose virtualiser rewrites everything while it reads. */
#include "racing.h"

#include "serial/driver.c"

#define CAPACITY 32U

static struct fake_peer virt;
static struct racer all[1];
static unsigned fifo;
static uint64_t sent;

static enum quoll_error play_start(void)
{
    return QUOLL_OK;
}

/* Whatever is sent was one of at most a queue of bytes. */
static bool play_put(uint8_t byte)
{
    (void)byte;
    assert_true(tx.in.ready <= CAPACITY);
    if (fifo == 0) {
        return false;
    }
    fifo -= 1U;
    sent += 1U;
    return true;
}

static void play_notify_room(bool wanted)
{
    (void)wanted;
}

static const struct serial_device played = {
    .start = play_start, .put = play_put, .notify_room = play_notify_room};

void pd_start(void)
{
    serial_driver_start(&played);
}

void pd_wake(microkit_channel channel)
{
    fifo = racing_draw(16);
    serial_driver_wake(channel);
}

static bool no_more_than_there_can_be(void)
{
    return tx.in.ready <= CAPACITY;
}

static void check(void)
{
    assert_true(no_more_than_there_can_be());
}

static void make_byte(void *entry)
{
    *(uint8_t *)entry = (uint8_t)racing_draw(256);
}

static void racing_virtualiser(void **state)
{
    (void)state;
    fake_reset();
    fake_config.device.interrupt[0] = 40;
    fake_link(&virt, LINK_SERIAL_TX_DEVICE, "virt", 1, 1, CAPACITY, 1);
    all[0] = (struct racer){.peer = &virt, .make = make_byte, .entry = 1};
    init();
    racing_inside = no_more_than_there_can_be;
    race(all, 1, check);
    assert_true(sent > 0);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_virtualiser)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
