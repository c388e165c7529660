/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results: figures by kind of SDK, set, case and part, kept as JSON.
 *
 *     {"devkit": {"net": {"64 B, 1": {"runs": [{"parts": {"total": 6088, ...},
 *                                               "events": {"system calls": 7, ...}}, ...],
 *                                     "median": {"total": 6088, ...}, "events": {...}}}}}
 *
 * "median" and "events" are those of the run whose total is the middle one, so that its parts
 * add up; a baseline has no more than these. What was not counted but taken with a clock is
 * under "noted" instead, and never compared.
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <jansson.h>

#include "guest.h"

#define FIGURES_RUNS 16U

/* The runs of one case. */
struct runs {
    unsigned number;
    struct {
        struct tally tally;
        double units; /* packets, requests, entries: what it is divided by */
    } run[FIGURES_RUNS];
};

void runs_add(struct runs *runs, const struct tally *tally, double units);

/**
 * Keep a case's figures. Protection domains whose names begin with `client` are the
 * clients, all others the framework.
 */
void figures_case(const struct guest *guest, const char *set, const char *name,
                  const struct runs *runs, const char *client);

/** Keep one figure that is exact and has no parts. */
void figures_count(const char *set, const char *name, const char *part, double value);

/** Keep one that is not compared. */
void figures_note(const char *set, const char *name, const char *part, double value);

/** What was measured before; NULL: nothing. */
void figures_load(const char *path);
void figures_save(const char *path);

/** Forget the results of a set of this kind of SDK: it is measured anew. */
void figures_forget(const char *set);

/** Print a set's table, also into `file`. */
void figures_table(const char *set, FILE *file);

/** A file of results; nothing, if it is not there and need not be. What cannot be read ends us. */
json_t *figures_read(const char *path, bool must);

/** Put this kind's results of these sets (ends with NULL) into the baseline, as far as there are.
 */
void figures_keep(const char *results, const char *baseline, const char *kind, char *const sets[]);

#endif
