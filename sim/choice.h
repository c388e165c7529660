/* SPDX-License-Identifier: BSD-2-Clause */
/* The decisions of a schedule: see choice.c. */
#ifndef SIM_CHOICE_H
#define SIM_CHOICE_H

#include <stddef.h>
#include <stdint.h>

struct sim_pd;

struct decision {
    uint64_t number;  /* of the choice */
    uint32_t value;   /* 1 or more: what was chosen instead of the default */
    const char *what; /* in words: who was about to do what */
    const char *who;
};

struct decisions {
    struct decision *items;
    size_t count, room;
};

extern struct decisions choice_taken; /* in this run */
extern struct decisions choice_plan;  /* to be taken in a replay */

/** The number of the next choice; and to go on from another state of the run. */
uint64_t choice_number(void);
void choice_go_on_from(uint64_t n);

/** Who was chosen at the last point; NULL: nobody. */
struct sim_pd *choice_forced(void);

/**
 * In how many ways it can go on when nobody runs, 0: in none; and to take one: who runs
 * then, or NULL if only a late store came out.
 */
unsigned choice_count_next(void);
struct sim_pd *choice_answer_next(unsigned which);

void decisions_add(struct decisions *list, struct decision decision);

#endif
