/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All schedules of a small system: a search through its states, depth first.
 *
 * A state is looked at wherever something could go on in more than one way (choice.c
 * asks). If it was seen before, what follows was too. Else it is kept with the ways not
 * yet taken, and the search goes on by the default way; at the end of a path it goes back
 * to the last state that has ways left. States are known by 64 bits of hash: two of n
 * states look alike with a probability of about n * n / 2^65, for ten million once in
 * 370,000 searches.
 *
 * Time passes only when all are asleep, so what depends on how long code takes is not
 * explored. Devices act whenever others could run, and what they choose is explored too.
 *
 * With --odd N only schedules with at most N decisions other than the default are explored
 * (Musuvathi and Qadeer, "Iterative Context Bounding for Systematic Testing of
 * Multithreaded Programs", 2007): real drivers and virtualisers are too large for more. How
 * many there were is then part of a state.
 *
 * Several processes search (explorers.c), each from its own end: whoever has nothing left is
 * given the oldest state of another (pool.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "sim/campaign.h"
#include "sim/choice.h"
#include "sim/pool.h"
#include "sim/sim.h"
#include "sim/snapshot.h"
#include "text.h"

#define COUNT_EVERY 4096U

/* Somebody asks which of `count` ways things go on: a PD at a point, or the scheduler. */
static struct question {
    uint64_t number;
    unsigned count; /* 0: nobody asks */
    struct sim_pd *who;
    const char *what, *name;
} question;
static unsigned answer;

/* A state with ways not yet taken. */
struct node {
    struct snapshot snapshot;
    struct question question;
    unsigned next; /* way */
    size_t path;   /* decisions that lead here */
};

static struct node *nodes;
static size_t first_node, node_count, node_room;
static struct decisions path;
static struct pool_counts counts;

unsigned explore_ask(unsigned count, const char *what, const char *who)
{
    if (sim_current == NULL) { /* power-on: devices as they are ordinarily */
        return 0;
    }
    if (path.count >= sim_options.odd) {
        return 0;
    }
    question = (struct question){choice_number() - 1U, count, sim_current, what, who};
    kernel_yield();
    return answer;
}

/* ---- One step ---- */

enum reached { REACHED_QUESTION, REACHED_END, REACHED_FAILURE };

static void resume(struct sim_pd *pd)
{
    kernel_resume(pd);
    snapshot_has_run(pd);
}

/* Let `pd` run (NULL: whoever is to), and so on up to the next question. */
static enum reached go_on(struct sim_pd *pd)
{
    for (;;) {
        if (pd != NULL) {
            resume(pd);
        }
        if (sim_outcome.failed) {
            return REACHED_FAILURE;
        }
        if (question.count > 0) {
            return REACHED_QUESTION;
        }
        pd = choice_forced();
        if (pd != NULL) {
            continue;
        }
        clock_events();
        unsigned ways = choice_count_next();
        uint64_t number = choice_number();
        if (ways > 0) {
            choice_go_on_from(number + 1U);
        }
        if (ways > 1 && path.count < sim_options.odd) {
            question = (struct question){number, ways, NULL, "runs next", "another"};
            return REACHED_QUESTION;
        }
        if (ways > 0) {
            pd = choice_answer_next(0);
        } else if (!run_rest()) {
            return sim_outcome.failed ? REACHED_FAILURE : REACHED_END;
        }
    }
}

/* Answer the question with `way`, and go on to the next one. */
static enum reached go(unsigned way)
{
    answer = way;
    question.count = 0;
    return go_on(question.who != NULL ? question.who : choice_answer_next(way));
}

/* ---- The search ---- */

static void push(void)
{
    if (node_count == node_room) {
        node_room = node_room * 2 + 1024;
        nodes = text_grow(nodes, node_room, sizeof *nodes);
    }
    nodes[node_count++] = (struct node){
        .snapshot = snapshot_take(), .question = question, .next = 1, .path = path.count};
    if (node_count > counts.depth) {
        counts.depth = node_count;
    }
}

/* Take a way of a node, the present state being that node's. */
static unsigned take_way(struct node *node)
{
    unsigned way = node->next++;

    question = node->question;
    path.count = node->path;
    decisions_add(&path, (struct decision){question.number, way, question.what, question.name});
    return way;
}

/* Back to the last state with a way left; false: there is none. */
static bool go_back(unsigned *way)
{
    while (node_count > first_node) {
        struct node *node = &nodes[node_count - 1];
        if (node->next == node->question.count) {
            snapshot_drop(&node->snapshot);
            node_count -= 1;
            continue;
        }
        snapshot_restore(&node->snapshot);
        choice_go_on_from(node->question.number + 1U);
        *way = take_way(node);
        return true;
    }
    first_node = node_count = 0;
    return false;
}

static uint64_t state_number(void)
{
    uint64_t position = question.who == NULL ? 0 : question.who->index + 1U;

    position += sim_options.odd != UINT64_MAX ? path.count << 32 : 0;
    return snapshot_hash() + position * 0xd6e8feb86659fd93U;
}

static void count_now(void)
{
    pool_count(counts);
    counts = (struct pool_counts){0};
}

/* ---- Work for others ---- */

struct work {
    struct question question;
    unsigned next;
    size_t path_count;
    struct decision path[];
};

static void give(void)
{
    struct node *node = &nodes[first_node];
    size_t room;
    unsigned char *bytes;

    while (first_node < node_count && node->next == node->question.count) {
        snapshot_drop(&node->snapshot);
        node = &nodes[++first_node];
    }
    if (first_node == node_count || (bytes = pool_room(&room)) == NULL) {
        return;
    }
    struct work *work = (struct work *)(void *)bytes;
    size_t size = sizeof *work + node->path * sizeof work->path[0];
    *work = (struct work){node->question, node->next, node->path};
    memcpy(work->path, path.items, node->path * sizeof work->path[0]);
    if (snapshot_pack(&node->snapshot, bytes + size, room - size) == 0) {
        diag_fatal("this system is too large to be explored");
    }
    snapshot_drop(&node->snapshot);
    first_node += 1;
    pool_offer();
}

static bool receive(void)
{
    const unsigned char *bytes = pool_take();
    const struct work *work = (const struct work *)(const void *)bytes;

    if (bytes == NULL) {
        return false;
    }
    path.count = 0;
    for (size_t i = 0; i < work->path_count; i++) {
        decisions_add(&path, work->path[i]);
    }
    size_t size = sizeof *work + work->path_count * sizeof work->path[0];
    question = work->question;
    struct snapshot snapshot = snapshot_unpack(bytes + size);
    snapshot_restore(&snapshot);
    first_node = node_count = 0;
    snapshot_hash();
    push();
    nodes[0].next = work->next;
    snapshot_drop(&snapshot);
    pool_taken(bytes);
    return true;
}

/* ---- One process ---- */

/* The present state has a question: whether to go on from it. */
static bool is_new(void)
{
    counts.steps += 1;
    if (!pool_see(state_number())) {
        return false;
    }
    counts.states += 1;
    push();
    return true;
}

static void look_around(void)
{
    if (counts.steps >= COUNT_EVERY) {
        count_now();
        if (pool_is_full() || pool_counts().states > sim_options.max_states) {
            pool_stop();
        }
    }
    if (pool_is_hungry() && node_count > first_node + 1) {
        give();
    }
}

static void search(enum reached reached)
{
    unsigned way = 0;

    while (!pool_is_over()) {
        look_around();
        counts.ends += reached == REACHED_END;
        if (reached == REACHED_FAILURE) {
            pool_fail(sim_outcome.what, path.items, path.count);
            return;
        }
        if (reached == REACHED_QUESTION && is_new()) {
            way = 0;
        } else if (!go_back(&way) && !(receive() && go_back(&way))) {
            return;
        }
        reached = go(way);
    }
}

_Noreturn void explore_process(unsigned number)
{
    memory_unshare();
    sim_options.quiet = true;
    run_power_on(); /* each has its own disks and wires */
    if (number == 0) {
        path.count = 0;
        search(go_on(NULL));
    } else if (receive()) {
        unsigned way;
        go_back(&way);
        search(go(way));
    }
    count_now();
    _exit(0);
}
