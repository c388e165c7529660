/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The web server's reader of requests: what it makes of good ones, how it refuses
 * others, and that neither depends on how a request is cut into pieces.
 */
#include <string.h>

#include "fake_pd.h"

#include "examples/webserver/http.c"
#include "examples/webserver/http_fields.c"
#include "examples/webserver/response.c"

/* Read all of it in pieces of `step` bytes; the answer to the whole. */
static unsigned read_in_steps(struct http_request *r, const char *text, size_t size, size_t step,
                              size_t *total)
{
    unsigned status = 0;

    http_begin(r);
    for (*total = 0; *total < size && status == 0;) {
        size_t piece = size - *total < step ? size - *total : step;
        size_t used;

        status = http_read(r, text + *total, piece, &used);
        assert_true(used <= piece);
        assert_true(status != 0 || used == piece);
        *total += used;
    }
    return status;
}

/* The same whatever the pieces: at once, byte by byte, and in steps of three and seven. */
static unsigned read_sized(struct http_request *r, const char *text, size_t size)
{
    static const size_t steps[] = {1, 3, 7};
    struct http_request other;
    size_t used, used_other;
    unsigned status = read_in_steps(r, text, size, size, &used);

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(read_in_steps(&other, text, size, steps[i], &used_other), status);
        assert_int_equal(used_other, used);
        assert_memory_equal(&other, r, sizeof other);
    }
    return status;
}

static unsigned read_text(struct http_request *r, const char *text)
{
    return read_sized(r, text, strlen(text));
}

