/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes of an exhaustive search, and what comes of it. A failure is found by
 * whichever process comes upon one first, often in an odd way; so it is looked for again
 * with at most one, two, ... decisions other than the default, as far as that is quick.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "diag.h"
#include "sim/campaign.h"
#include "sim/choice.h"
#include "sim/pool.h"
#include "sim/sim.h"
#include "sim/snapshot.h"

#define FEW     4U /* odd decisions */
#define QUICK_S 10

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds that all processes together have used. */
static double processors(void)
{
    struct rusage u;

    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void show_progress(double since)
{
    struct pool_counts c = pool_counts();

    fprintf(stderr, "\r%lu states, %lu steps, depth %lu, %.0f states/s ", c.states, c.steps,
            c.depth, (double)c.states / since);
}

/* Until all have ended. */
static void wait_for(unsigned running, double end)
{
    bool is_terminal = isatty(STDERR_FILENO);
    double start = seconds(), shown = start;
    int status;

    while (running > 0) {
        pid_t child = waitpid(-1, &status, WNOHANG);
        if (child > 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
            diag_fatal("a process of the search has failed");
        }
        running -= child > 0;
        if (child == 0) {
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        }
        if (is_terminal && seconds() - shown > 1) {
            shown = seconds();
            show_progress(shown - start);
        }
        if (seconds() > end) {
            pool_stop();
        }
    }
    if (is_terminal) {
        fputs("\r\033[K", stderr);
    }
}

static void search_all(double end)
{
    pool_create(sim_options.jobs);
    for (unsigned i = 0; i < sim_options.jobs; i++) {
        if (fork() == 0) {
            explore_process(i);
        }
    }
    wait_for(sim_options.jobs, end);
}

/* Whether the search has found a failure: its schedule and words are then the present ones. */
static bool take_failure(void)
{
    const struct decision *failing;
    size_t count;
    const char *what = pool_failure(&failing, &count);

    if (what == NULL) {
        return false;
    }
    choice_taken.count = 0;
    for (size_t i = 0; i < count; i++) {
        decisions_add(&choice_taken, failing[i]);
    }
    snprintf(sim_outcome.what, sizeof sim_outcome.what, "%s", what);
    return true;
}

/* Any failure will do: in the same system, it is the simplest that counts. */
static void look_for_simpler(void)
{
    double end = seconds() + QUICK_S;
    bool found = false;

    for (uint64_t odd = 0; odd <= FEW && odd < choice_taken.count && !found; odd++) {
        sim_options.odd = odd;
        search_all(end);
        found = take_failure();
    }
}

static int conclude(void)
{
    struct pool_counts c = pool_counts();

    if (take_failure()) {
        look_for_simpler();
        campaign_failed("exhaustive search");
        return 1;
    }
    if (pool_is_full() || c.states > sim_options.max_states) {
        puts("stopped before all states were seen: no failure so far");
        return 3;
    }
    puts(sim_options.odd == UINT64_MAX ? "all states seen: no failure"
                                       : "all states within --odd seen: no failure");
    return 0;
}

int explore(void)
{
    double start = seconds();

    for (size_t i = 0; i < sim_system.pd_count; i++) {
        if (!sim_system.pds[i].checked) {
            diag_fatal("%s is not a checked program: its accesses cannot be seen",
                       sim_system.pds[i].name);
        }
    }
    snapshot_create();
    search_all(start + 1e9);

    struct pool_counts c = pool_counts();
    double took = seconds() - start;
    printf("%lu states, %lu steps, %lu ends, depth %lu; %.2f s, %.0f states/s on %u processes\n",
           c.states, c.steps, c.ends, c.depth, took, (double)c.states / took, sim_options.jobs);
    printf("%.2f s of processors, %.0f states/s of each\n", processors(),
           (double)c.states / processors());
    return conclude();
}
