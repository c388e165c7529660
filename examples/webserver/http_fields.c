/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few header fields that the server looks at.
 */
#include <string.h>

#include "http_fields.h"

enum field {
    OTHER_FIELD,
    FIELD_CONNECTION,
    FIELD_CONTENT_LENGTH,
    FIELD_HOST,
    FIELD_IF_MODIFIED_SINCE,
    FIELD_IF_NONE_MATCH,
    FIELD_TRANSFER_ENCODING,
    FIELDS,
};

static const char *const field_names[FIELDS] = {
    "",
    "connection",
    "content-length",
    "host",
    "if-modified-since",
    "if-none-match",
    "transfer-encoding",
};

uint8_t http_field(const char *name, size_t length)
{
    for (uint8_t i = OTHER_FIELD + 1; i < FIELDS; i++) {
        if (strlen(field_names[i]) == length && memcmp(field_names[i], name, length) == 0) {
            return i;
        }
    }
    return OTHER_FIELD;
}

/* RFC 9110, 5.6.1: the elements of a list, without white space around them. */
static const char *next_element(const char **list, size_t *length)
{
    const char *start = *list + strspn(*list, " \t,");
    const char *end = start + strcspn(start, ",");

    *list = end;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    *length = (size_t)(end - start);
    return *length > 0 ? start : NULL;
}

static bool same_word(const char *text, size_t length, const char *word)
{
    if (length != strlen(word)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (http_lower(text[i]) != word[i]) {
            return false;
        }
    }
    return true;
}

/* RFC 9110, 7.6.1. A list too long to be understood is taken as "close". */
static unsigned take_connection(struct http_request *r)
{
    const char *list = r->value;
    const char *word;
    size_t length;

    r->close = r->close || r->value_cut;
    while ((word = next_element(&list, &length)) != NULL) {
        r->close = r->close || same_word(word, length, "close");
        r->ask_keep_alive = r->ask_keep_alive || same_word(word, length, "keep-alive");
    }
    return OK;
}

/* RFC 9112, 6.3: lengths that differ are an attack. */
static unsigned take_content_length(struct http_request *r)
{
    uint64_t length = 0;

    if (r->value_length == 0 || r->value_length > 18 || r->value_cut) {
        return BAD;
    }
    for (size_t i = 0; i < r->value_length; i++) {
        if (!http_is_digit(r->value[i])) {
            return BAD;
        }
        length = length * 10U + (uint64_t)(r->value[i] - '0');
    }
    if (r->has_length && length != r->length) {
        return BAD;
    }
    r->has_length = true;
    r->length = length;
    return OK;
}

/* RFC 9112, 3.2: exactly one, and a host. */
static unsigned take_host(struct http_request *r)
{
    r->hosts += r->hosts < 2;
    for (size_t i = 0; i < r->value_length; i++) {
        if (!http_is_host(r->value[i])) {
            return BAD;
        }
    }
    return r->hosts > 1 ? BAD : OK;
}

/* RFC 9112, 6.1: of a request, the last coding must be "chunked". */
static unsigned take_transfer_encoding(struct http_request *r)
{
    const char *list = r->value;
    const char *word;
    size_t length;

    if (r->chunked || r->value_cut) {
        return BAD;
    }
    while ((word = next_element(&list, &length)) != NULL) {
        if (r->chunked) {
            return BAD;
        }
        r->chunked = same_word(word, length, "chunked");
    }
    return r->chunked ? OK : BAD;
}

static unsigned take_none_match(struct http_request *r)
{
    if (!r->value_cut && r->none_match[0] == '\0') {
        memcpy(r->none_match, r->value, r->value_length + 1U);
    }
    return OK;
}

unsigned http_take_field(struct http_request *r)
{
    while (r->value_length > 0 &&
           (r->value[r->value_length - 1] == ' ' || r->value[r->value_length - 1] == '\t')) {
        r->value_length -= 1;
    }
    r->value[r->value_length] = '\0';
    switch (r->field) {
    case FIELD_CONNECTION:
        return take_connection(r);
    case FIELD_CONTENT_LENGTH:
        return take_content_length(r);
    case FIELD_HOST:
        return take_host(r);
    case FIELD_IF_MODIFIED_SINCE:
        r->modified_since = http_parse_date(r->value);
        return OK;
    case FIELD_IF_NONE_MATCH:
        return take_none_match(r);
    case FIELD_TRANSFER_ENCODING:
        return take_transfer_encoding(r);
    default:
        return OK;
    }
}
