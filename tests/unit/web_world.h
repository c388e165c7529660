/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The web server's connections on a real TCP whose other end is the test too; disk and
 * answers are played. A request's path says what the answer shall be:
 *
 *     /text/N     N bytes of text           /file/N     a file of N bytes on the disk
 *     /json       a text of counters
 *
 * A page that nobody pins is overwritten at once, so what TCP sends from it (or sends
 * again) shows whether it was pinned long enough.
 */
#ifndef WEB_WORLD_H
#define WEB_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "lwip_world.h"

#include "examples/webserver/connection.c"
#include "examples/webserver/server.c"
#include "examples/webserver/stream.c"

/* ---- The disk ---- */

#define PAGES     64U
#define PAGE_SIZE DISK_PIECE_MAX

static struct {
    unsigned char *page[PAGES];
    unsigned pins[PAGES];
    uint64_t piece[PAGES]; /* which lies there */
    unsigned pinned;       /* pins in all */
    bool slow;             /* nothing is here yet */
    uint64_t broken;       /* the byte at which it cannot be read; UINT64_MAX: none */
    unsigned wanted_ahead;
} disk;

static unsigned char content(uint64_t offset)
{
    return (unsigned char)(offset * 31 / 7 + (offset >> 11));
}

static void scrub(uint32_t page)
{
    disk.piece[page] = UINT64_MAX;
    memset(disk.page[page], '!', PAGE_SIZE);
}

static void fill(uint32_t page, uint64_t piece)
{
    disk.piece[page] = piece;
    for (uint32_t i = 0; i < PAGE_SIZE; i++) {
        disk.page[page][i] = content(piece * PAGE_SIZE + i);
    }
}

enum disk_answer disk_want(uint64_t offset, uint32_t *page)
{
    uint64_t piece = offset / PAGE_SIZE;

    if (offset / PAGE_SIZE == disk.broken / PAGE_SIZE) {
        return DISK_ERROR;
    }
    for (*page = 0; *page < PAGES; *page += 1) {
        if (disk.piece[*page] == piece) {
            return DISK_HERE;
        }
    }
    for (*page = 0; disk.pins[*page] > 0; *page += 1) {
        assert_true(*page + 1 < PAGES);
    }
    if (disk.slow) {
        return DISK_WAIT;
    }
    fill(*page, piece);
    return DISK_HERE;
}

void disk_want_ahead(uint64_t offset)
{
    (void)offset;
    disk.wanted_ahead += 1;
}

const void *disk_bytes(uint32_t page, uint64_t offset, uint32_t *length)
{
    assert_int_equal(disk.piece[page], offset / PAGE_SIZE);
    *length = PAGE_SIZE - (uint32_t)(offset % PAGE_SIZE);
    return disk.page[page] + offset % PAGE_SIZE;
}

void disk_pin(uint32_t page)
{
    disk.pins[page] += 1;
    disk.pinned += 1;
}

void disk_unpin(uint32_t page)
{
    assert_true(disk.pins[page] > 0);
    disk.pins[page] -= 1;
    disk.pinned -= 1;
    if (disk.pins[page] == 0) {
        scrub(page);
    }
}

/* ---- Answers ---- */

#define JSON_SIZE 70000U
#define FILE_AT   1000U /* where the file begins on the disk */

static char json[JSON_SIZE];
static unsigned jsons; /* on their way */
static struct site_file file = {.offset = FILE_AT};

const char *answer_json(uint8_t number)
{
    assert_int_equal(number, 2);
    assert_int_equal(jsons, 1);
    return json;
}

void answer_json_done(uint8_t number)
{
    assert_int_equal(number, 2);
    assert_int_equal(jsons, 1);
    jsons = 0;
    memset(json, '!', sizeof json);
}

static void begin_answer(struct answer *a, const struct http_request *request, unsigned status)
{
    a->head = (struct http_response){
        .status = status, .keep_alive = request->keep_alive, .minor = request->minor};
    a->has_body = request->method != HTTP_HEAD;
    a->json = ANSWER_NO_JSON;
    a->file = NULL;
}

void answer_status(struct answer *a, const struct http_request *request, unsigned status,
                   const char *why)
{
    begin_answer(a, request, status);
    a->head.length = (uint64_t)snprintf(a->text, sizeof a->text, "%u%s%s\n", status,
                                        why == NULL ? "" : " ", why == NULL ? "" : why);
}

void answer_to(struct answer *a, const struct http_request *request)
{
    unsigned long size =
        strtoul(strchr(request->path, '/') == NULL ? "0" : request->path + 5, NULL, 10);

    begin_answer(a, request, 200);
    if (strncmp(request->path, "text/", 5) == 0) {
        assert_true(size < sizeof a->text);
        a->head.length = size;
        memset(a->text, 't', size);
    } else if (strncmp(request->path, "file/", 5) == 0) {
        a->head.length = file.size = size;
        a->file = &file;
    } else {
        assert_string_equal(request->path, "json");
        assert_int_equal(jsons, 0);
        a->head.length = JSON_SIZE;
        if (a->has_body) {
            a->json = 2;
            jsons = 1;
            memset(json, 'j', sizeof json);
        }
    }
}