static void a_simple_request(void **state)
{
    struct http_request r;

    assert_int_equal(read_text(&r, "GET /a/b.txt HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_int_equal(r.method, HTTP_GET);
    assert_string_equal(r.path, "a/b.txt");
    assert_int_equal(r.path_length, 7);
    assert_int_equal(r.minor, 1);
    assert_true(r.keep_alive);
    assert_false(r.has_body);
    assert_false(r.odd_path);
    (void)state;
}

struct example {
    const char *text;
    unsigned status;
};

static void refused_and_accepted(void **state)
{
#define H "Host: x\r\n"
    static const struct example examples[] = {
        /* request line */
        {"GET / HTTP/1.1\r\n" H "\r\n", 200},
        {"GET / HTTP/1.1\n" H "\n", 200},
        {"\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 200},
        {"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400},
        {" GET / HTTP/1.1\r\n" H "\r\n", 400},
        {"GET  / HTTP/1.1\r\n" H "\r\n", 400},
        {"GET /  HTTP/1.1\r\n" H "\r\n", 400},
        {"GET / HTTP/1.1 \r\n" H "\r\n", 400},
        {"GET /\r\n" H "\r\n", 400},
        {"GET /\n", 400},
        {"GET / HTTP/1.1\rX", 400},
        {"GET\t/ HTTP/1.1\r\n" H "\r\n", 400},
        {"G\x01T / HTTP/1.1\r\n" H "\r\n", 400},
        {"\x16\x03\x01", 400},
        {"GET / http/1.1\r\n" H "\r\n", 400},
        {"GET / HTTP/1.11\r\n" H "\r\n", 400},
        {"GET / HTTP/11.1\r\n" H "\r\n", 400},
        {"GET / HTTP/1\r\n" H "\r\n", 400},
        {"GET / HTTP/0.9\r\n" H "\r\n", 400},
        {"GET / HTTP/1.2\r\n" H "\r\n", 200},
        {"GET / HTTP/2.0\r\n" H "\r\n", 505},
        {"GET / HTTP/9.9\r\n" H "\r\n", 505},
        /* target */
        {"GET x HTTP/1.1\r\n" H "\r\n", 400},
        {"GET * HTTP/1.1\r\n" H "\r\n", 400},
        {"GET /a#b HTTP/1.1\r\n" H "\r\n", 400},
        {"GET /?a#b HTTP/1.1\r\n" H "\r\n", 400},
        {"GET /\x80 HTTP/1.1\r\n" H "\r\n", 400},
        {"GET /\x7f HTTP/1.1\r\n" H "\r\n", 400},
        {"GET /% HTTP/1.1\r\n" H "\r\n", 400},
        {"GET /%4 HTTP/1.1\r\n" H "\r\n", 400},
        {"GET /%4g HTTP/1.1\r\n" H "\r\n", 400},
        {"GET /%g4 HTTP/1.1\r\n" H "\r\n", 400},
        {"GET http://x/ HTTP/1.1\r\n" H "\r\n", 200},
        {"GET HTTP://x:80/ HTTP/1.1\r\n" H "\r\n", 200},
        {"GET http://x HTTP/1.1\r\n" H "\r\n", 200},
        {"GET http://x?q HTTP/1.1\r\n" H "\r\n", 200},
        {"GET http:/x/ HTTP/1.1\r\n" H "\r\n", 400},
        {"GET http:/// HTTP/1.1\r\n" H "\r\n", 400},
        {"GET https://x/ HTTP/1.1\r\n" H "\r\n", 400},
        {"GET htt HTTP/1.1\r\n" H "\r\n", 400},
        {"OPTIONS * HTTP/1.1\r\n" H "\r\n", 200},
        {"CONNECT x:80 HTTP/1.1\r\n" H "\r\n", 200},
        {"OPTIONS \x01 HTTP/1.1\r\n" H "\r\n", 400},
        /* Host: RFC 9112, 3.2 */
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.0\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\n" H H "\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHOST:x\r\n\r\n", 200},
        /* fields: RFC 9112, 5 */
        {"GET / HTTP/1.1\r\n" H "A : b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H " A: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H ": b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "A\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "A: \x01\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "A: \x7f\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "A: \xff\t \r\n\r\n", 200},
        {"GET / HTTP/1.1\r\n" H "A:\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\n" H "\rX", 400},
        /* bodies: RFC 9112, 6 */
        {"GET / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Content-Length: 1234567890123456789\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, Chunked\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, gzip\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" H "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"GET / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 400},
    };
    struct http_request r;

    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        unsigned status = read_text(&r, examples[i].text);

        if (status != examples[i].status) {
            print_error("request %zu: %s", i, examples[i].text);
        }
        assert_int_equal(status, examples[i].status);
    }
    (void)state;
}

static void a_nul_is_refused_everywhere(void **state)
{
    static const char whole[] = "GET /abc HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n";
    char text[sizeof whole];
    struct http_request r;

    for (size_t i = 0; i < sizeof whole - 1; i++) {
        memcpy(text, whole, sizeof whole);
        text[i] = '\0';
        assert_int_equal(read_sized(&r, text, sizeof whole - 1), 400);
    }
    (void)state;
}

/* Whatever single byte is changed, the reader ends within the text or wants more. */
static void any_byte_may_be_anything(void **state)
{
    static const char whole[] = "GET /a%20b?c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                "If-None-Match: \"x\"\r\nContent-Length: 0\r\n\r\n";
    char text[sizeof whole];
    struct http_request r;

    for (size_t i = 0; i < sizeof whole - 1; i++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(text, whole, sizeof whole);
            text[i] = (char)byte;
            unsigned status = read_sized(&r, text, sizeof whole - 1);

            assert_true(status == 0 || status == 200 || status == 400 || status == 505);
        }
    }
    (void)state;
}

static void each_prefix_wants_more(void **state)
{
    static const char whole[] = "HEAD /a HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n";
    struct http_request r;

    for (size_t i = 0; i < sizeof whole - 1; i++) {
        assert_int_equal(read_sized(&r, whole, i), 0);
        assert_int_equal(http_begun(&r), i > 0);
    }
    assert_int_equal(read_sized(&r, whole, sizeof whole - 1), 200);
    (void)state;
}

static void the_rest_is_left_for_the_next_request(void **state)
{
    static const char two[] =
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
    struct http_request r;
    size_t used;

    assert_int_equal(read_in_steps(&r, two, sizeof two - 1, sizeof two - 1, &used), 200);
    assert_int_equal(used, (sizeof two - 1) / 2);
    assert_string_equal(r.path, "1");
    assert_int_equal(read_in_steps(&r, two + used, used, used, &used), 200);
    assert_string_equal(r.path, "2");
    (void)state;
}

static void methods(void **state)
{
    static const struct {
        const char *name;
        enum http_method method;
    } methods[] = {
        {"GET", HTTP_GET},
        {"HEAD", HTTP_HEAD},
        {"POST", HTTP_NOT_ALLOWED},
        {"PUT", HTTP_NOT_ALLOWED},
        {"DELETE", HTTP_NOT_ALLOWED},
        {"OPTIONS", HTTP_NOT_ALLOWED},
        {"TRACE", HTTP_NOT_ALLOWED},
        {"PATCH", HTTP_NOT_ALLOWED},
        {"CONNECT", HTTP_NOT_ALLOWED},
        {"get", HTTP_UNKNOWN},
        {"GETS", HTTP_UNKNOWN},
        {"GE", HTTP_UNKNOWN},
        {"BREW", HTTP_UNKNOWN},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", HTTP_UNKNOWN},
    };
    struct http_request r;
    char text[128];

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        quoll_format(text, sizeof text, "%s / HTTP/1.1\r\nHost: x\r\n\r\n", methods[i].name);
        assert_int_equal(read_text(&r, text), 200);
        assert_int_equal(r.method, methods[i].method);
    }
    (void)state;
}

static void paths(void **state)
{
    static const struct {
        const char *target;
        const char *path;
        bool odd;
    } paths[] = {
        {"/", "", false},
        {"/a", "a", false},
        {"//a", "/a", false},
        {"/a?b=c&d", "a", false},
        {"/?", "", false},
        {"/a%20b", "a b", false},
        {"/%61%62%63", "abc", false},
        {"/%C3%A4", "\xc3\xa4", false},
        {"/%c3%a4", "\xc3\xa4", false},
        {"/%2525", "%25", false},
        {"/a+b", "a+b", false},
        {"/../x", "../x", false}, /* no file has such a name */
        {"/a%2fb", "ab", true},
        {"/a%2Fb", "ab", true},
        {"/a%00b", "ab", true},
        {"http://host/p?q", "p", false},
        {"http://host", "", false},
    };
    struct http_request r;
    char text[128];

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        quoll_format(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i].target);
        assert_int_equal(read_text(&r, text), 200);
        assert_string_equal(r.path, paths[i].path);
        assert_int_equal(r.path_length, strlen(paths[i].path));
        assert_int_equal(r.odd_path, paths[i].odd);
    }
    (void)state;
}

