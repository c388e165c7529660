/* SPDX-License-Identifier: BSD-2-Clause */
/* The decisions of a schedule: see choice.c. */
#ifndef SIM_CHOICE_H
#define SIM_CHOICE_H

#include <stddef.h>
#include <stdint.h>

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

void decisions_add(struct decisions *list, struct decision decision);

#endif
