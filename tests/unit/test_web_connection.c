/* SPDX-License-Identifier: BSD-2-Clause */
/* The web server's conversations: requests, answers, a disk that is slow or fails. */
#include "web_world.h"

static void an_answer_comes_and_the_connection_stays(void **state)
{
    (void)state;
    say(get_text);
    expect_head(5, "");
    expect_text("ttttt");
    expect_no_more();
    assert_false(browser.closed);
    assert_int_equal(the_connection()->phase, READING);
    say("GET /text/0 HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_head(0, "");
    expect_no_more();
}

static void a_request_may_come_in_any_two_pieces(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < sizeof get_text - 1; cut++) {
        char first[sizeof get_text] = "";

        memcpy(first, get_text, cut);
        say(first);
        expect_no_more();
        say(get_text + cut);
        expect_head(5, "");
        expect_text("ttttt");
    }
    expect_no_more();
}

static void requests_at_once_are_answered_in_turn(void **state)
{
    (void)state;
    say("GET /text/3 HTTP/1.1\r\nHost: a\r\n\r\nGET /file/20000 HTTP/1.1\r\nHost: a\r\n\r\n"
        "\r\nHEAD /file/9 HTTP/1.1\r\nHost: a\r\n\r\nGET /json HTTP/1.1\r\nHost: a\r\n\r\n"
        "GET /text/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_head(3, "");
    expect_text("ttt");
    expect_head(20000, "");
    expect_file(20000);
    expect_head(9, "");
    expect_head(JSON_SIZE, "");
    expect_many('j', JSON_SIZE);
    expect_head(1, "");
    expect_text("t");
    expect_no_more();
    expect_nothing_held();
}

/* More than there is room for while an answer waits: TCP keeps it, and nothing is lost. */
static void requests_in_many_packets_wait_for_their_turn(void **state)
{
    (void)state;
    disk.slow = true;
    say("GET /file/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    for (unsigned n = 0; n < 20; n++) {
        say(get_text);
    }
    expect_no_more();
    assert_int_equal(pbuf_clen(the_connection()->input), CONNECTION_INPUT_MAX);
    disk.slow = false;
    server_work();
    world_run(60000);
    expect_head(1, "");
    expect_file(1);
    for (unsigned n = 0; n < 20; n++) {
        expect_head(5, "");
        expect_text("ttttt");
    }
    expect_no_more();
}

static void files_of_all_sizes(void **state)
{
    static const unsigned sizes[] = {0,     1,     1459,  1460,  15383,   15384,  15385,
                                     16384, 32119, 32120, 65536, 1000000, 3000000};

    (void)state;
    for (unsigned n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        char request[80];

        browser.size = expect_at = 0;
        snprintf(request, sizeof request, "GET /file/%u HTTP/1.1\r\nHost: a\r\n\r\n", sizes[n]);
        say(request);
        world_run(1000);
        expect_head(sizes[n], "");
        expect_file(sizes[n]);
        expect_no_more();
        expect_nothing_held();
    }
    assert_true(disk.wanted_ahead > 0);
    assert_true(stream_freed_pages());
    assert_false(stream_freed_pages());
}

/* What is lost is sent again, from where it lay. */
static void packets_are_lost(void **state)
{
    (void)state;
    for (unsigned lose = 7; lose < 40; lose += 4) {
        size_t heads =
            2 * strlen("HTTP/1.1 200 OK\r\nServer: Quoll\r\nContent-Length: 99999\r\n\r\n") + 1;

        world.lose = lose;
        browser.size = expect_at = 0;
        say("GET /file/100000 HTTP/1.1\r\nHost: a\r\n\r\nGET /json HTTP/1.1\r\nHost: a\r\n\r\n");
        for (unsigned n = 0; n < 3000 && browser.size < 170000 + heads; n++) {
            world_run(100);
        }
        expect_head(100000, "");
        expect_file(100000);
        expect_head(JSON_SIZE, "");
        expect_many('j', JSON_SIZE);
        expect_no_more();
        world.lose = 0;
        world_run(10000);
        expect_nothing_held();
    }
}

static void http_1_0_is_answered_once(void **state)
{
    (void)state;
    say("GET /text/2 HTTP/1.0\r\n\r\nGET /text/9 HTTP/1.0\r\n\r\n");
    expect_head(2, "Connection: close\r\n");
    expect_text("tt");
    expect_no_more();
    assert_true(browser.closed);
    assert_int_equal(the_connection()->phase, LEAVING);
    browser_shuts();
    assert_int_equal(in_use(), 0);
    assert_int_equal(browser.error, ERR_OK);
}

static void what_comes_after_the_last_answer_is_thrown_away(void **state)
{
    (void)state;
    say("GET /text/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    for (unsigned n = 0; n < 100; n++) { /* more than its window */
        char junk[1000];

        memset(junk, 'x', sizeof junk - 1);
        junk[sizeof junk - 1] = '\0';
        say(junk);
    }
    expect_head(2, "Connection: close\r\n");
    expect_text("tt");
    expect_no_more();
    assert_int_equal(browser.error, ERR_OK);
    browser_shuts();
    assert_int_equal(in_use(), 0);
    assert_int_equal(browser.error, ERR_OK);
}

static void a_peer_that_closes_at_once_gets_its_answers(void **state)
{
    (void)state;
    say_only("GET /file/50000 HTTP/1.1\r\nHost: a\r\n\r\nGET /text/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    browser_shuts();
    world_run(1000);
    expect_head(50000, "");
    expect_file(50000);
    expect_head(1, "");
    expect_text("t");
    expect_no_more();
    assert_true(browser.closed);
    assert_int_equal(in_use(), 0);
    expect_nothing_held();
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    say("GET\r\n\r\n");
    expect_text("HTTP/1.1 400 Bad Request\r\nServer: Quoll\r\nContent-Length: 4\r\n"
                "Connection: close\r\n\r\n400\n");
    expect_no_more();
    assert_true(browser.closed);
}

/* ---- The disk ---- */

static void a_slow_disk_is_waited_for(void **state)
{
    (void)state;
    disk.slow = true;
    say("GET /file/40000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(the_connection()->waiting);
    world_run(5000);
    expect_no_more(); /* not even a head, which might be wrong */
    fill(0, 0);
    server_work();
    world_run(1000);
    expect_head(40000, "");
    expect_file(PAGE_SIZE - FILE_AT);
    expect_no_more();
    assert_true(the_connection()->waiting);
    disk.slow = false;
    server_work();
    world_run(1000);
    assert_int_equal(browser.size - expect_at, 40000 - (PAGE_SIZE - FILE_AT));
    expect_at -= PAGE_SIZE - FILE_AT;
    expect_file(40000);
    assert_false(the_connection()->waiting);
}

static void a_disk_that_fails_at_once_is_a_503(void **state)
{
    (void)state;
    disk.broken = 0;
    say("GET /file/40000 HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_text("HTTP/1.1 503 Service Unavailable\r\nServer: Quoll\r\nContent-Length: 38\r\n"
                "Retry-After: 1\r\nConnection: close\r\n\r\n"
                "503 the disk failed to read this file\n");
    expect_no_more();
    assert_true(browser.closed);
}

static void a_disk_that_fails_later_breaks_the_connection(void **state)
{
    (void)state;
    disk.broken = 2U * PAGE_SIZE;
    say("GET /file/40000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(browser.error, ERR_RST);
    assert_int_equal(in_use(), 0);
    expect_nothing_held();
}

static void a_disk_that_never_answers_is_a_503(void **state)
{
    (void)state;
    disk.slow = true;
    say("GET /file/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    world_run(18900);
    expect_no_more();
    world_run(2200);
    expect_text("HTTP/1.1 503 Service Unavailable\r\nServer: Quoll\r\nContent-Length: 29\r\n"
                "Retry-After: 1\r\nConnection: close\r\n\r\n503 the disk does not answer\n");
    expect_no_more();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(an_answer_comes_and_the_connection_stays),
        IN_A_PD(a_request_may_come_in_any_two_pieces),
        IN_A_PD(requests_at_once_are_answered_in_turn),
        IN_A_PD(requests_in_many_packets_wait_for_their_turn),
        IN_A_PD(files_of_all_sizes),
        IN_A_PD(packets_are_lost),
        IN_A_PD(http_1_0_is_answered_once),
        IN_A_PD(what_comes_after_the_last_answer_is_thrown_away),
        IN_A_PD(a_peer_that_closes_at_once_gets_its_answers),
        IN_A_PD(what_is_no_request_is_refused),
        IN_A_PD(a_slow_disk_is_waited_for),
        IN_A_PD(a_disk_that_fails_at_once_is_a_503),
        IN_A_PD(a_disk_that_fails_later_breaks_the_connection),
        IN_A_PD(a_disk_that_never_answers_is_a_503),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