static void keeping_alive(void **state)
{
    static const struct {
        const char *rest;
        bool keep;
    } cases[] = {
        {"HTTP/1.1\r\nHost: x\r\n\r\n", true},
        {"HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false},
        {"HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n", false},
        {"HTTP/1.1\r\nHost: x\r\nConnection: foo , close\t\r\n\r\n", false},
        {"HTTP/1.1\r\nHost: x\r\nConnection: closed\r\n\r\n", true},
        {"HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false},
        {"HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", false},
        {"HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", false},
        {"HTTP/1.0\r\n\r\n", false},
        {"HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
        {"HTTP/1.0\r\nConnection: Keep-Alive, close\r\n\r\n", false},
    };
    struct http_request r;
    char text[192];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        quoll_format(text, sizeof text, "GET / %s", cases[i].rest);
        assert_int_equal(read_text(&r, text), 200);
        assert_int_equal(r.keep_alive, cases[i].keep);
    }
    (void)state;
}

/* A request of `size` bytes in its request line, or 0 of a field's value, and so on. */
static unsigned read_long(struct http_request *r, size_t target, size_t value, unsigned fields)
{
    static char text[4 * HTTP_HEAD_MAX];
    char *at = text;

    at += quoll_format(at, 64, "GET /");
    memset(at, 'a', target);
    at += target;
    at += quoll_format(at, 64, " HTTP/1.1\r\nHost: x\r\nA: ");
    memset(at, 'b', value);
    at += value;
    for (unsigned i = 0; i < fields; i++) {
        at += quoll_format(at, 64, "\r\nC: d");
    }
    at += quoll_format(at, 64, "\r\n\r\n");
    return read_sized(r, text, (size_t)(at - text));
}

static void limits(void **state)
{
    const size_t line = sizeof "GET / HTTP/1.1\r\n" - 1;
    const size_t other = sizeof "GET / HTTP/1.1\r\nHost: x\r\nA: \r\n\r\n" - 1;
    struct http_request r;

    assert_int_equal(read_long(&r, HTTP_PATH_MAX, 0, 0), 200);
    assert_false(r.odd_path);
    assert_int_equal(read_long(&r, HTTP_PATH_MAX + 1, 0, 0), 200);
    assert_true(r.odd_path);
    assert_int_equal(read_long(&r, HTTP_REQUEST_LINE_MAX - line, 0, 0), 200);
    assert_int_equal(read_long(&r, HTTP_REQUEST_LINE_MAX - line + 1, 0, 0), 414);
    assert_int_equal(read_long(&r, 0, HTTP_HEAD_MAX - other, 0), 200);
    assert_int_equal(read_long(&r, 0, HTTP_HEAD_MAX - other + 1, 0), 431);
    assert_int_equal(read_long(&r, 0, 0, HTTP_FIELDS_MAX - 2), 200);
    assert_int_equal(read_long(&r, 0, 0, HTTP_FIELDS_MAX - 1), 431);
    (void)state;
}

static void conditions(void **state)
{
    struct http_request r;

    assert_int_equal(read_text(&r,
                               "GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match:  W/\"a\", \"b\" \r\n"
                               "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"),
                     200);
    assert_string_equal(r.none_match, "W/\"a\", \"b\"");
    assert_int_equal(r.modified_since, 784111777);

    char text[512] = "GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: ";
    size_t length = strlen(text);

    memset(text + length, '"', HTTP_VALUE_MAX + 1);
    strcpy(text + length + HTTP_VALUE_MAX + 1, "\r\n\r\n");
    assert_int_equal(read_text(&r, text), 200);
    assert_string_equal(r.none_match, ""); /* too long to be understood: not used */
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_simple_request),
        cmocka_unit_test(refused_and_accepted),
        cmocka_unit_test(a_nul_is_refused_everywhere),
        cmocka_unit_test(any_byte_may_be_anything),
        cmocka_unit_test(each_prefix_wants_more),
        cmocka_unit_test(the_rest_is_left_for_the_next_request),
        cmocka_unit_test(methods),
        cmocka_unit_test(paths),
        cmocka_unit_test(keeping_alive),
        cmocka_unit_test(limits),
        cmocka_unit_test(conditions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
