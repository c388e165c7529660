/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arrays that grow. Pointers into one are good until the next LIST_ADD.
 */
#ifndef TOOL_LIST_H
#define TOOL_LIST_H

#include <stddef.h>

#include "lib/text.h"

#define LIST(type)                                                                                 \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
    }

#define LIST_ADD(list, ...)                                                                        \
    do {                                                                                           \
        (list)->items = text_grow((list)->items, (list)->count + 1, sizeof(*(list)->items));       \
        (list)->items[(list)->count++] = (__VA_ARGS__);                                            \
    } while (0)

/** Run over the elements: LIST_EACH(struct pd, pd, system->pds) { ... } */
#define LIST_EACH(type, item, list)                                                                \
    for (type *item = (list).items; item != NULL && item < (list).items + (list).count; item++)

#endif
