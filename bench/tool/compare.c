/* SPDX-License-Identifier: BSD-2-Clause */
#include "compare.h"

#include <jansson.h>
#include <math.h>

#include "figures.h"

#define TOLERANCE 1.03 /* times the figure itself */
#define SMALL     0.01 /* of the case's total: growth below this is not worth a word */
#define RESTS     0.95 /* waits per unit: less, and what comes together is up to the host */
#define APART     2.0  /* times as many batches: that is not the host */

static double figure(json_t *figures, const char *name)
{
    return json_real_value(json_object_get(figures, name));
}

/* How many times as many batches a run made, if it may. Each costs so many system calls once. */
static double more_batches(json_t *events, json_t *before)
{
    double calls = figure(before, "system calls");

    if (calls == 0 || figure(before, "waits") >= RESTS) {
        return 1;
    }
    return fmax(1, figure(events, "system calls") / calls);
}

static unsigned told(const char *where, const char *part, double is, double was)
{
    printf("regression: %s, %s: %.2f, was %.2f (%+.1f %%)\n", where, part, is, was,
           (is / was - 1) * 100);
    return 1;
}

/* One part of a case, in the run in which it grew least. */
static unsigned compare_part(const char *where, json_t *runs, json_t *before, const char *part,
                             double total)
{
    double was = figure(json_object_get(before, "median"), part), is = INFINITY;
    size_t i;
    json_t *run;

    json_array_foreach(runs, i, run)
    {
        double more =
            more_batches(json_object_get(run, "events"), json_object_get(before, "events"));

        is = fmin(is, figure(json_object_get(run, "parts"), part) / more);
    }
    return is > was * TOLERANCE && is - was > total * SMALL ? told(where, part, is, was) : 0;
}

static unsigned compare_batches(const char *where, json_t *runs, json_t *before)
{
    json_t *events = json_object_get(before, "events"), *run;
    double calls = figure(events, "system calls"), least = INFINITY;
    size_t i;

    json_array_foreach(runs, i, run)
    {
        least = fmin(least, more_batches(json_object_get(run, "events"), events));
    }
    return least > APART ? told(where, "system calls", least * calls, calls) : 0;
}

static unsigned compare_case(const char *where, json_t *now, json_t *before)
{
    json_t *runs = json_object_get(now, "runs"), *median = json_object_get(before, "median"), *old;
    unsigned found = compare_batches(where, runs, before);
    const char *part;

    json_object_foreach(median, part, old)
    {
        found += compare_part(where, runs, before, part, figure(median, "total"));
    }
    return found;
}

static unsigned compare_set(const char *where, json_t *now, json_t *before, unsigned *compared)
{
    unsigned found = 0;
    const char *name;
    json_t *old;

    json_object_foreach(before, name, old)
    {
        json_t *new = json_object_get(now, name);

        if (json_object_get(old, "median") == NULL) {
            continue; /* it was not counted */
        }
        *compared += 1;
        if (json_array_size(json_object_get(new, "runs")) == 0) {
            printf("regression: %s: %s was not measured\n", where, name);
            found += 1;
        } else {
            found += compare_case(text("%s: %s", where, name), new, old);
        }
    }
    return found;
}

unsigned compare_results(const char *results, const char *baseline, const char *kind,
                         char *const sets[])
{
    json_t *now = json_object_get(figures_read(results, true), kind);
    json_t *before = json_object_get(figures_read(baseline, true), kind);
    unsigned found = 0, compared = 0;

    for (; *sets != NULL; sets++) {
        char where[64]; /* text() would have it back before a set's last case */

        snprintf(where, sizeof where, "%s, %s", kind, *sets);
        found += compare_set(where, json_object_get(now, *sets), json_object_get(before, *sets),
                             &compared);
    }
    printf("%s: %u cases compared with the baseline; %u regressions over %.0f %%\n", kind, compared,
           found, (TOLERANCE - 1) * 100);
    return found;
}
