/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "fake_pd.h"

#include "core/pd.c"
#include "serial/tx_virt.c"

#define WIRE  64 /* room in the driver's queue */
#define INPUT 512

static struct fake_peer driver, web, echo;
static char seen[65536];
static size_t seen_length;

static void start(void)
{
    init();
    fake_peer_up(&driver);
    fake_peer_up(&web);
    fake_peer_up(&echo);
    notified(driver.config->channel);
    for (unsigned channel = 0; channel < 3; channel++) {
        (void)fake_signals(channel);
    }
}

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&virt, 0, sizeof virt);
    seen_length = 0;
    fake_link(&driver, LINK_SERIAL_TX_DEVICE, "console", WIRE, 1, 1, 1);
    fake_link(&web, LINK_SERIAL_TX_CLIENT, "web", 1, 1, INPUT, 1);
    fake_link(&echo, LINK_SERIAL_TX_CLIENT, "echo", 1, 1, INPUT, 1);
    web.config->settings.serial.colour = 2;
    start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

/* The client puts what fits; how much that was. */
static size_t put(struct fake_peer *client, const char *text)
{
    size_t done = 0;

    queue_look_for_room(&client->out);
    while (text[done] != '\0' && serial_bytes_put(&client->out, (const uint8_t *)&text[done])) {
        done++;
    }
    (void)queue_publish(&client->out);
    return done;
}

static void wake(const struct fake_peer *peer)
{
    notified(peer->config->channel);
}

static void say(struct fake_peer *client, const char *text)
{
    assert_int_equal(put(client, text), strlen(text));
    wake(client);
}

/* The driver takes everything now, and again as long as something comes. */
static const char *shown(void)
{
    uint8_t byte;

    while (queue_look(&driver.in) > 0) {
        while (serial_bytes_take(&driver.in, &byte)) {
            assert_true(seen_length < sizeof seen - 1);
            seen[seen_length++] = (char)byte;
        }
        (void)queue_release(&driver.in);
        wake(&driver);
    }
    seen[seen_length] = '\0';
    seen_length = 0;
    return seen;
}

#define WEB  "\x1b[32mweb\x1b[0m: "
#define ECHO "echo: "

static void a_line_has_its_clients_name_in_its_colour(void **state)
{
    (void)state;
    say(&web, "hello\n");
    assert_string_equal(shown(), WEB "hello\r\n");
    say(&echo, "hi\n\nthere\n");
    assert_string_equal(shown(), ECHO "hi\r\n" ECHO "\r\n" ECHO "there\r\n");
    assert_int_equal(fake_link_count(&web, COUNT_BYTES), 5);
    assert_int_equal(fake_link_count(&echo, COUNT_BYTES), 7);
}

static void a_colour_out_of_range_is_none(void **state)
{
    (void)state;
    web.config->settings.serial.colour = 7;
    say(&web, "x\n");
    assert_string_equal(shown(), "web: x\r\n");
}

static void control_characters_cannot_pass(void **state)
{
    char text[300];
    size_t n = 0;

    (void)state;
    for (unsigned byte = 1; byte < 256; byte++) {
        if (byte != '\n') {
            text[n++] = (char)byte;
        }
    }
    text[n++] = '\n';
    text[n] = '\0';
    say(&web, text);
    const char *line = shown() + strlen(WEB);

    for (n = 0; n + 2 < strlen(line); n++) {
        assert_true((line[n] >= ' ' && line[n] <= '~') || line[n] == '\t');
        assert_true(line[n] == text[n] || line[n] == '?');
    }
    assert_int_equal(n, 254);
    /* 255 values but \n, less 95 printable ones and the tab */
    assert_int_equal(fake_link_count(&web, COUNT_REFUSED), 254 - 95 - 1);
    say(&web, "\x1b[31mecho\x1b[0m: lies\rall\b\n");
    assert_string_equal(shown(), WEB "?[31mecho?[0m: lies?all?\r\n");
}

static void a_nul_is_replaced_too(void **state)
{
    uint8_t nul = 0;

    (void)state;
    fake_put(serial_bytes, &web, &nul);
    say(&web, "\n");
    assert_string_equal(shown(), WEB "?\r\n");
}

static void an_unfinished_line_is_shown_and_goes_on(void **state)
{
    (void)state;
    say(&web, "one");
    assert_string_equal(shown(), WEB "one");
    say(&web, " two");
    assert_string_equal(shown(), " two");
    say(&web, "\n");
    assert_string_equal(shown(), "\r\n");
}

static void another_client_ends_an_unfinished_line(void **state)
{
    (void)state;
    say(&web, "one");
    assert_string_equal(shown(), WEB "one");
    say(&echo, "hi\n");
    assert_string_equal(shown(), "\r\n" ECHO "hi\r\n");
    say(&web, " two\n");
    assert_string_equal(shown(), WEB " two\r\n");
}

