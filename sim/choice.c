/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every choice that a run depends on goes through choice(): who runs next, whether
 * another protection domain runs in between, what a device does. Choices are numbered;
 * 0 is what happens by default, and what is recorded are the others. So a schedule is a
 * short list of numbers, the same list is the same run, and a shorter list is a run with
 * fewer odd things in it.
 *
 * By default the highest priority runs; of equals, whoever has waited longest.
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
    choice_taken.count = 0;
}

/* Whether choice number `n` is an odd one; *value: a number to be reduced, never 0. */
static bool is_odd(uint64_t n, unsigned one_in, uint64_t *value)
{
    if (sim_options.schedule == SIM_RANDOM) {
        uint64_t r = next_random();
        *value = (r >> 32) | 1U;
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

unsigned choice(const char *what, const char *who, unsigned count)
{
    uint64_t n = number++, value;

    if (sim_options.schedule == SIM_EXHAUSTIVE) {
        return explore_choice(count);
    }
    if (!is_odd(n, OTHER_DEVICE, &value) || count < 2) {
        return 0;
    }
    return take(n, reduce(value, count - 1U), what, who);
}

/* ---- Who runs ---- */

static bool before(const struct sim_pd *a, const struct sim_pd *b)
{
    return a->priority != b->priority
               ? a->priority > b->priority
               : sim_machine.last_turn[a->index] < sim_machine.last_turn[b->index];
}

static unsigned runnable(struct sim_pd **list, const struct sim_pd *but)
{
    unsigned count = 0;

    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd *pd = &sim_system.pds[i];
        if (pd == but || !kernel_runnable(pd)) {
            continue;
        }
        unsigned at = count++;
        for (; at > 0 && before(pd, list[at - 1U]); at--) {
            list[at] = list[at - 1U];
        }
        list[at] = pd;
    }
    return count;
}

struct sim_pd *choice_next(void)
{
    struct sim_pd *list[SIM_MAX_PDS], *next = forced;
    uint64_t value;

    forced = NULL;
    if (next != NULL) {
        return next;
    }
    unsigned count = runnable(list, NULL);
    if (count == 0) {
        return NULL;
    }
    if (!sim_options.any_order) {
        return list[0];
    }
    uint64_t n = number++;
    if (!is_odd(n, OTHER_NEXT, &value) || count < 2) {
        return list[0];
    }
    return list[take(n, reduce(value, count - 1U), "runs next", "somebody else")];
}

static unsigned late_stores(struct sim_pd **list)
{
    unsigned count = 0;

    for (size_t i = 0; sim_weak && i < sim_system.pd_count; i++) {
        if (sim_machine.pd[i].late_count > 0) {
            list[count++] = &sim_system.pds[i];
        }
    }
    return count;
}

void choice_point(const char *what)
{
    struct sim_pd *list[2 * SIM_MAX_PDS], *me = sim_current;
    uint64_t value;

    if (!sim_options.any_order || me == NULL) {
        return;
    }
    if (sim_options.schedule == SIM_EXHAUSTIVE) {
        kernel_yield();
        return;
    }
    uint64_t n = number++;
    if (!is_odd(n, sim_options.preempt, &value)) {
        return;
    }
    unsigned others = runnable(list, me);
    unsigned count = others + late_stores(list + others);
    if (count == 0) {
        return;
    }
    unsigned which = take(n, reduce(value, count), what, me->name) - 1U;
    if (which >= others) {
        report_step("a late store of %s becomes visible", list[which]->name);
        kernel_flush(list[which], 1);
        return;
    }
    forced = list[which];
    report_step("%s is preempted before %s", me->name, what);
    kernel_yield();
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
