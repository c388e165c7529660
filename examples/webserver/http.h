/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.1 requests, read byte by byte, and the head of a response, written in one
 * piece (RFC 9110 "HTTP Semantics", RFC 9112 "HTTP/1.1"). Pure functions: no
 * connection, no clock, no memory but the caller's.
 *
 * A request is not kept: what the server needs of it (decoded path, a few fields) is
 * taken out while it passes. So a request may be as long as RFC 9112 section 3 asks
 * to allow, and a connection's memory is still small and of fixed size.
 */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_PATH_MAX         256U   /* decoded; no file of a site has a longer name */
#define HTTP_REQUEST_LINE_MAX 8192U  /* bytes; a longer one is answered with 414 */
#define HTTP_HEAD_MAX         16384U /* request line and fields; more: 431 */
#define HTTP_FIELDS_MAX       100U   /* likewise */
#define HTTP_VALUE_MAX        192U   /* of fields that are looked at */
#define HTTP_NAME_MAX         20U
#define HTTP_RESPONSE_MAX     1280U /* bytes of a response's head are fewer */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_NOT_ALLOWED, HTTP_UNKNOWN };

struct http_request {
    /* The answer, complete once http_read() says so. */
    enum http_method method;
    uint8_t minor;           /* HTTP/1.minor: 0 or 1 */
    bool keep_alive;         /* what the client wishes, by version and Connection */
    bool has_body;           /* bytes follow that are not a request */
    bool odd_path;           /* too long or with a byte that no file name has: found nowhere */
    uint16_t path_length;    /* of the decoded path without its leading '/' */
    uint64_t modified_since; /* If-Modified-Since, seconds since 1970; 0: none */
    char path[HTTP_PATH_MAX + 1];
    char none_match[HTTP_VALUE_MAX + 1]; /* If-None-Match, "" if none */

    /* Reading. */
    uint8_t state;
    uint8_t field;       /* enum of http_fields.c: which field's value is being read */
    uint8_t escape;      /* digits of a percent escape still to come */
    uint8_t decoded;     /* the escape's value so far */
    uint8_t matched;     /* characters of a fixed text already seen */
    uint8_t hosts;       /* Host fields */
    bool value_cut;      /* the value is longer than `value` */
    bool close;          /* Connection: close */
    bool ask_keep_alive; /* Connection: keep-alive */
    bool chunked;        /* Transfer-Encoding */
    bool has_length;     /* Content-Length */
    bool future;         /* HTTP/2 or later */
    uint8_t text_length; /* of `text`: the method or a field's name */
    uint8_t fields;
    uint16_t value_length;
    uint16_t size;   /* bytes of the head so far */
    uint64_t length; /* Content-Length */
    char text[HTTP_NAME_MAX];
    char value[HTTP_VALUE_MAX + 1];
};

/** Begin a new request. */
void http_begin(struct http_request *request);

/** Whether a request has begun: empty lines before it do not count. */
bool http_begun(const struct http_request *request);

/**
 * Read on, up to the end of the head.
 *
 * @param used  out: bytes of `data` that were read; those after the head were not
 * @return 0: not complete yet, all of `data` was read; 200: complete; else the status
 *         (400 to 505) with which to refuse it and to close the connection
 */
unsigned http_read(struct http_request *request, const void *data, size_t size, size_t *used);

struct http_response {
    unsigned status;
    uint64_t length;      /* Content-Length; not sent with 304 */
    uint64_t modified;    /* Last-Modified, seconds since 1970; 0: none */
    const char *type;     /* Content-Type, or NULL */
    const char *etag;     /* with its quotes, or NULL */
    const char *location; /* decoded path for Location, without its leading '/', or NULL */
    bool keep_alive;
    bool no_store;
    uint8_t minor; /* of the request */
};

/**
 * Write the head of a response, empty line included.
 *
 * @param out  HTTP_RESPONSE_MAX bytes
 * @return bytes written
 */
size_t http_write(char *out, const struct http_response *response);

/** "Not Found" and so on; never NULL. */
const char *http_reason(unsigned status);

/** The media type of a file by its name's extension. */
const char *http_type(const char *path);

/** RFC 9110, 13.1.2: whether an If-None-Match value names this entity tag. */
bool http_matches(const char *none_match, const char *etag);

#define HTTP_DATE_SIZE 30U

/** Write seconds since 1970 as "Sun, 06 Nov 1994 08:49:37 GMT" (years to 9999). */
void http_date(char out[HTTP_DATE_SIZE], uint64_t seconds);

/** Read such a date; 0 if it is none. */
uint64_t http_parse_date(const char *text);

#endif