static void clients_take_turns_by_line(void **state)
{
    (void)state;
    put(&web, "1\n2\n3\n");
    say(&echo, "a\nb\n");
    assert_string_equal(shown(), WEB "1\r\n" ECHO "a\r\n" WEB "2\r\n" ECHO "b\r\n" WEB "3\r\n");
}

static void a_line_is_not_interrupted(void **state)
{
    (void)state;
    say(&web, "a line that is longer than the wire's queue has room for; the other speaks\n");
    say(&echo, "meanwhile\n");
    assert_string_equal(
        shown(),
        WEB "a line that is longer than the wire's queue has room for; the other speaks\r\n" ECHO
            "meanwhile\r\n");
}

static void a_line_of_the_greatest_length_stays_one(void **state)
{
    char text[SERIAL_LINE_MAX + 2], expected[400];

    (void)state;
    memset(text, 'x', SERIAL_LINE_MAX);
    strcpy(text + SERIAL_LINE_MAX, "\n");
    sprintf(expected, WEB "%.*s\r\n", (int)SERIAL_LINE_MAX, text);
    say(&web, text);
    assert_string_equal(shown(), expected);
}

static void a_longer_line_is_broken_and_loses_its_turn(void **state)
{
    char text[SERIAL_LINE_MAX + 3], expected[400];

    (void)state;
    memset(text, 'x', SERIAL_LINE_MAX);
    strcpy(text + SERIAL_LINE_MAX, "y\n");
    sprintf(expected, WEB "%.*s\r\n" ECHO "hi\r\n" WEB "y\r\n", (int)SERIAL_LINE_MAX, text);
    put(&web, text);
    say(&echo, "hi\n");
    assert_string_equal(shown(), expected);
}

/* A client that always has more keeps nobody from the line for longer than one of its own. */
static void a_flood_does_not_keep_others_from_the_line(void **state)
{
    char flood[INPUT + 1];
    unsigned before = 0;
    uint8_t byte;

    (void)state;
    memset(flood, 'f', INPUT);
    flood[INPUT] = '\0';
    say(&web, flood);
    say(&echo, "help\n");
    for (;; before++) {
        fake_take(serial_bytes, &driver, &byte);
        put(&web, "ffffffff");
        wake(&driver);
        if (byte == 'h') {
            break;
        }
    }
    assert_true(before < SERIAL_LINE_MAX + 2 * STAGE_MAX);
}

static void a_flood_of_empty_lines_is_served_in_turn(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 50; n++) {
        put(&web, "\n");
    }
    say(&web, "\n");
    say(&echo, "help\n");
    const char *text = shown();
    const char *help = strstr(text, "help");

    assert_non_null(help);
    /* What was on its way, and one more line. */
    assert_true((size_t)(help - text) < WIRE + 2 * STAGE_MAX);
}

static void nothing_is_lost_for_want_of_room(void **state)
{
    static char text[INPUT];
    size_t n = 0;

    (void)state;
    for (unsigned line = 0; line < 40; line++) {
        n += (size_t)sprintf(text + n, "line %02u\n", line);
    }
    say(&web, text);
    assert_int_equal(queue_look(&driver.in), WIRE);
    const char *all = shown();

    for (unsigned line = 0; line < 40; line++) {
        char expected[64];

        sprintf(expected, WEB "line %02u\r\n", line);
        assert_memory_equal(all, expected, strlen(expected));
        all += strlen(expected);
    }
    assert_string_equal(all, "");
}

static void a_full_driver_is_asked_to_tell_of_room(void **state)
{
    (void)state;
    say(&web, "0123456789\n");
    (void)shown();
    uint32_t begin = driver.pd->produce.tail;

    say(&web, "a line that is longer than the wire's queue has room for, by far, isn't it?\n");
    assert_int_equal(driver.pd->produce.tail, begin + WIRE);
    assert_int_equal(driver.pd->produce.room_at, begin);
}

static void a_client_is_told_of_room_only_if_it_waits(void **state)
{
    char flood[INPUT + 1];

    (void)state;
    memset(flood, 'f', INPUT);
    flood[INPUT] = '\0';
    assert_int_equal(put(&web, flood), INPUT);
    assert_true(queue_wait_for_room(&web.out));
    wake(&web);
    assert_int_equal(fake_signals(web.config->channel), 1);
    (void)shown();
    assert_int_equal(fake_signals(web.config->channel), 0);
}

static void the_driver_is_notified_only_when_it_sleeps(void **state)
{
    uint8_t byte;

    (void)state;
    assert_true(queue_sleep(&driver.in));
    say(&web, "a\n");
    assert_int_equal(fake_signals(driver.config->channel), 1);
    say(&web, "b\n");
    assert_int_equal(fake_signals(driver.config->channel), 0);
    fake_take(serial_bytes, &driver, &byte);
    wake(&driver);
    assert_int_equal(fake_signals(driver.config->channel), 0);
}

