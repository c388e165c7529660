/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "meanwhile.h"

#include "endless.h"

#include "serial/client.c"

#define ROOM 16

static struct fake_peer virt;
static struct serial_client client;

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&client, 0, sizeof client);
    quoll_log_to(NULL);
    fake_link(&virt, LINK_SERIAL_TX_CLIENT, "console", ROOM, 1, 1, 1);
    assert_int_equal(serial_client_open(&client, "console"), QUOLL_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    quoll_log_to(NULL);
    fake_finish();
    return 0;
}

static void come_up(void)
{
    fake_peer_up(&virt);
    assert_true(serial_client_wake(&client, virt.config->channel));
}

static const char *taken(void)
{
    static char text[1024];
    uint8_t byte;
    size_t n = 0;

    queue_look(&virt.in);
    while (serial_bytes_take(&virt.in, &byte)) {
        text[n++] = (char)byte;
    }
    (void)queue_release(&virt.in);
    text[n] = '\0';
    return text;
}

static void a_name_that_is_not_there_is_not_found(void **state)
{
    struct serial_client other = {0};

    (void)state;
    assert_int_equal(serial_client_open(&other, "tty"), QUOLL_ENOTFOUND);
    assert_false(serial_client_wake(&other, 0));
    serial_client_log(&other);
    quoll_log("x");
    assert_string_equal(fake_output(), "test: x\n");
}

static void what_is_written_arrives(void **state)
{
    (void)state;
    come_up();
    assert_int_equal(serial_write(&client, "hello\n", 6), 6);
    assert_string_equal(taken(), "hello\n");
}

static void a_write_takes_what_fits_and_waits_for_room(void **state)
{
    (void)state;
    come_up();
    assert_int_equal(serial_write(&client, "0123456789abcdefXY", 18), ROOM);
    assert_int_equal(serial_room(&client), 0);
    assert_int_equal(serial_write(&client, "XY", 2), 0);
    assert_string_equal(taken(), "0123456789abcdef");
    assert_true(queue_passed(virt.pd->produce.room_at, ROOM, ROOM));
    assert_int_equal(serial_room(&client), ROOM);
    assert_int_equal(serial_write(&client, "XY", 2), 2);
    assert_int_equal(serial_write(&client, "0123456789abcdef", 16), ROOM - 2);
    assert_int_equal(virt.pd->produce.room_at, ROOM);
}

static void what_is_written_before_the_link_is_up_is_held(void **state)
{
    (void)state;
    assert_int_equal(serial_write(&client, "early ", 6), 6);
    assert_int_equal(serial_write(&client, "bird\n", 5), 5);
    come_up();
    assert_string_equal(taken(), "early bird\n");
}

static void what_is_held_goes_first_and_in_order(void **state)
{
    (void)state;
    assert_int_equal(serial_write(&client, "0123456789abcdefghij", 20), 20);
    come_up();
    assert_int_equal(serial_write(&client, "XY", 2), 0);
    assert_string_equal(taken(), "0123456789abcdef");
    serial_client_wake(&client, virt.config->channel);
    assert_int_equal(serial_write(&client, "XY", 2), 2);
    assert_string_equal(taken(), "ghijXY");
}

static void holding_is_bounded(void **state)
{
    char text[SERIAL_CLIENT_HELD + 9];

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(serial_write(&client, text, sizeof text), SERIAL_CLIENT_HELD);
    assert_int_equal(serial_write(&client, text, 1), 0);
    assert_int_equal(serial_room(&client), 0);
}

static void the_log_goes_to_the_console_without_a_name(void **state)
{
    (void)state;
    come_up();
    serial_client_log(&client);
    quoll_log("n = %d", 5);
    assert_string_equal(taken(), "n = 5\n");
    assert_string_equal(fake_output(), "");
}

static void a_log_line_without_room_is_dropped_whole(void **state)
{
    (void)state;
    come_up();
    serial_client_log(&client);
    quoll_log("0123456789");
    quoll_log("0123456789");
    quoll_log("0123");
    assert_string_equal(taken(), "0123456789\n0123\n");
    assert_int_equal(fake_link_count(&virt, COUNT_DROPPED), 1);
}

static void a_restart_of_the_virtualiser_holds_what_comes_meanwhile(void **state)
{
    (void)state;
    come_up();
    fake_lives[virt.config->peer_pd] += 1;
    assert_int_equal(serial_write(&client, "between\n", 8), 8);
    assert_int_equal(virt.pd->produce.tail, 0);
    come_up();
    assert_string_equal(taken(), "between\n");
}

static void a_liar_cannot_make_us_loop(void **state)
{
    (void)state;
    come_up();
    virt.half->consume.head = 9999;
    assert_int_equal(serial_write(&client, "hello", 5), 0);
    serial_client_wake(&client, virt.config->channel);
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 1);
}

static char shown[64];
static bool told;

static void the_virtualiser_reads(void)
{
    uint8_t byte;

    (void)queue_look(&virt.in);
    while (serial_bytes_take(&virt.in, &byte)) {
        shown[strlen(shown)] = (char)byte;
    }
    told = queue_release(&virt.in) || told;
}

/* There are ROOM places, and more bytes; the virtualiser reads while they are waited for. */
static void no_room_is_overslept(void **state)
{
    static const char text[] = "more than sixteen bytes, twice";
    bool more = true;

    for (unsigned n = 1; more; n++) {
        (void)set_up(state);
        come_up();
        assert_int_equal(serial_write(&client, "x", 1), 1);
        the_virtualiser_reads(); /* so that the indices are not all 0 */
        memset(shown, 0, sizeof shown);
        told = false;
        meanwhile(n, the_virtualiser_reads);
        size_t done = serial_write(&client, text, strlen(text));
        more = meanwhile_done();
        the_virtualiser_reads();
        for (unsigned round = 0; round < 5 && told; round++) {
            told = false;
            assert_true(serial_client_wake(&client, virt.config->channel));
            done += serial_write(&client, text + done, strlen(text) - done);
            the_virtualiser_reads();
        }
        assert_string_equal(shown, text);
        (void)tear_down(state);
    }
}

static void the_virtualiser_wavers(const volatile void *at)
{
    waver_with_room(&virt, at);
}

static void room_that_is_shown_and_taken_back_keeps_nobody(void **state)
{
    (void)state;
    come_up();
    begin_to_waver(&virt);
    endless(the_virtualiser_wavers);
    (void)serial_write(&client, "0123456789012345678901234567890123456789", 40);
    assert_true(endless_turns <= 80U);
    enough();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_name_that_is_not_there_is_not_found),
        IN_A_PD(what_is_written_arrives),
        IN_A_PD(a_write_takes_what_fits_and_waits_for_room),
        IN_A_PD(what_is_written_before_the_link_is_up_is_held),
        IN_A_PD(what_is_held_goes_first_and_in_order),
        IN_A_PD(holding_is_bounded),
        IN_A_PD(the_log_goes_to_the_console_without_a_name),
        IN_A_PD(a_log_line_without_room_is_dropped_whole),
        IN_A_PD(a_restart_of_the_virtualiser_holds_what_comes_meanwhile),
        IN_A_PD(a_liar_cannot_make_us_loop),
        cmocka_unit_test(no_room_is_overslept),
        IN_A_PD(room_that_is_shown_and_taken_back_keeps_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
