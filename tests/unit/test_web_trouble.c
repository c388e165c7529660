/* SPDX-License-Identifier: BSD-2-Clause */
/* The web server's peers that are slow, vanish or are too many, and a TCP without memory. */
#include "web_world.h"

static void browser_leaves(void)
{
    tcp_arg(browser.pcb, NULL);
    tcp_abort(browser.pcb);
    world_run(0);
}

static void browser_reads_on(void)
{
    browser.busy = false;
    while (browser.unread > 0) {
        u16_t part = browser.unread > 0x7000 ? 0x7000 : (u16_t)browser.unread;

        tcp_recved(browser.pcb, part);
        browser.unread -= part;
    }
    world_run(0);
}

/* ---- Time ---- */

static void half_a_request_is_waited_for_ten_seconds(void **state)
{
    (void)state;
    say("GET /");
    world_run(8900);
    expect_no_more();
    world_run(2200);
    expect_text("HTTP/1.1 408 ");
    assert_true(browser.closed);
}

static void a_peer_that_says_nothing_gets_a_408_or_just_an_end(void **state)
{
    (void)state;
    world_run(8900);
    assert_false(browser.closed);
    world_run(2200);
    expect_text("HTTP/1.1 408 ");
    assert_true(browser.closed);
    browser_shuts();
    assert_int_equal(in_use(), 0);

    come();
    expect_at = 0;
    say(get_text);
    expect_head(5, "");
    expect_text("ttttt");
    world_run(28900);
    assert_false(browser.closed);
    world_run(2200);
    expect_no_more();
    assert_true(browser.closed);
    assert_int_equal(in_use(), 1);
    world_run(6200); /* it does not close its side: left to TCP */
    assert_int_equal(in_use(), 0);
    assert_int_equal(browser.error, ERR_OK);
}

static void a_peer_that_does_not_read_is_given_up(void **state)
{
    (void)state;
    browser.busy = true;
    say("GET /file/1000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(disk.pinned > 0 && disk.pinned <= CONNECTION_PIECES);
    world_run(18000);
    assert_int_equal(in_use(), 1);
    world_run(3200);
    assert_int_equal(in_use(), 0);
    browser_reads_on(); /* and is told so */
    assert_int_equal(browser.error, ERR_RST);
    expect_nothing_held();
}

static void a_peer_that_reads_slowly_but_does_gets_it_all(void **state)
{
    (void)state;
    say("GET /file/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
    browser.size = expect_at = 0;
    browser.busy = true;
    say("GET /file/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
    for (unsigned n = 0; n < 30; n++) {
        world_run(15000);
        browser_reads_on();
        browser.busy = true;
    }
    expect_head(100000, "");
    expect_file(100000);
    expect_no_more();
}

static void a_peer_that_does_not_close_is_left_to_tcp(void **state)
{
    (void)state;
    say("GET /text/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_true(browser.closed);
    world_run(3900);
    assert_int_equal(in_use(), 1);
    world_run(2200);
    assert_int_equal(in_use(), 0);
    assert_int_equal(browser.error, ERR_OK);
}

static void a_last_answer_that_is_not_read_is_given_up(void **state)
{
    (void)state;
    browser.busy = true;
    say("GET /file/20000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_int_equal(the_connection()->phase, LEAVING);
    world_run(6200);
    assert_int_equal(in_use(), 0);
    browser_reads_on(); /* and is told so */
    assert_int_equal(browser.error, ERR_RST);
    expect_nothing_held();
}

/* ---- What goes wrong ---- */

static const char conversation[] = "GET /text/3 HTTP/1.1\r\nHost: a\r\n\r\n"
                                   "GET /file/70000 HTTP/1.1\r\nHost: a\r\n\r\n"
                                   "GET /json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

static void expect_conversation(void)
{
    expect_head(3, "");
    expect_text("ttt");
    expect_head(70000, "");
    expect_file(70000);
    expect_head(JSON_SIZE, "Connection: close\r\n");
    expect_many('j', JSON_SIZE);
    expect_no_more();
    assert_true(browser.closed);
}

/* TCP has no memory, at each of its calls in turn: later it has. */
static void any_call_may_fail(void **state)
{
    unsigned calls = 1;

    (void)state;
    browser_leaves();
    for (unsigned n = 1; n <= calls; n++) {
        come();
        expect_at = 0;
        world.calls = 0;
        world.fail_in = n;
        say(conversation);
        world_run(3000);
        expect_conversation();
        browser_shuts();
        world_run(100);
        calls = world.calls;
        assert_int_equal(in_use(), 0);
        expect_nothing_held();
        world.fail_in = 0;
        if (browser.pcb != NULL) {
            browser_leaves();
        }
    }
    assert_true(calls > 20);
}

/* The peer resets the connection after each number of its bytes. */
static void a_peer_may_vanish_at_any_time(void **state)
{
    (void)state;
    browser_leaves();
    for (size_t after = 0; after <= sizeof conversation - 1; after += 9) {
        char part[sizeof conversation] = "";

        memcpy(part, conversation, after);
        come();
        browser.busy = true; /* so that much is under way */
        say(part);
        browser_leaves();
        assert_int_equal(in_use(), 0);
        expect_nothing_held();
    }
}

static void a_peer_may_vanish_without_a_word(void **state)
{
    (void)state;
    say_only("GET /file/70000 HTTP/1.1\r\nHost: a\r\n\r\n");
    world.lose = 1;
    world_run(0);
    say_only("x");
    world_run(40000);
    assert_int_equal(in_use(), 0);
    expect_nothing_held();
}

/* One address has at most so many; who comes then is told so. */
static void one_peer_cannot_have_all_connections(void **state)
{
    (void)state;
    for (unsigned n = 1; n < CONNECTIONS_PER_REMOTE; n++) {
        come();
    }
    assert_int_equal(in_use(), CONNECTIONS_PER_REMOTE);
    come();
    assert_int_equal(in_use(), CONNECTIONS_PER_REMOTE);
    expect_text(too_many);
    expect_no_more();
    assert_true(browser.closed);
    world.fail_in = 2; /* lwIP cannot even close it */
    come();
    assert_int_equal(browser.error, ERR_RST);
    assert_int_equal(in_use(), CONNECTIONS_PER_REMOTE);
}

static void odd_connections_are_not_accepted(void **state)
{
    (void)state;
    assert_int_equal(on_accept(NULL, NULL, ERR_OK), ERR_VAL);
    assert_int_equal(on_accept(NULL, browser.pcb, ERR_MEM), ERR_VAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(half_a_request_is_waited_for_ten_seconds),
        IN_A_PD(a_peer_that_says_nothing_gets_a_408_or_just_an_end),
        IN_A_PD(a_peer_that_does_not_read_is_given_up),
        IN_A_PD(a_peer_that_reads_slowly_but_does_gets_it_all),
        IN_A_PD(a_peer_that_does_not_close_is_left_to_tcp),
        IN_A_PD(a_last_answer_that_is_not_read_is_given_up),
        IN_A_PD(any_call_may_fail),
        IN_A_PD(a_peer_may_vanish_at_any_time),
        IN_A_PD(a_peer_may_vanish_without_a_word),
        IN_A_PD(one_peer_cannot_have_all_connections),
        IN_A_PD(odd_connections_are_not_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
