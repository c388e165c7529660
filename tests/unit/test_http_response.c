/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heads of the web server's responses, to the byte; dates, types, entity tags.
 */
#include <string.h>
#include <time.h>

#include "fake_pd.h"

#include "examples/webserver/response.c"

static void check(const struct http_response *response, const char *text)
{
    char out[HTTP_RESPONSE_MAX];
    size_t length = http_write(out, response);

    assert_string_equal(out, text);
    assert_int_equal(length, strlen(text));
}

static void heads(void **state)
{
    check(&(struct http_response){.status = 200,
                                  .length = 16777216,
                                  .modified = 784111777,
                                  .type = "text/plain",
                                  .etag = "\"x\"",
                                  .keep_alive = true,
                                  .minor = 1},
          "HTTP/1.1 200 OK\r\nServer: Quoll\r\nContent-Length: 16777216\r\n"
          "Content-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"
          "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"x\"\r\n\r\n");
    check(
        &(struct http_response){
            .status = 304, .length = 5, .etag = "\"x\"", .keep_alive = true, .minor = 1},
        "HTTP/1.1 304 Not Modified\r\nServer: Quoll\r\nETag: \"x\"\r\n\r\n");
    check(&(struct http_response){.status = 405, .minor = 1},
          "HTTP/1.1 405 Method Not Allowed\r\nServer: Quoll\r\nContent-Length: 0\r\n"
          "Allow: GET, HEAD\r\nConnection: close\r\n\r\n");
    check(&(struct http_response){.status = 503, .keep_alive = true, .minor = 0},
          "HTTP/1.1 503 Service Unavailable\r\nServer: Quoll\r\nContent-Length: 0\r\n"
          "Retry-After: 1\r\nConnection: keep-alive\r\n\r\n");
    check(&(struct http_response){.status = 200, .no_store = true, .keep_alive = true, .minor = 1},
          "HTTP/1.1 200 OK\r\nServer: Quoll\r\nContent-Length: 0\r\n"
          "Cache-Control: no-store\r\n\r\n");
    check(
        &(struct http_response){
            .status = 301, .location = "a b/\xc3\r\n%/", .keep_alive = true, .minor = 1},
        "HTTP/1.1 301 Moved Permanently\r\nServer: Quoll\r\nContent-Length: 0\r\n"
        "Location: /a%20b/%C3%0D%0A%25/\r\n\r\n");
    (void)state;
}

/* The longest there can be is whole. */
static void the_longest_head_fits(void **state)
{
    char path[HTTP_PATH_MAX + 2];
    char out[HTTP_RESPONSE_MAX];

    memset(path, ' ', sizeof path);
    path[HTTP_PATH_MAX] = '/';
    path[HTTP_PATH_MAX + 1] = '\0';
    size_t length =
        http_write(out, &(struct http_response){.status = 301,
                                                .length = UINT64_MAX,
                                                .modified = UINT64_MAX,
                                                .type = "application/octet-stream; charset=utf-8",
                                                .etag = "\"ffffffffffffffff-ffffffffffffffff\"",
                                                .location = path,
                                                .no_store = true});

    assert_true(length < HTTP_RESPONSE_MAX - 1);
    assert_string_equal(out + length - 23, "\r\nConnection: close\r\n\r\n");
    (void)state;
}

static void dates_are_those_of_the_c_library(void **state)
{
    char ours[HTTP_DATE_SIZE], theirs[64];

    for (uint64_t t = 0; t < 253402300800; t += 40000003) {
        time_t then = (time_t)t;

        http_date(ours, t);
        strftime(theirs, sizeof theirs, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&then));
        assert_string_equal(ours, theirs);
        assert_int_equal(http_parse_date(ours), t);
    }
    http_date(ours, UINT64_MAX);
    assert_string_equal(ours, "Fri, 31 Dec 9999 23:59:59 GMT");
    (void)state;
}

static void other_dates_are_none(void **state)
{
    static const char *const texts[] = {
        "",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Wed, 31 Feb 1996 08:49:37 GMT",
        "Sun, 06 Nov 1894 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 GMTx",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(http_parse_date(texts[i]), 0);
    }
    (void)state;
}

static void types(void **state)
{
    assert_string_equal(http_type("index.html"), "text/html; charset=utf-8");
    assert_string_equal(http_type("a/B.SVG"), "image/svg+xml");
    assert_string_equal(http_type("a.b/c"), "application/octet-stream");
    assert_string_equal(http_type("a.tar.gz"), "application/gzip");
    assert_string_equal(http_type("html"), "application/octet-stream");
    assert_string_equal(http_type("x.htmlx"), "application/octet-stream");
    assert_string_equal(http_type("x."), "application/octet-stream");
    assert_string_equal(http_type(""), "application/octet-stream");
    (void)state;
}

static void entity_tags(void **state)
{
    assert_true(http_matches("*", "\"a\""));
    assert_true(http_matches("\"a\"", "\"a\""));
    assert_true(http_matches("W/\"a\"", "\"a\""));
    assert_true(http_matches("\"b\", \"a\"", "\"a\""));
    assert_true(http_matches("\"b,\",W/\"a\"", "\"a\""));
    assert_false(http_matches("", "\"a\""));
    assert_false(http_matches("a", "\"a\""));
    assert_false(http_matches("\"a", "\"a\""));
    assert_false(http_matches("\"aa\"", "\"a\""));
    assert_false(http_matches("**", "\"a\""));
    assert_false(http_matches("\"b\" garbage \"a\"", "\"a\""));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(the_longest_head_fits),
        cmocka_unit_test(dates_are_those_of_the_c_library),
        cmocka_unit_test(other_dates_are_none),
        cmocka_unit_test(types),
        cmocka_unit_test(entity_tags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
