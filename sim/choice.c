/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every choice that a run depends on goes through choice(): who runs next, whether
 * another protection domain runs in between, what a device does. Choices are numbered;
 * 0 is what happens by default, and what is recorded are the others. So a schedule is a
 * short list of numbers, the same list is the same run, and a shorter list is a run with
 * fewer odd things in it.
 *
 * By default the highest priority runs; of equals, whoever has waited longest. Devices
 * whose time has come, where they are threads (see sim.h), come after all programs.
 */
#include "sim/choice.h"

#include <stdlib.h>

#include "sim/sim.h"
#include "text.h"

#define OTHER_NEXT   4U  /* random: at one in so many turns not the default runs */
#define OTHER_DEVICE 16U /* and a device is not ordinary */

struct decisions choice_taken, choice_plan;

static uint64_t number; /* of choices made so far */
static size_t planned;  /* decisions of the plan that are behind us */
static uint64_t random_state;
static uint64_t until_odd; /* points until the next odd one: one in --preempt on average */
static struct sim_pd *forced;

/* Sebastiano Vigna's splitmix64. */
static uint64_t next_random(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15U;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

void decisions_add(struct decisions *list, struct decision decision)
{
    if (list->count == list->room) {
        list->room = list->room * 2 + 64;
        list->items = text_grow(list->items, list->room, sizeof *list->items);
    }
    list->items[list->count++] = decision;
}

void choice_begin(void)
{
    number = 0;
    planned = 0;
    forced = NULL;
    random_state = sim_options.seed;
    until_odd = 1U + next_random() % (2U * sim_options.preempt);
    choice_taken.count = 0;
}

/* Whether choice number `n` is an odd one; *value: a number to be reduced. */
static bool is_odd(uint64_t n, unsigned one_in, uint64_t *value)
{
    if (sim_options.schedule == SIM_RANDOM) {
        uint64_t r = next_random();
        *value = r >> 32;
        return (uint32_t)r % one_in == 0;
    }
    if (sim_options.schedule == SIM_REPLAY && planned < choice_plan.count &&
        choice_plan.items[planned].number == n) {
        *value = choice_plan.items[planned++].value;
        return true;
    }
    return false;
}

/* Of `others` ways besides the default one, the one that `value` stands for: 1 to others. */
static unsigned reduce(uint64_t value, unsigned others)
{
    return sim_options.schedule == SIM_REPLAY ? 1U + (unsigned)((value - 1U) % others)
                                              : 1U + (unsigned)(value % others);
}

static unsigned take(uint64_t n, unsigned value, const char *what, const char *who)
{
    decisions_add(&choice_taken,
                  (struct decision){.number = n, .value = value, .what = what, .who = who});
    report_step("(choice %lu: %u, %s, %s)", n, value, who, what);
    return value;
}

/*
 * The answer to the next choice: 0 to others. In an exhaustive search the number of a
 * choice, which depends on the path, must not come to lie on a stack.
 */
static unsigned decide(unsigned others, unsigned one_in, const char *what, const char *who)
{
    uint64_t value;

    if (sim_options.schedule == SIM_EXHAUSTIVE) {
        number += 1;
        return others == 0 ? 0 : explore_ask(others + 1U, what, who);
    }
    uint64_t n = number++;
    if (!is_odd(n, one_in, &value) || others == 0) {
        return 0;
    }
    return take(n, reduce(value, others), what, who);
}

unsigned choice(const char *what, const char *who, unsigned count)
{
    return decide(count - (count > 0), OTHER_DEVICE, what, who);
}

/* ---- Who runs ---- */

static bool before(const struct sim_pd *a, const struct sim_pd *b)
{
    return a->priority != b->priority
               ? a->priority > b->priority
               : sim_machine.last_turn[a->index] < sim_machine.last_turn[b->index];
}

static unsigned runnable(struct sim_pd **to, const struct sim_pd *but)
{
    unsigned count = 0;

    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd *pd = &sim_system.pds[i];
        if (pd == but || !kernel_runnable(pd)) {
            continue;
        }
        unsigned at = count++;
        for (; at > 0 && before(pd, to[at - 1U]); at--) {
            to[at] = to[at - 1U];
        }
        to[at] = pd;
    }
    for (size_t i = 0; i < sim_system.device_count && sim_options.frozen; i++) {
        if (&sim_system.actors[i] != but && kernel_runnable(&sim_system.actors[i])) {
            to[count++] = &sim_system.actors[i];
        }
    }
    return count;
}

/*
 * What else than `but` can happen: who can run, then late stores. Not
 * on the stack, which is a protection domain's and part of the state: to be asked for again
 * after a decision.
 */
static struct sim_pd *list[SIM_MAX_THREADS + SIM_MAX_PDS];

static unsigned ways(const struct sim_pd *but, unsigned *first_store)
{
    unsigned count = runnable(list, but);

    *first_store = count;
    for (size_t i = 0; sim_weak && i < sim_system.pd_count; i++) {
        if (sim_machine.pd[i].late_count > 0) {
            list[count++] = &sim_system.pds[i];
        }
    }
    return count;
}

static void let_out(struct sim_pd *pd)
{
    report_step("a late store of %s becomes visible", pd->name);
    kernel_flush(pd, 1);
}

struct sim_pd *choice_forced(void)
{
    struct sim_pd *pd = forced;

    forced = NULL;
    return pd;
}

unsigned choice_count_next(void)
{
    unsigned first_store, count = ways(NULL, &first_store);

    return first_store == 0 ? 0 : count;
}

struct sim_pd *choice_answer_next(unsigned which)
{
    unsigned first_store;

    (void)ways(NULL, &first_store);
    if (which < first_store) {
        return list[which];
    }
    let_out(list[which]);
    return NULL;
}

struct sim_pd *choice_next(void)
{
    struct sim_pd *next = choice_forced();
    unsigned count;

    while (next == NULL && (count = choice_count_next()) > 0) {
        next = choice_answer_next(
            sim_options.any_order ? decide(count - 1U, OTHER_NEXT, "runs next", "another") : 0);
    }
    return next;
}

/* Whether this point is passed by default, as nearly all are: quickly. */
static bool passes(void)
{
    if (sim_options.schedule == SIM_EXHAUSTIVE) {
        return false;
    }
    if (sim_options.schedule == SIM_REPLAY) {
        return planned >= choice_plan.count || choice_plan.items[planned].number != number;
    }
    return --until_odd > 0;
}

void choice_point(const char *what)
{
    struct sim_pd *me = sim_current;
    unsigned which, first_store;

    if (!sim_options.any_order || me == NULL) {
        return;
    }
    do {
        if (passes()) {
            number += 1;
            return;
        }
        which = decide(ways(me, &first_store), 1, what, me->name);
        (void)ways(me, &first_store);
        until_odd = 1U + next_random() % (2U * sim_options.preempt);
        if (which > first_store) {
            let_out(list[which - 1U]);
        }
    } while (which > first_store);
    if (which > 0) {
        forced = list[which - 1U];
        report_step("%s is preempted before %s", me->name, what);
        kernel_yield();
    }
}

void choice_preempt(void)
{
    if (sim_options.any_order || sim_current == NULL) {
        return;
    }
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd *pd = &sim_system.pds[i];
        if (pd->priority > sim_current->priority && kernel_runnable(pd)) {
            kernel_yield();
            return;
        }
    }
}

uint64_t choice_number(void)
{
    return number;
}

void choice_go_on_from(uint64_t n)
{
    number = n;
    forced = NULL;
}
