/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <string.h>

#include <quoll/log.h>
#include <quoll/queue_entries.h>

#include "counters_json.h"

#define NUMBER_MAX 22U /* "18446744073709551615" and a separator */
#define PAGES_SIZE (QUOLL_COUNTERS_SIZE / sizeof(uint64_t))

struct text {
    char *out;
    size_t length;
    size_t size;
};

#define ADD(t, ...)                                                                                \
    ((t)->length += quoll_format((t)->out + (t)->length, (t)->size - (t)->length, __VA_ARGS__))

static void add_numbers(struct text *t, const uint64_t *numbers, unsigned count)
{
    ADD(t, "[");
    for (unsigned i = 0; i < count; i++) {
        ADD(t, i == 0 ? "%lu" : ",%lu", (unsigned long)numbers[i]);
    }
    ADD(t, "]");
}

/* A name as another wrote it: only what needs no escape, up to its NUL or its end. */
static void add_name(struct text *t, const char *name)
{
    for (unsigned i = 0; i < QUOLL_NAME_SIZE && name[i] != '\0'; i++) {
        bool plain = name[i] >= ' ' && name[i] < 0x7f && name[i] != '"' && name[i] != '\\';

        ADD(t, "%c", plain ? name[i] : '?');
    }
}

static void add_pd(struct text *t, const struct quoll_counters *page, bool first)
{
    ADD(t, "%s\n{\"name\":\"", first ? "" : ",");
    add_name(t, page->name);
    ADD(t, "\",\"counters\":");
    add_numbers(t, page->pd, QUOLL_PD_COUNTERS);
    ADD(t, ",\"links\":[");
    for (unsigned i = 0; i < page->links; i++) {
        ADD(t, "%s", i == 0 ? "" : ",");
        add_numbers(t, page->link[i], QUOLL_LINK_COUNTERS);
    }
    ADD(t, "]}");
}

/* All wake-ups, of which some are counted by link, or as interrupts. */
static uint64_t wakeups(const struct quoll_counters *page)
{
    uint64_t sum = page->pd[COUNT_WAKEUPS] + page->pd[COUNT_INTERRUPTS];

    for (unsigned i = 0; i < page->links; i++) {
        sum += page->link[i][COUNT_WOKEN];
    }
    return sum;
}

static size_t room_for(const struct quoll_counters *page)
{
    return 128U + QUOLL_NAME_SIZE + NUMBER_MAX * (QUOLL_PD_COUNTERS + 1U) +
           page->links * NUMBER_MAX * (QUOLL_LINK_COUNTERS + 1U);
}

size_t counters_json(char *out, const struct quoll_counters *pages, unsigned count, uint64_t now)
{
    static struct quoll_counters copy;
    struct text t = {.out = out, .size = COUNTERS_JSON_SIZE};
    bool first = true;

    ADD(&t,
        "{\"now\":%lu,\n\"counters\":[\"wakeups\",\"interrupts\",\"signals\",\"resets\","
        "\"device_errors\",\"timeouts\",\"spare_6\",\"spare_7\"],\n"
        "\"link_counters\":[\"taken\",\"put\",\"refused\",\"dropped\",\"lives\",\"bytes\","
        "\"broken\",\"woken\"],\n\"pds\":[",
        (unsigned long)now);
    for (unsigned i = 0; i < count; i++) {
        const char *page = (const char *)pages + (size_t)i * QUOLL_COUNTERS_SIZE;

        queue_copy_in(&copy, (const struct quoll_counters *)page);
        if (copy.magic != QUOLL_COUNTERS_MAGIC || copy.links > QUOLL_MAX_LINKS ||
            room_for(&copy) > t.size - t.length - 8U) {
            continue;
        }
        copy.pd[COUNT_WAKEUPS] = wakeups(&copy);
        add_pd(&t, &copy, first);
        first = false;
    }
    ADD(&t, "]}\n");
    return t.length;
}
