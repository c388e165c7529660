/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings of PDs. A PD has one pair of links and is in one ring at a time: ready,
 * waiting to be received, or out of budget.
 */
#include "kernel.h"

#include <stddef.h>

void list_append(struct pd **list, struct pd *pd)
{
    struct pd *first = *list;

    if (first == NULL) {
        pd->next = pd;
        pd->previous = pd;
        *list = pd;
        return;
    }
    pd->next = first;
    pd->previous = first->previous;
    first->previous->next = pd;
    first->previous = pd;
}

/* By priority; behind its equals. */
void list_insert(struct pd **list, struct pd *pd)
{
    struct pd *first = *list, *at = first;

    if (first == NULL || first->priority < pd->priority) {
        list_append(list, pd);
        *list = pd;
        return;
    }
    do {
        at = at->next;
    } while (at != first && at->priority >= pd->priority);
    list_append(&at, pd);
}

void list_remove(struct pd **list, struct pd *pd)
{
    if (pd->next == pd) {
        *list = NULL;
        return;
    }
    pd->next->previous = pd->previous;
    pd->previous->next = pd->next;
    if (*list == pd) {
        *list = pd->next;
    }
}
