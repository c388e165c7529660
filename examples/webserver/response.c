/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing the heads of responses, and the tables that belong to them.
 */
#include <string.h>

#include <quoll/log.h>

#include "http.h"

const char *http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        /* RFC 9110, section 15; RFC 6585, section 5 */
        {200, "OK"},
        {301, "Moved Permanently"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {414, "URI Too Long"},
        {431, "Request Header Fields Too Large"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Unknown";
}

static bool same_extension(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        if ((*a >= 'A' && *a <= 'Z' ? *a | 0x20 : *a) != *b) {
            return false;
        }
    }
    return *a == *b;
}

const char *http_type(const char *path)
{
    static const struct {
        const char *extension;
        const char *type;
    } types[] = {
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"js", "text/javascript; charset=utf-8"},
        {"mjs", "text/javascript; charset=utf-8"},
        {"json", "application/json"},
        {"txt", "text/plain; charset=utf-8"},
        {"md", "text/plain; charset=utf-8"},
        {"xml", "text/xml; charset=utf-8"},
        {"csv", "text/csv; charset=utf-8"},
        {"svg", "image/svg+xml"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"webp", "image/webp"},
        {"avif", "image/avif"},
        {"ico", "image/vnd.microsoft.icon"},
        {"woff", "font/woff"},
        {"woff2", "font/woff2"},
        {"ttf", "font/ttf"},
        {"otf", "font/otf"},
        {"mp3", "audio/mpeg"},
        {"ogg", "audio/ogg"},
        {"wav", "audio/wav"},
        {"mp4", "video/mp4"},
        {"webm", "video/webm"},
        {"pdf", "application/pdf"},
        {"wasm", "application/wasm"},
        {"zip", "application/zip"},
        {"gz", "application/gzip"},
    };
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name == NULL ? path : name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (same_extension(dot + 1, types[i].extension)) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

/* ---- Dates: RFC 9110, 5.6.7 ---- */

static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return lengths[month] + (month == 1 && is_leap(year));
}

static uint64_t days_before(unsigned year)
{
    uint64_t y = year - 1U;

    return y * 365U + y / 4U - y / 100U + y / 400U - 719162U;
}

#define DAY 86400U

void http_date(char out[HTTP_DATE_SIZE], uint64_t seconds)
{
    uint64_t last = days_before(10000) * DAY - 1U;

    seconds = seconds > last ? last : seconds;
    uint64_t day = seconds / DAY;
    unsigned second = (unsigned)(seconds % DAY);
    unsigned year = 1970U + (unsigned)(day / 366U); /* never too late */
    unsigned month = 0;
    const char *name = days[day % 7U];

    while (days_before(year + 1U) <= day) {
        year += 1;
    }
    day -= days_before(year);
    for (; day >= days_in(year, month); month++) {
        day -= days_in(year, month);
    }
    quoll_format(out, HTTP_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT", name,
                 (unsigned)day + 1U, months[month], year, second / 3600U, second / 60U % 60U,
                 second % 60U);
}

/* Two digits, or 100 and more. */
static unsigned two(const char *text)
{
    unsigned tens = (unsigned)(text[0] - '0');
    unsigned ones = (unsigned)(text[1] - '0');

    return tens > 9 || ones > 9 ? 100U : tens * 10U + ones;
}

uint64_t http_parse_date(const char *text)
{
    char again[HTTP_DATE_SIZE];
    unsigned month = 0;

    if (strlen(text) != HTTP_DATE_SIZE - 1) {
        return 0;
    }
    while (month < 12 && memcmp(text + 8, months[month], 3) != 0) {
        month++;
    }
    unsigned day = two(text + 5), hour = two(text + 17), minute = two(text + 20);
    unsigned second = two(text + 23), century = two(text + 12), year = two(text + 14);

    if (month == 12 || day == 0 || day > 31 || hour > 23 || minute > 59 || second > 59 ||
        century < 19 || century > 99 || year > 99 || century * 100U + year < 1970U) {
        return 0;
    }
    year += century * 100U;
    uint64_t total = days_before(year) + day - 1U;

    for (unsigned m = 0; m < month; m++) {
        total += days_in(year, m);
    }
    total = total * DAY + hour * 3600U + minute * 60U + second;
    http_date(again, total); /* also settles punctuation and the day of the week */
    return strcmp(again, text) == 0 ? total : 0;
}

/* Weak comparison (8.8.3.2): "W/" before a tag does not count. */
bool http_matches(const char *none_match, const char *etag)
{
    size_t length = strlen(etag);

    if (none_match[0] == '*' && none_match[1] == '\0') {
        return true;
    }
    for (const char *at = none_match; *at != '\0';) {
        at += strspn(at, " \t,");
        at += at[0] == 'W' && at[1] == '/' ? 2 : 0;
        if (*at != '"') {
            return false;
        }
        const char *end = strchr(at + 1, '"');

        if (end == NULL) {
            return false;
        }
        if ((size_t)(end + 1 - at) == length && memcmp(at, etag, length) == 0) {
            return true;
        }
        at = end + 1;
    }
    return false;
}

/* ---- The head ---- */

struct writer {
    char *out;
    size_t length;
};

#define WRITE(w, ...)                                                                              \
    ((w)->length +=                                                                                \
     quoll_format((w)->out + (w)->length, HTTP_RESPONSE_MAX - (w)->length, __VA_ARGS__))

/* RFC 3986, 2.1: all but unreserved characters and '/' are escaped. */
static void write_location(struct writer *w, const char *path)
{
    WRITE(w, "Location: /");
    for (; *path != '\0'; path++) {
        char c = *path;
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                     strchr("-._~/", c) != NULL;

        if (plain) {
            WRITE(w, "%c", c);
        } else {
            WRITE(w, "%%%c%c", "0123456789ABCDEF"[(unsigned char)c >> 4],
                  "0123456789ABCDEF"[c & 15]);
        }
    }
    WRITE(w, "\r\n");
}

/* RFC 9110, 6.6.1: a server without a clock sends no Date. */
size_t http_write(char *out, const struct http_response *r)
{
    struct writer w = {.out = out};
    char date[HTTP_DATE_SIZE];

    WRITE(&w, "HTTP/1.1 %u %s\r\nServer: Quoll\r\n", r->status, http_reason(r->status));
    if (r->status != 304) {
        WRITE(&w, "Content-Length: %lu\r\n", (unsigned long)r->length);
    }
    if (r->type != NULL) {
        WRITE(&w, "Content-Type: %s\r\nX-Content-Type-Options: nosniff\r\n", r->type);
    }
    if (r->modified != 0) {
        http_date(date, r->modified);
        WRITE(&w, "Last-Modified: %s\r\n", date);
    }
    if (r->etag != NULL) {
        WRITE(&w, "ETag: %s\r\n", r->etag);
    }
    if (r->no_store) {
        WRITE(&w, "Cache-Control: no-store\r\n");
    }
    if (r->status == 405) {
        WRITE(&w, "Allow: GET, HEAD\r\n");
    }
    if (r->status == 503) {
        WRITE(&w, "Retry-After: 1\r\n");
    }
    if (r->location != NULL) {
        write_location(&w, r->location);
    }
    if (!r->keep_alive) {
        WRITE(&w, "Connection: close\r\n");
    } else if (r->minor == 0) {
        WRITE(&w, "Connection: keep-alive\r\n");
    }
    WRITE(&w, "\r\n");
    return w.length;
}
