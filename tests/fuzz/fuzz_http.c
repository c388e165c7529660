/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The web server's reader of requests, and the answers made of what it read: the same
 * however a request is cut into pieces, within its own memory, and no byte of a request
 * can end a line of a response's head.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#pragma clang section bss = "zeroed"
#include "examples/webserver/http.c"
#include "examples/webserver/http_fields.c"
#include "examples/webserver/response.c"
#pragma clang section bss = ""

static unsigned read_in_steps(struct http_request *r, const uint8_t *text, size_t size, size_t step,
                              size_t *total)
{
    unsigned status = 0;

    http_begin(r);
    for (*total = 0; *total < size && status == 0;) {
        size_t piece = size - *total < step ? size - *total : step;
        size_t used;

        status = http_read(r, text + *total, piece, &used);
        FUZZ_CHECK(used <= piece && (status != 0 || used == piece));
        *total += used;
    }
    return status;
}

static void check_request(const struct http_request *r, unsigned status)
{
    FUZZ_CHECK(r->path_length <= HTTP_PATH_MAX && r->path[r->path_length] == '\0');
    FUZZ_CHECK(strlen(r->path) == r->path_length);
    FUZZ_CHECK(strlen(r->none_match) <= HTTP_VALUE_MAX);
    FUZZ_CHECK(status == 0 || status == 200 || (status >= 400 && status <= 505));
    FUZZ_CHECK(status != 200 || r->minor == 0 || r->hosts == 1);
    FUZZ_CHECK(status != 200 || !r->keep_alive || !r->has_body);
}

/* Every line ends with CR LF, and has no control character before it; the last is empty. */
static void check_head(const char *head, size_t length)
{
    FUZZ_CHECK(length >= 4 && memcmp(head + length - 4, "\r\n\r\n", 4) == 0);
    for (size_t i = 0; i < length; i++) {
        bool ends = head[i] == '\r' && head[i + 1] == '\n';

        FUZZ_CHECK(ends || (head[i] >= ' ' && head[i] != 0x7f));
        i += ends;
        FUZZ_CHECK(!ends || i + 3 >= length || memcmp(head + i + 1, "\r\n", 2) != 0);
    }
}

static void answer(const struct http_request *r)
{
    char *out = malloc(HTTP_RESPONSE_MAX);
    struct http_response response = {
        .status = 308,
        .length = r->length,
        .modified = r->modified_since,
        .type = http_type(r->path),
        .etag = http_matches(r->none_match, "\"1\"") ? "\"1\"" : NULL,
        .location = r->path,
        .keep_alive = r->keep_alive,
        .minor = r->minor,
    };

    size_t length = http_write(out, &response);

    FUZZ_CHECK(length < HTTP_RESPONSE_MAX);
    check_head(out, length);
    free(out);
}

static void check_date(const struct http_request *r)
{
    char date[HTTP_DATE_SIZE];

    if (r->modified_since != 0) {
        http_date(date, r->modified_since);
        FUZZ_CHECK(http_parse_date(date) == r->modified_since);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request r, other;
    size_t used, other_used;

    fuzz_begin(data, size);
    unsigned status = read_in_steps(&r, data, size, size, &used);

    for (size_t step = 1; step < 8; step += 3) {
        FUZZ_CHECK(read_in_steps(&other, data, size, step, &other_used) == status);
        FUZZ_CHECK(other_used == used && memcmp(&other, &r, sizeof r) == 0);
    }
    check_request(&r, status);
    if (status == 200) {
        answer(&r);
        check_date(&r);
    }
    return 0;
}
