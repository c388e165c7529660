/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <quoll/log.h>
#include <quoll/time.h>

#include "answer.h"
#include "counters_json.h"
#include "disk.h"

#define HEADERS_PER_POLL 64U
#define COUNTERS_PATH    ".quoll/counters.json"
#define INDEX            "index.html"

static struct site site;
static bool begun;
static bool ended; /* the archive was read, or refused */
static char json[ANSWER_JSONS][COUNTERS_JSON_SIZE];
static bool json_busy[ANSWER_JSONS];

/* ---- The site ---- */

static void report(void)
{
    if (site.error != NULL) {
        quoll_log("no site: %s (at byte %lu of the partition)", site.error, (unsigned long)site.at);
        return;
    }
    if (site.skipped > 0) {
        quoll_log("%u entries of the site are skipped: links, devices or unclean names",
                  site.skipped);
    }
    if (site.too_many > 0) {
        quoll_log("%u files of the site are left out: there is room for %u files and %u bytes "
                  "of names",
                  site.too_many, SITE_FILES_MAX, SITE_NAMES_MAX);
    }
    quoll_log("serving %u files", site.files);
}

static void end(const char *error)
{
    if (error != NULL) {
        site.error = error;
    }
    ended = true;
    report();
}

static bool begin(void)
{
    uint64_t size;

    if (!disk_ready(&size)) {
        return false;
    }
    site_begin(&site, size);
    begun = true;
    return true;
}

bool answer_poll(void)
{
    uint64_t at;
    uint32_t page, length;

    if (ended || (!begun && !begin())) {
        return false;
    }
    for (unsigned n = 0; n < HEADERS_PER_POLL; n++) {
        if (!site_wants(&site, &at)) {
            end(NULL);
            return false;
        }
        switch (disk_want(at, &page)) {
        case DISK_HERE:
            site_take(&site, disk_bytes(page, at, &length));
            break;
        case DISK_WAIT:
            disk_want_ahead(at + DISK_PIECE_MAX);
            return false;
        case DISK_ERROR:
            end("the disk cannot read it");
            return false;
        }
    }
    return true;
}

/* ---- Answers ---- */

const char *answer_json(uint8_t number)
{
    return json[number];
}

void answer_json_done(uint8_t number)
{
    json_busy[number] = false;
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
    a->head.type = "text/plain; charset=utf-8";
    a->head.length =
        quoll_format(a->text, sizeof a->text, "%u %s%s%s\n", status, http_reason(status),
                     why == NULL ? "" : ": ", why == NULL ? "" : why);
}

static void answer_counters(struct answer *a, const struct http_request *request)
{
    const struct quoll_counters *pages = (const void *)(uintptr_t)quoll_config.observed;
    uint8_t free = 0;

    while (free < ANSWER_JSONS && json_busy[free]) {
        free++;
    }
    if (pages == NULL || free == ANSWER_JSONS) {
        answer_status(a, request, pages == NULL ? 404 : 503,
                      pages == NULL ? "this program observes no counters" : "too many at once");
        return;
    }
    begin_answer(a, request, 200);
    a->head.type = "application/json";
    a->head.no_store = true;
    a->head.length = counters_json(json[free], pages, quoll_config.observed_pages, quoll_now());
    if (a->has_body) {
        a->json = free;
        json_busy[free] = true;
    }
}

/* RFC 9110, 13.2.2: If-None-Match, when present, decides alone. */
static bool is_known(const struct http_request *request, const struct answer *a)
{
    if (request->none_match[0] != '\0') {
        return http_matches(request->none_match, a->etag);
    }
    return request->modified_since != 0 && a->head.modified <= request->modified_since;
}

static void answer_file(struct answer *a, const struct http_request *request,
                        const struct site_file *file, const char *path)
{
    begin_answer(a, request, 200);
    quoll_format(a->etag, sizeof a->etag, "\"%lx-%lx\"", (unsigned long)file->modified,
                 (unsigned long)file->size);
    a->head.etag = a->etag;
    a->head.modified = file->modified;
    if (is_known(request, a)) {
        a->head.status = 304;
        a->has_body = false;
        return;
    }
    a->head.type = http_type(path);
    a->head.length = file->size;
    a->file = file;
}

static const struct site_file *find_index(const struct http_request *request, const char *between)
{
    char path[HTTP_PATH_MAX + sizeof INDEX + 1];
    size_t length = quoll_format(path, sizeof path, "%s%s" INDEX, request->path, between);

    return site_find(&site, path, length);
}

static void answer_from_site(struct answer *a, const struct http_request *request)
{
    const struct site_file *file = site_find(&site, request->path, request->path_length);
    bool folder = request->path_length == 0 || request->path[request->path_length - 1U] == '/';

    if (folder) {
        file = find_index(request, "");
        if (file != NULL) {
            answer_file(a, request, file, INDEX);
            return;
        }
    } else if (file != NULL) {
        answer_file(a, request, file, request->path);
        return;
    } else if (find_index(request, "/") != NULL) {
        answer_status(a, request, 301, NULL);
        quoll_format(a->location, sizeof a->location, "%s/", request->path);
        a->head.location = a->location;
        return;
    }
    answer_status(a, request, 404, NULL);
}

void answer_to(struct answer *a, const struct http_request *request)
{
    if (request->method == HTTP_NOT_ALLOWED) {
        answer_status(a, request, 405, NULL);
    } else if (request->method == HTTP_UNKNOWN) {
        answer_status(a, request, 501, NULL);
    } else if (request->odd_path) {
        answer_status(a, request, 404, NULL);
    } else if (strcmp(request->path, COUNTERS_PATH) == 0) {
        answer_counters(a, request);
    } else if (!ended) {
        uint64_t size;

        answer_status(a, request, 503, disk_ready(&size) ? "the site is being read" : disk_error());
    } else if (site.error != NULL) {
        answer_status(a, request, 503, site.error);
    } else {
        answer_from_site(a, request);
    }
}
