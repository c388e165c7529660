/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /.quoll/counters.json: all protection domains' counters pages as JSON.
 */
#ifndef WEB_COUNTERS_JSON_H
#define WEB_COUNTERS_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <quoll/counters.h>

#define COUNTERS_JSON_SIZE 65536U

/**
 * Write `pages` counters pages as one JSON object:
 *
 *     {"now": ns since reset,
 *      "counters": [names of a protection domain's counters],
 *      "link_counters": [names of a link's],
 *      "pds": [{"name": "web", "counters": [...], "links": [[...], ...]}, ...]}
 *
 * The pages are others': what they say is copied and checked. Pages that are not
 * set up (yet) are left out, and so are those that find no room in `out`.
 *
 * @param out  COUNTERS_JSON_SIZE bytes
 * @return bytes written
 */
size_t counters_json(char *out, const struct quoll_counters *pages, unsigned count, uint64_t now);

#endif
