/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Look up in the world what the description names: board, nodes, drivers, programs.
 */
#ifndef TOOL_RESOLVE_H
#define TOOL_RESOLVE_H

#include "description.h"
#include "device_tree.h"
#include "options.h"
#include "program.h"
#include "sdk.h"

struct world {
    const struct options *options;
    const struct sdk *sdk;
    const struct tree *tree;
    const struct library *library;
};

/** Fill in the description's nodes, drivers, programs and images. Errors are told. */
void resolve(struct description *d, const struct world *world);

/**
 * The hint that lists a few free nodes of the same kind as `like`.
 *
 * @param elsewhere  only nodes that share no page with any device
 */
void resolve_suggest_nodes(const struct description *d, const struct tree *tree,
                           const struct tree_node *like, bool elsewhere, const char *label);

#endif
