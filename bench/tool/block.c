/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * block: instructions per request, by operation, size, depth and number of clients
 * (pd_block.c), and of Linux with the same disk (linux.c).
 */
#include "disk.h"
#include "figures.h"

#include <string.h>

#define EVERY  16U   /* requests from mark to mark */
#define WARM   256U  /* requests before anything counts */
#define WINDOW 2048U /* requests of a run */

struct kind {
    const char *operation, *pattern;
    unsigned size, depth, clients;
};

static const char *name_of(const struct kind *k)
{
    return text("%s%s%s %u KiB, depth %u", k->clients == 2 ? "2 clients, " : "", k->operation,
                strcmp(k->pattern, "random") == 0 ? "" : ", sequential", k->size / 1024, k->depth);
}

/* The runs between marks that are WINDOW requests apart. */
static void take_runs(struct guest *guest, struct runs *runs)
{
    unsigned marks = (WARM + settings.repeat * WINDOW) / EVERY + 1;

    guest_wait_marks(guest, marks, 240);
    for (unsigned r = 0; r < settings.repeat; r++) {
        unsigned first = (WARM + r * WINDOW) / EVERY;
        struct tally before, after;

        guest_tally_mark(guest, first, &before);
        guest_tally_mark(guest, first + WINDOW / EVERY, &after);
        tally_since(&after, &before);
        runs_add(runs, &after, WINDOW);
    }
}

static const char *yaml_of(const struct kind *k)
{
    char client[1024] = "";

    for (unsigned c = 0; c < k->clients; c++) {
        size_t length = strlen(client);

        snprintf(client + length, sizeof client - length,
                 "  client%u: {program: block.elf, disk: {partition: p%u, access: write, data: 2M, "
                 "quota: 32}, console: , settings: {operation: %s, pattern: %s, size: \"%u\", "
                 "depth: \"%u\", every: \"%u\"}}\n",
                 c, c + 1, k->operation, k->pattern, k->size, k->depth, EVERY);
    }
    return text(DISK_SYSTEM "clients:\n%s", client);
}

static void one_case(const struct kind *k)
{
    struct runs runs = {0};
    struct guest guest;

    if (!wanted(name_of(k))) {
        return;
    }
    guest_compose("block", yaml_of(k));
    guest_boot(&guest, "block", disk_options(0));
    struct count_file *copy = NULL;

    if (settings.functions > 0) {
        guest_wait_marks(&guest, WARM / EVERY, 60);
        copy = guest_copy(&guest);
    }
    take_runs(&guest, &runs);
    if (copy != NULL) {
        printf("%s: instructions, most first\n", name_of(k));
        guest_functions(&guest, copy, (double)(guest.file->marks * EVERY - WARM));
        guest_forget_copy(copy);
    }
    figures_case(&guest, "block", name_of(k), &runs, "client");
    guest_end(&guest);
}

static void one_linux(const struct kind *k)
{
    struct runs runs = {0};
    struct guest guest;

    if (!wanted(name_of(k))) {
        return;
    }
    guest_boot_linux(&guest,
                     text("%s -append \"console=ttyAMA0 quiet panic=-1 -- %s %s %u %u %u\"",
                          disk_options(0), k->operation, k->pattern, k->size, k->depth, EVERY));
    take_runs(&guest, &runs);
    figures_case(&guest, "linux", name_of(k), &runs, "program");
    guest_end(&guest);
}

static void all_cases(void (*one)(const struct kind *), unsigned clients)
{
    static const char *const operations[] = {"read", "write"};
    static const unsigned sizes[] = {4096, 65536}, depths[] = {1, 8, 32};

    for (unsigned c = 1; c <= clients; c++) {
        for (unsigned o = 0; o < 2; o++) {
            for (unsigned s = 0; s < 2; s++) {
                for (unsigned d = 0; d < 3; d++) {
                    one(&(struct kind){operations[o], "random", sizes[s], depths[d], c});
                }
            }
        }
    }
    one(&(struct kind){"read", "sequential", 4096, 32, 1});
}

void set_block(void)
{
    disk_make();
    all_cases(one_case, 2);
}

void set_linux(void)
{
    disk_make();
    all_cases(one_linux, 1);
}
