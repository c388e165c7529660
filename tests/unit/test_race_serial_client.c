/* SPDX-License-Identifier: BSD-2-Clause */
/* A serial client whose virtualiser rewrites everything while it reads. */
#include "racing.h"

#include "serial/client.c"

#define ROOM 16U

static struct fake_peer virt;
static struct racer all[1];
static struct serial_client console;
static uint64_t written;

void pd_start(void)
{
    assert_int_equal(serial_client_open(&console, "console"), QUOLL_OK);
}

void pd_wake(microkit_channel channel)
{
    static const char line[] = "a line that is longer than the queue has room for\n";
    size_t length = 1U + racing_draw(sizeof line - 1U);
    size_t done;

    (void)serial_client_wake(&console, channel);
    assert_true(serial_room(&console) <= SERIAL_CLIENT_HELD);
    done = serial_write(&console, line, length);
    assert_true(done <= length);
    written += done;
}

static void check(void)
{
    assert_true(console.link.out.room <= ROOM);
    assert_true(console.held_length <= SERIAL_CLIENT_HELD);
}

static void make_byte(void *entry)
{
    *(uint8_t *)entry = (uint8_t)racing_draw(256);
}

static void racing_virtualiser(void **state)
{
    (void)state;
    fake_reset();
    fake_link(&virt, LINK_SERIAL_TX_CLIENT, "console", ROOM, 1, 1, 1);
    all[0] = (struct racer){.peer = &virt, .make = make_byte, .entry = 1};
    racing_least = 0; /* nothing comes back */
    init();
    race(all, 1, check);
    assert_true(written > RACING_WAKEUPS);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_virtualiser)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
