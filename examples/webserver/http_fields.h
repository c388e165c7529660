/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between http.c, which reads a head's lines, and http_fields.c, which knows what the
 * fields mean. Characters as RFC 9110 and RFC 3986 class them.
 */
#ifndef WEB_HTTP_FIELDS_H
#define WEB_HTTP_FIELDS_H

#include <string.h>

#include "http.h"

/* What a step of reading answers: go on, complete, or a status to refuse with. */
#define OK       0U
#define COMPLETE 200U
#define BAD      400U

/** The number of the field of this name (lower case); 0: one that is not looked at. */
uint8_t http_field(const char *name, size_t length);

/** A field's value is complete. @return 0, or the status with which to refuse the request */
unsigned http_take_field(struct http_request *request);

static inline bool http_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool http_is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline char http_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool http_is_host(char c)
{
    return http_is_letter(c) || http_is_digit(c) ||
           (c != '\0' && strchr("-._~%!$&'()*+,;=:[]", c) != NULL);
}

#endif
