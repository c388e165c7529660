/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading requests: a state per place in the grammar, a function per state, a byte
 * at a time. Splitting a request differently cannot change what is understood.
 *
 * The grammar is RFC 9112 sections 2 to 6. Where it lets a recipient be lenient, we
 * accept a bare LF as the end of a line (2.2) and nothing else.
 */
#include <string.h>

#include "http.h"
#include "http_fields.h"

enum state {
    BEFORE, /* empty lines before a request line (2.2) */
    METHOD,
    TARGET,  /* first character of the target */
    SCHEME,  /* absolute form (3.2.2): "http" */
    SLASHES, /* "://" */
    AUTHORITY,
    OTHER_FORM, /* "*" or "host:port": only methods that we do not offer use them */
    PATH,
    QUERY,
    VERSION,
    LINE_END, /* the LF after the request line's CR */
    FIELD,    /* first character of a line */
    NAME,
    BEFORE_VALUE,
    VALUE,
    FIELD_END,
    HEAD_END,
    DONE,
};

#define EMPTY_LINES 4U

/* RFC 9110, 5.6.2. */
static bool is_token(char c)
{
    return http_is_letter(c) || http_is_digit(c) ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_visible(char c)
{
    return c > ' ' && c < 0x7f;
}

static unsigned go(struct http_request *r, enum state state)
{
    r->state = (uint8_t)state;
    r->matched = 0;
    return OK;
}

/* ---- Request line: RFC 9112, section 3 ---- */

static void keep_text(struct http_request *r, char c)
{
    if (r->text_length < HTTP_NAME_MAX) {
        r->text[r->text_length] = c;
    }
    r->text_length += r->text_length <= HTTP_NAME_MAX;
}

static bool text_is(const struct http_request *r, const char *name)
{
    return r->text_length == strlen(name) && memcmp(r->text, name, r->text_length) == 0;
}

static unsigned read_before(struct http_request *r, char c)
{
    if (c == '\r' || c == '\n') {
        return ++r->matched > 2U * EMPTY_LINES ? BAD : OK;
    }
    if (!is_token(c)) {
        return BAD;
    }
    r->size = 1;
    keep_text(r, c);
    return go(r, METHOD);
}

/* RFC 9110, 9.1: a method that is known but not offered is another matter than an unknown one. */
static enum http_method method(const struct http_request *r)
{
    static const char *const known[] = {"POST",    "PUT",   "DELETE", "CONNECT",
                                        "OPTIONS", "TRACE", "PATCH"};

    if (text_is(r, "GET")) {
        return HTTP_GET;
    }
    if (text_is(r, "HEAD")) {
        return HTTP_HEAD;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (text_is(r, known[i])) {
            return HTTP_NOT_ALLOWED;
        }
    }
    return HTTP_UNKNOWN;
}

static unsigned read_method(struct http_request *r, char c)
{
    if (c == ' ') {
        r->method = method(r);
        return go(r, TARGET);
    }
    keep_text(r, c);
    return is_token(c) ? OK : BAD;
}

static unsigned read_target(struct http_request *r, char c)
{
    if (c == '/') {
        return go(r, PATH);
    }
    if (r->method != HTTP_GET && r->method != HTTP_HEAD) {
        return is_visible(c) ? go(r, OTHER_FORM) : BAD;
    }
    go(r, SCHEME);
    r->matched = 1;
    return http_lower(c) == 'h' ? OK : BAD;
}

static unsigned read_scheme(struct http_request *r, char c)
{
    static const char text[] = "http";

    if (r->matched < 4 && http_lower(c) == text[r->matched]) {
        r->matched += 1;
        return OK;
    }
    if (r->matched != 4 || c != ':') {
        return BAD;
    }
    return go(r, SLASHES);
}

static unsigned read_slashes(struct http_request *r, char c)
{
    if (c != '/') {
        return BAD;
    }
    return ++r->matched == 2 ? go(r, AUTHORITY) : OK;
}

static unsigned read_authority(struct http_request *r, char c)
{
    bool empty = r->matched == 0;

    r->matched = 1;
    if (http_is_host(c)) {
        return OK;
    }
    if (empty) {
        return BAD;
    }
    return c == '/' ? go(r, PATH) : c == '?' ? go(r, QUERY) : c == ' ' ? go(r, VERSION) : BAD;
}

static unsigned read_other_form(struct http_request *r, char c)
{
    r->odd_path = true;
    return c == ' ' ? go(r, VERSION) : is_visible(c) ? OK : BAD;
}

static void put_path(struct http_request *r, char c, bool escaped)
{
    if (r->path_length >= HTTP_PATH_MAX || c == '\0' || (escaped && c == '/')) {
        r->odd_path = true;
        return;
    }
    r->path[r->path_length++] = c;
    r->path[r->path_length] = '\0';
}

static int hex(char c)
{
    return http_is_digit(c)                               ? c - '0'
           : http_lower(c) >= 'a' && http_lower(c) <= 'f' ? http_lower(c) - 'a' + 10
                                                          : -1;
}

/* RFC 3986, 2.1. */
static unsigned read_escape(struct http_request *r, char c)
{
    int digit = hex(c);

    if (digit < 0) {
        return BAD;
    }
    r->decoded = (uint8_t)(r->decoded << 4 | digit);
    r->escape -= 1;
    if (r->escape == 0) {
        put_path(r, (char)r->decoded, true);
    }
    return OK;
}

static unsigned read_path(struct http_request *r, char c)
{
    if (r->escape > 0) {
        return read_escape(r, c);
    }
    switch (c) {
    case ' ':
        return go(r, VERSION);
    case '?':
        return go(r, QUERY);
    case '%':
        r->escape = 2;
        r->decoded = 0;
        return OK;
    case '#': /* a fragment is never sent (3.2.1) */
        return BAD;
    default:
        put_path(r, c, false);
        return is_visible(c) ? OK : BAD;
    }
}

static unsigned read_query(struct http_request *r, char c)
{
    return c == ' ' ? go(r, VERSION) : is_visible(c) && c != '#' ? OK : BAD;
}

/* 2.3: "HTTP/1.1"; a minor version above ours is as good as ours (RFC 9110, 2.5). */
static unsigned read_version(struct http_request *r, char c)
{
    static const char text[] = "HTTP/1.1";

    if (r->matched == sizeof text - 1) {
        return c == '\r' ? go(r, LINE_END) : c == '\n' ? go(r, FIELD) : BAD;
    }
    if (r->matched == 5 && http_is_digit(c)) {
        r->future = c > '1';
        r->matched += 1;
        return c == '0' ? BAD : OK;
    }
    if (r->matched == 7 && http_is_digit(c)) {
        r->minor = c != '0';
        r->matched += 1;
        return OK;
    }
    return c == text[r->matched++] ? OK : BAD;
}

static unsigned read_line_end(struct http_request *r, char c)
{
    return c == '\n' ? go(r, FIELD) : BAD;
}

/* ---- Fields: RFC 9112, section 5 ---- */

/* A line that begins with a space would be an obsolete continuation (5.2). */
static unsigned read_field(struct http_request *r, char c)
{
    if (c == '\r') {
        return go(r, HEAD_END);
    }
    if (c == '\n') {
        r->state = DONE;
        return COMPLETE;
    }
    r->text_length = 0;
    r->value_length = 0;
    r->value_cut = false;
    r->fields += 1;
    if (r->fields > HTTP_FIELDS_MAX) {
        return 431;
    }
    keep_text(r, http_lower(c));
    return is_token(c) ? go(r, NAME) : BAD;
}

/* 5.1: no white space before the colon. */
static unsigned read_name(struct http_request *r, char c)
{
    if (c != ':') {
        keep_text(r, http_lower(c));
        return is_token(c) ? OK : BAD;
    }
    r->field = http_field(r->text, r->text_length);
    return go(r, BEFORE_VALUE);
}

static unsigned end_field(struct http_request *r, char c)
{
    go(r, c == '\r' ? FIELD_END : FIELD);
    return http_take_field(r);
}

/* RFC 9110, 5.5. */
static unsigned read_value(struct http_request *r, char c)
{
    if (c == '\r' || c == '\n') {
        return end_field(r, c);
    }
    if (r->value_length < HTTP_VALUE_MAX) {
        r->value[r->value_length++] = c;
    } else if (c != ' ' && c != '\t') {
        r->value_cut = true;
    }
    return (unsigned char)c >= ' ' && c != 0x7f ? OK : c == '\t' ? OK : BAD;
}

static unsigned read_before_value(struct http_request *r, char c)
{
    if (c == ' ' || c == '\t') {
        return OK;
    }
    go(r, VALUE);
    return read_value(r, c);
}

static unsigned read_head_end(struct http_request *r, char c)
{
    r->state = DONE;
    return c == '\n' ? COMPLETE : BAD;
}

/* ---- The whole ---- */

/* What only the whole head can tell. */
static unsigned judge(struct http_request *r)
{
    if (r->future) {
        return 505;
    }
    if (r->minor == 1 && r->hosts != 1) {
        return BAD; /* RFC 9112, 3.2 */
    }
    if (r->chunked && (r->has_length || r->minor == 0)) {
        return BAD; /* RFC 9112, 6.1: smuggling */
    }
    r->has_body = r->chunked || r->length > 0;
    r->keep_alive = !r->close && !r->has_body && (r->minor == 1 || r->ask_keep_alive);
    return COMPLETE;
}

static unsigned read_byte(struct http_request *r, char c)
{
    static unsigned (*const readers[])(struct http_request *, char) = {
        [BEFORE] = read_before,
        [METHOD] = read_method,
        [TARGET] = read_target,
        [SCHEME] = read_scheme,
        [SLASHES] = read_slashes,
        [AUTHORITY] = read_authority,
        [OTHER_FORM] = read_other_form,
        [PATH] = read_path,
        [QUERY] = read_query,
        [VERSION] = read_version,
        [LINE_END] = read_line_end,
        [FIELD] = read_field,
        [NAME] = read_name,
        [BEFORE_VALUE] = read_before_value,
        [VALUE] = read_value,
        [FIELD_END] = read_line_end,
        [HEAD_END] = read_head_end,
    };

    r->size += 1;
    if (r->state < FIELD && r->size > HTTP_REQUEST_LINE_MAX) {
        return 414;
    }
    if (r->size > HTTP_HEAD_MAX) {
        return 431;
    }
    return readers[r->state](r, c);
}

void http_begin(struct http_request *request)
{
    memset(request, 0, sizeof *request);
}

bool http_begun(const struct http_request *request)
{
    return request->state != BEFORE;
}

unsigned http_read(struct http_request *request, const void *data, size_t size, size_t *used)
{
    const volatile char *bytes = data; /* another's memory: each byte is read once */
    unsigned status = OK;

    for (*used = 0; *used < size && status == OK;) {
        status = read_byte(request, bytes[*used]);
        *used += 1;
    }
    return status == COMPLETE ? judge(request) : status;
}