static void impossible_indices_silence_one_client_alone(void **state)
{
    (void)state;
    say(&echo, "be");
    web.half->produce.tail += INPUT + 1;
    wake(&web);
    wake(&web);
    say(&echo, "fore\n");
    assert_string_equal(shown(), ECHO "before\r\n");
    assert_int_equal(fake_link_count(&web, COUNT_BROKEN), 1);
    assert_int_equal(fake_link_count(&web, COUNT_TAKEN), 0);
    fake_peer_new_life(&web);
    wake(&web);
    say(&web, "back\n");
    assert_string_equal(shown(), WEB "back\r\n");
}

static void a_driver_with_impossible_indices_cannot_make_us_loop(void **state)
{
    (void)state;
    driver.half->consume.head = 1000;
    say(&web, "hello\n");
    assert_int_equal(driver.pd->produce.tail, 0);
    assert_int_equal(fake_link_count(&driver, COUNT_BROKEN), 1);
    fake_peer_new_life(&driver);
    wake(&driver);
    assert_string_equal(shown(), "\x1b[0m\r\n" WEB "hello\r\n");
}

static void an_unfinished_line_dies_with_its_client(void **state)
{
    (void)state;
    say(&web, "half");
    fake_peer_new_life(&web);
    wake(&web);
    say(&web, "anew\n");
    assert_string_equal(shown(), WEB "half\r\n" WEB "anew\r\n");
}

static void a_new_life_of_the_driver_begins_on_a_line_of_its_own(void **state)
{
    (void)state;
    say(&web, "half");
    fake_peer_new_life(&driver);
    wake(&driver);
    assert_string_equal(shown(), "\x1b[0m\r\n");
    say(&web, " done\n");
    assert_string_equal(shown(), WEB " done\r\n");
}

static void without_a_driver_clients_bytes_wait(void **state)
{
    (void)state;
    fake_lives[driver.config->peer_pd] += 1;
    say(&web, "hello\n");
    fake_peer_up(&driver);
    wake(&driver);
    assert_string_equal(shown(), "\x1b[0m\r\n" WEB "hello\r\n");
}

/* Our own restart: variables zero, everybody sets up anew. */
static void our_new_life_begins_on_a_line_of_its_own(void **state)
{
    (void)state;
    say(&web, "half");
    fake_lives[fake_config.pd] += 1;
    memset(&virt, 0, sizeof virt);
    start();
    say(&web, "hello\n");
    assert_string_equal(shown(), "\x1b[0m\r\n" WEB "hello\r\n");
}

static void the_longest_name_fits(void **state)
{
    (void)state;
    strcpy(web.config->name, "abcdefghijklmnopqrstuvwxyz01234");
    say(&web, "x");
    fake_peer_new_life(&web);
    wake(&web);
    say(&web, "y\n");
    assert_string_equal(shown(), "\x1b[32mabcdefghijklmnopqrstuvwxyz01234\x1b[0m: x\r\n"
                                 "\x1b[32mabcdefghijklmnopqrstuvwxyz01234\x1b[0m: y\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_line_has_its_clients_name_in_its_colour),
        IN_A_PD(a_colour_out_of_range_is_none),
        IN_A_PD(control_characters_cannot_pass),
        IN_A_PD(a_nul_is_replaced_too),
        IN_A_PD(an_unfinished_line_is_shown_and_goes_on),
        IN_A_PD(another_client_ends_an_unfinished_line),
        IN_A_PD(clients_take_turns_by_line),
        IN_A_PD(a_line_is_not_interrupted),
        IN_A_PD(a_line_of_the_greatest_length_stays_one),
        IN_A_PD(a_longer_line_is_broken_and_loses_its_turn),
        IN_A_PD(a_flood_does_not_keep_others_from_the_line),
        IN_A_PD(a_flood_of_empty_lines_is_served_in_turn),
        IN_A_PD(nothing_is_lost_for_want_of_room),
        IN_A_PD(a_full_driver_is_asked_to_tell_of_room),
        IN_A_PD(a_client_is_told_of_room_only_if_it_waits),
        IN_A_PD(the_driver_is_notified_only_when_it_sleeps),
        IN_A_PD(impossible_indices_silence_one_client_alone),
        IN_A_PD(a_driver_with_impossible_indices_cannot_make_us_loop),
        IN_A_PD(an_unfinished_line_dies_with_its_client),
        IN_A_PD(a_new_life_of_the_driver_begins_on_a_line_of_its_own),
        IN_A_PD(without_a_driver_clients_bytes_wait),
        IN_A_PD(our_new_life_begins_on_a_line_of_its_own),
        IN_A_PD(the_longest_name_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
