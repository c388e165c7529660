/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The board's device tree: the nodes with what a driver may need of them.
 */
#ifndef TOOL_DEVICE_TREE_H
#define TOOL_DEVICE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

struct tree_range {
    uint64_t address; /* as the CPU sees it */
    uint64_t size;
};

struct tree_interrupt {
    unsigned number; /* as the GIC counts: private ones from 16, shared ones from 32 */
    bool edge;
};

struct tree_node {
    const char *path;
    LIST(const char *) compatible; /* the most specific first */
    LIST(struct tree_range) registers;
    LIST(struct tree_interrupt) interrupts;
    const char *problem; /* why registers or interrupts cannot be used, or NULL */
    bool coherent;       /* its DMA sees the CPU's caches */
    bool disabled;
};

struct tree {
    const char *path;             /* of the file */
    const char *compatible;       /* of the board, its most specific name */
    LIST(struct tree_node) nodes; /* all but the root, in the file's order */
};

/** Read a file. NULL after an error was told. */
struct tree *tree_read(const char *path);

/** @return the node of this full path, or NULL */
const struct tree_node *tree_find(const struct tree *tree, const char *path);

/** Whether the two name the same kind of device, by their first compatible string. */
bool tree_same_kind(const struct tree_node *a, const struct tree_node *b);

#endif
