/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial drivers' skeleton with a device whose FIFO the test plays. */
#include <string.h>

#include "meanwhile.h"

#include "endless.h"

#include "serial/driver.c"

#define INTERRUPT 9

static struct fake_peer virt;
static enum quoll_error outcome;
static unsigned fifo_room;
static bool room_wanted;
static char wire[256];
static size_t wired;

static enum quoll_error play_start(void)
{
    return outcome;
}

static bool play_put(uint8_t byte)
{
    if (fifo_room == 0) {
        return false;
    }
    fifo_room--;
    wire[wired++] = (char)byte;
    wire[wired] = '\0';
    return true;
}

static void play_notify_room(bool wanted)
{
    room_wanted = wanted;
}

static const struct serial_device played = {
    .start = play_start, .put = play_put, .notify_room = play_notify_room};

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&tx, 0, sizeof tx);
    fake_config.device.interrupt[0] = INTERRUPT;
    outcome = QUOLL_OK;
    fifo_room = 4;
    room_wanted = false;
    wired = 0;
    wire[0] = '\0';
    fake_link(&virt, LINK_SERIAL_TX_DEVICE, "virt", 1, 1, 32, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void start(void)
{
    serial_driver_start(&played);
    fake_peer_up(&virt);
    serial_driver_wake(virt.config->channel);
    (void)fake_acks(INTERRUPT);
    (void)fake_signals(virt.config->channel);
}

static void say(const char *text)
{
    for (; *text != '\0'; text++) {
        fake_put(serial_bytes, &virt, (const uint8_t *)text);
    }
    serial_driver_wake(virt.config->channel);
}

static void starting_acknowledges_what_an_earlier_life_owes(void **state)
{
    (void)state;
    serial_driver_start(&played);
    assert_int_equal(fake_acks(INTERRUPT), 1);
    assert_int_equal(fake_pd_count(COUNT_RESETS), 1);
}

static void a_device_that_does_not_start_opens_no_link(void **state)
{
    (void)state;
    outcome = QUOLL_ETIMEDOUT;
    serial_driver_start(&played);
    assert_string_equal(fake_output(), "test: cannot start: timed out\n");
    serial_driver_wake(virt.config->channel);
    serial_driver_wake(INTERRUPT);
    assert_int_equal(virt.pd->magic, 0);
    assert_int_equal(fake_pd_count(COUNT_DEVICE_ERRORS), 1);
}

static void bytes_go_to_the_device(void **state)
{
    (void)state;
    start();
    say("abc");
    assert_string_equal(wire, "abc");
    assert_false(room_wanted);
    assert_int_equal(fake_link_count(&virt, COUNT_BYTES), 3);
    assert_int_equal(virt.pd->consume.head, 3);
}

static void a_full_device_is_asked_to_interrupt(void **state)
{
    (void)state;
    start();
    say("abcdef");
    assert_string_equal(wire, "abcd");
    assert_true(room_wanted);
    assert_int_equal(virt.pd->consume.head, 4); /* the rest is still the queue's */
    fifo_room = 4;
    serial_driver_wake(INTERRUPT);
    assert_string_equal(wire, "abcdef");
    assert_false(room_wanted);
    assert_int_equal(fake_acks(INTERRUPT), 1);
    assert_int_equal(fake_pd_count(COUNT_INTERRUPTS), 1);
}

static void a_waiting_virtualiser_is_told_of_room(void **state)
{
    (void)state;
    start();
    fifo_room = 2;
    for (unsigned n = 0; n < 32; n++) {
        fake_put(serial_bytes, &virt, (const uint8_t *)"x");
    }
    assert_true(queue_wait_for_room(&virt.out));
    serial_driver_wake(virt.config->channel);
    assert_int_equal(fake_signals(virt.config->channel), 1);
}

static void without_a_virtualiser_the_device_is_quiet(void **state)
{
    (void)state;
    start();
    say("abcdef");
    fake_lives[virt.config->peer_pd] += 1;
    serial_driver_wake(INTERRUPT);
    assert_false(room_wanted);
    assert_int_equal(fake_acks(INTERRUPT), 1);
    fifo_room = 4;
    fake_peer_up(&virt);
    say("xy");
    assert_string_equal(wire, "abcdxy");
}

static void a_liar_is_cut_off(void **state)
{
    (void)state;
    start();
    virt.half->produce.tail = 33;
    serial_driver_wake(virt.config->channel);
    assert_string_equal(wire, "");
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 1);
}

static bool told;

static void say_one(uint8_t byte)
{
    assert_true(queue_look_for_room(&virt.out) > 0);
    assert_true(serial_bytes_put(&virt.out, &byte));
    told = queue_publish(&virt.out);
}

static void another_byte_comes(void)
{
    say_one('b');
}

static void no_byte_is_overslept(void **state)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        (void)set_up(state);
        start();
        say_one('a');
        told = false;
        meanwhile(n, another_byte_comes);
        serial_driver_wake(virt.config->channel);
        more = meanwhile_done();
        if (told) {
            serial_driver_wake(virt.config->channel);
        }
        assert_string_equal(wire, more ? "ab" : "a");
        (void)tear_down(state);
    }
}

static void the_virtualiser_wavers(const volatile void *at)
{
    waver_with_entries(&virt, at);
    fifo_room = 1;
    wired = 0;
    if (endless_turns == 1000U) {
        enough();
    }
}

/* For as long as it is shown bytes: nobody else waits for a serial driver. */
static void each_turn_moves_what_was_shown(void **state)
{
    (void)state;
    start();
    begin_to_waver(&virt);
    endless(the_virtualiser_wavers);
    serial_driver_wake(virt.config->channel);
    assert_int_equal(endless_turns, 1000);
    assert_true(fake_link_count(&virt, COUNT_TAKEN) >= 998U);
    enough();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(starting_acknowledges_what_an_earlier_life_owes),
        IN_A_PD(a_device_that_does_not_start_opens_no_link),
        IN_A_PD(bytes_go_to_the_device),
        IN_A_PD(a_full_device_is_asked_to_interrupt),
        IN_A_PD(a_waiting_virtualiser_is_told_of_room),
        IN_A_PD(without_a_virtualiser_the_device_is_quiet),
        IN_A_PD(a_liar_is_cut_off),
        cmocka_unit_test(no_byte_is_overslept),
        IN_A_PD(each_turn_moves_what_was_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