/* ---- The browser ---- */

#define MOST (4U << 20)

static struct {
    struct tcp_pcb *pcb;
    bool closed; /* by the server */
    bool busy;   /* reads nothing: the window closes */
    err_t error; /* how the connection ended, if not politely */
    size_t size, unread;
    unsigned char data[MOST];
} browser;

static err_t browser_received(void *argument, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    (void)argument;
    assert_int_equal(error, ERR_OK);
    if (p == NULL) {
        browser.closed = true;
        return ERR_OK;
    }
    assert_true(browser.size + p->tot_len <= MOST);
    browser.size += pbuf_copy_partial(p, browser.data + browser.size, p->tot_len, 0);
    if (browser.busy) {
        browser.unread += p->tot_len;
    } else {
        tcp_recved(pcb, p->tot_len);
    }
    pbuf_free(p);
    return ERR_OK;
}

static void browser_error(void *argument, err_t error)
{
    (void)argument;
    browser.error = error == ERR_CLSD ? ERR_OK : error; /* both have closed */
    browser.pcb = NULL;
}

static err_t browser_connected(void *argument, struct tcp_pcb *pcb, err_t error)
{
    (void)argument, (void)pcb;
    return error;
}

static void come(void)
{
    browser.pcb = tcp_new();
    browser.closed = browser.busy = false;
    browser.error = ERR_OK;
    browser.size = browser.unread = 0;
    tcp_recv(browser.pcb, browser_received);
    tcp_err(browser.pcb, browser_error);
    tcp_nagle_disable(browser.pcb);
    assert_int_equal(tcp_connect(browser.pcb, &world.netif.ip_addr, 80, browser_connected), ERR_OK);
    world_run(0);
}

static void say_only(const char *text)
{
    assert_int_equal((tcp_write)(browser.pcb, text, (u16_t)strlen(text), TCP_WRITE_FLAG_COPY),
                     ERR_OK);
    tcp_output(browser.pcb);
}

static void say(const char *text)
{
    say_only(text);
    world_run(0);
}

static void browser_shuts(void)
{
    assert_int_equal((tcp_shutdown)(browser.pcb, 0, 1), ERR_OK);
    world_run(0);
}

/* What came, up to here, is `head` and `length` bytes of a file's, 't's or 'j's. */
static size_t expect_at;

static void expect_text(const char *text)
{
    assert_true(browser.size - expect_at >= strlen(text));
    assert_memory_equal(browser.data + expect_at, text, strlen(text));
    expect_at += strlen(text);
}

static void expect_head(size_t length, const char *more)
{
    char head[300];

    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nServer: Quoll\r\nContent-Length: %zu\r\n%s\r\n",
             length, more);
    expect_text(head);
}

static void expect_file(size_t length)
{
    assert_true(browser.size - expect_at >= length);
    for (size_t i = 0; i < length; i++) {
        if (browser.data[expect_at + i] != content(FILE_AT + i)) {
            fail_msg("byte %zu of %zu of the file", i, length);
        }
    }
    expect_at += length;
}

static void expect_many(char c, size_t length)
{
    assert_true(browser.size - expect_at >= length);
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(browser.data[expect_at + i], c);
    }
    expect_at += length;
}

static void expect_no_more(void)
{
    assert_int_equal(browser.size, expect_at);
}

static unsigned in_use(void)
{
    unsigned used = 0;

    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        used += connections[i].pcb != NULL;
    }
    return used;
}

static struct connection *the_connection(void)
{
    assert_int_equal(in_use(), 1);
    return &connections[CONNECTIONS_MAX - 1];
}

static void expect_nothing_held(void)
{
    assert_int_equal(disk.pinned, 0);
    assert_int_equal(jsons, 0);
}

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    for (unsigned n = 0; n < PAGES; n++) {
        disk.page[n] = malloc(PAGE_SIZE);
        disk.pins[n] = 0;
        scrub(n);
    }
    disk.slow = false;
    disk.broken = UINT64_MAX;
    disk.wanted_ahead = disk.pinned = 0;
    jsons = 0;
    expect_at = 0;
    world_begin();
    assert_true(server_start(80));
    come();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_end();
    assert_int_equal(in_use(), 0);
    expect_nothing_held();
    for (unsigned n = 0; n < PAGES; n++) {
        free(disk.page[n]);
    }
    fake_finish();
    return 0;
}

static const char get_text[] = "GET /text/5 HTTP/1.1\r\nHost: a\r\n\r\n";

#endif
