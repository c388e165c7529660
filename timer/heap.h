/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A binary heap of times: the earliest at hand, insertion and removal of any in
 * O(log n) steps.
 *
 * Intrusive: nodes are their owners' memory and know their place, so that a
 * timeout can be moved or cancelled without a search. The array of places is its
 * owner's too. Nodes start as zero: not in any heap.
 */
#ifndef TIMER_HEAP_H
#define TIMER_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct heap_node {
    uint64_t when;
    uint32_t place; /* in the array, from 1; 0: not in the heap */
};

struct heap {
    struct heap_node **nodes;
    uint32_t capacity;
    uint32_t count;
};

static inline bool heap_has(const struct heap_node *node)
{
    return node->place != 0;
}

/** The earliest node, or NULL; of equal ones, any. */
static inline struct heap_node *heap_first(const struct heap *heap)
{
    return heap->count > 0 ? heap->nodes[0] : 0;
}

/** Insert a node with this time, or move it there if it is in the heap. */
void heap_put(struct heap *heap, struct heap_node *node, uint64_t when);

/** Take a node out; nothing happens if it is not in the heap. */
void heap_remove(struct heap *heap, struct heap_node *node);

#endif
