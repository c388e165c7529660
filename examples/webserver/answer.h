/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to answer to a request: the site, read from the disk at start, and the live
 * counters.
 */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "http.h"
#include "site.h"

#define ANSWER_TEXT_SIZE 256U
#define ANSWER_JSONS     2U /* texts of counters on their way at once */
#define ANSWER_NO_JSON   UINT8_MAX

struct answer {
    struct http_response head;    /* its pointers point into this answer and its request */
    bool has_body;                /* no: HEAD, 304 */
    uint8_t json;                 /* the body is this text of counters, or ANSWER_NO_JSON */
    const struct site_file *file; /* the body is this file, or NULL: `text` */
    char etag[48];
    char text[ANSWER_TEXT_SIZE];
    char location[SITE_PATH_MAX + 2];
};

/** Read on in the site's archive. @return whether there is more to do right away */
bool answer_poll(void);

/** The answer to a complete request, which must stay as it is while the answer is used. */
void answer_to(struct answer *answer, const struct http_request *request);

/** An answer of a mere status, with `why` for people, or NULL. */
void answer_status(struct answer *answer, const struct http_request *request, unsigned status,
                   const char *why);

/** A text of counters, and its end. */
const char *answer_json(uint8_t json);
void answer_json_done(uint8_t json);

#endif
