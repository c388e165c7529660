/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"

#include <quoll/panic.h>

/* Positions count from 0 here; a node's `place` is one more. */
static void set(struct heap *heap, uint32_t at, struct heap_node *node)
{
    heap->nodes[at] = node;
    node->place = at + 1U;
}

/* Find the place for `node` from the hole `at` upwards to the root. */
static void rise(struct heap *heap, uint32_t at, struct heap_node *node)
{
    while (at > 0) {
        uint32_t parent = (at - 1U) / 2U;

        if (heap->nodes[parent]->when <= node->when) {
            break;
        }
        set(heap, at, heap->nodes[parent]);
        at = parent;
    }
    set(heap, at, node);
}

/* Find the place for `node` from the hole `at` downwards to the leaves. */
static void sink(struct heap *heap, uint32_t at, struct heap_node *node)
{
    for (;;) {
        uint32_t child = 2U * at + 1U;

        if (child >= heap->count) {
            break;
        }
        if (child + 1U < heap->count && heap->nodes[child + 1U]->when < heap->nodes[child]->when) {
            child += 1U;
        }
        if (node->when <= heap->nodes[child]->when) {
            break;
        }
        set(heap, at, heap->nodes[child]);
        at = child;
    }
    set(heap, at, node);
}

/* Fill the hole `at`, whichever way the node has to go. */
static void fill(struct heap *heap, uint32_t at, struct heap_node *node)
{
    if (at > 0 && node->when < heap->nodes[(at - 1U) / 2U]->when) {
        rise(heap, at, node);
    } else {
        sink(heap, at, node);
    }
}

void heap_put(struct heap *heap, struct heap_node *node, uint64_t when)
{
    node->when = when;
    if (heap_has(node)) {
        fill(heap, node->place - 1U, node);
        return;
    }
    QUOLL_INVARIANT(heap->count < heap->capacity);
    heap->count += 1U;
    rise(heap, heap->count - 1U, node);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    if (!heap_has(node)) {
        return;
    }
    uint32_t at = node->place - 1U;
    struct heap_node *last = heap->nodes[--heap->count];

    node->place = 0;
    if (last != node) {
        fill(heap, at, last);
    }
}
