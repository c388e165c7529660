/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many runs. A failing one is made short: decisions are taken out, in halves, quarters
 * and so on down to single ones, as long as the same failure remains (delta debugging:
 * Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002); what
 * is left is shown step by step.
 */
#include "sim/campaign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "diag.h"
#include "sim/choice.h"
#include "sim/sim.h"
#include "text.h"

#define SHRINK_RUNS 2000U
#define SHRINK_S    20

static time_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* ---- A schedule in a file ---- */

static void write_trace(const char *path)
{
    FILE *out = fopen(path, "w");

    if (out == NULL) {
        diag_fatal("%s: %s", path, strerror(errno));
    }
    fprintf(out, "# quoll-sim: %s\n", sim_outcome.what);
    fprintf(out, "memory %s\norder %s\ntime %s\n", sim_options.weak ? "weak" : "ordered",
            sim_options.any_order ? "any" : "priority", sim_options.frozen ? "frozen" : "passes");
    for (size_t i = 0; i < choice_plan.count; i++) {
        const struct decision *d = &choice_plan.items[i];
        fprintf(out, "%lu %u %s: %s\n", d->number, d->value, d->who, d->what);
    }
    fclose(out);
}

static void read_line(const char *line, unsigned number)
{
    struct decision d = {.what = "", .who = ""};
    char word[16];

    if (line[0] == '#' || line[0] == '\n') {
        return;
    }
    if (sscanf(line, "memory %15s", word) == 1) {
        sim_options.weak = sim_weak = strcmp(word, "weak") == 0;
    } else if (sscanf(line, "order %15s", word) == 1) {
        sim_options.any_order = strcmp(word, "any") == 0;
    } else if (sscanf(line, "time %15s", word) == 1) {
        sim_options.frozen = strcmp(word, "frozen") == 0;
    } else if (sscanf(line, "%lu %u", &d.number, &d.value) == 2 && d.value > 0) {
        decisions_add(&choice_plan, d);
    } else {
        diag_fatal("%s:%u: not a line of a schedule", sim_options.trace, number);
    }
}

static void read_trace(const char *path)
{
    FILE *in = fopen(path, "r");
    char line[400];

    if (in == NULL) {
        diag_fatal("%s: %s", path, strerror(errno));
    }
    for (unsigned number = 1; fgets(line, sizeof line, in) != NULL; number++) {
        read_line(line, number);
    }
    fclose(in);
}

/* ---- Making it short ---- */

/* What a failure is, without the numbers that depend on the schedule. */
static bool same_failure(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, "0123456789abcdefx");
        b += strspn(b, "0123456789abcdefx");
        if (*a != *b || *a == '\0') {
            return *a == *b;
        }
    }
}

/* Whether the plan without `count` decisions from `first` on still fails so. */
static bool fails_without(size_t first, size_t count, const char *what)
{
    struct decisions whole = choice_plan;

    choice_plan = (struct decisions){0};
    for (size_t i = 0; i < whole.count; i++) {
        if (i < first || i >= first + count) {
            decisions_add(&choice_plan, whole.items[i]);
        }
    }
    if (!run_once() && same_failure(sim_outcome.what, what)) {
        /* What was taken, not what was planned: decisions after the failure are none. */
        free(whole.items);
        choice_plan.count = 0;
        for (size_t i = 0; i < choice_taken.count; i++) {
            decisions_add(&choice_plan, choice_taken.items[i]);
        }
        return true;
    }
    free(choice_plan.items);
    choice_plan = whole;
    return false;
}

static unsigned shorten(const char *what)
{
    time_t end = now() + SHRINK_S;
    unsigned runs = 0;

    for (size_t size = (choice_plan.count + 1) / 2; size > 0;) {
        bool changed = false;
        for (size_t at = 0; at < choice_plan.count && runs < SHRINK_RUNS && now() < end; runs++) {
            if (fails_without(at, size, what)) {
                changed = true;
            } else {
                at += size;
            }
        }
        size = changed && size == 1 ? 1 : size / 2;
    }
    return runs;
}

static void show(void)
{
    sim_options.verbose = true;
    sim_options.stops_now = true;
    (void)run_once();
    sim_options.verbose = false;
    fflush(stdout);
}

void campaign_failed(const char *how)
{
    char what[sizeof sim_outcome.what];
    char *kept = NULL;

    memcpy(what, sim_outcome.what, sizeof what);
    choice_plan.count = 0;
    for (size_t i = 0; i < choice_taken.count; i++) {
        decisions_add(&choice_plan, choice_taken.items[i]);
    }
    size_t before = choice_plan.count;
    bool quiet = sim_options.quiet;
    sim_options.schedule = SIM_REPLAY;
    sim_options.quiet = true;
    unsigned runs = shorten(what);
    sim_options.quiet = quiet;
    show();
    printf("FAILED: %s\n  found by %s; %zu odd choices, %zu of them needed (%u runs to know)\n",
           what, how, before, choice_plan.count, runs);
    if (sim_options.keep != NULL) {
        mkdir(sim_options.keep, 0777);
        kept = text_format("%s/%s.trace", sim_options.keep, how);
        for (char *c = kept + strlen(sim_options.keep) + 1; *c != '\0'; c++) {
            *c = *c == ' ' ? '-' : *c;
        }
        write_trace(kept);
        printf("  again: --schedule replay --trace %s\n", kept);
    }
}

/* ---- Runs ---- */

int campaign_single(void)
{
    sim_options.stops_now = true;
    if (run_once()) {
        return 0;
    }
    fflush(stdout);
    fprintf(stderr, "quoll-sim: FAILED: %s\n", sim_outcome.what);
    return 1;
}

int campaign_random(void)
{
    time_t end = now() + (time_t)(sim_options.time_limit / 1000000000U);
    bool verbose = sim_options.verbose;
    uint64_t runs = 0, simulated = 0, choices = 0;

    sim_options.quiet = sim_options.quiet || (!verbose && sim_options.runs != 1);
    for (; runs < sim_options.runs && (sim_options.time_limit == 0 || now() < end); runs++) {
        if (!run_once()) {
            sim_options.quiet = false;
            campaign_failed(text_format("seed %lu", sim_options.seed));
            return 1;
        }
        simulated += sim_machine.now;
        choices += choice_taken.count;
        sim_options.seed += 1;
    }
    printf("%lu runs, seeds %lu to %lu: no failure; %lu odd choices, %.3f s of the system's time\n",
           runs, sim_options.seed - runs, sim_options.seed - 1, choices, (double)simulated / 1e9);
    return 0;
}

int campaign_replay(void)
{
    read_trace(sim_options.trace);
    sim_options.stops_now = true;
    if (run_once()) {
        puts("the schedule runs without a failure");
        return 0;
    }
    printf("FAILED: %s\n", sim_outcome.what);
    return 1;
}
