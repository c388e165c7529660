/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a device's `node` to the node in the board's device tree.
 */
#ifndef TOOL_NODES_H
#define TOOL_NODES_H

#include "description.h"
#include "device_tree.h"
#include "resolve.h"

/** Set the device's node; told as an error if there is none that can be used. */
void nodes_resolve(const struct description *d, struct device *device, const struct world *world);

/**
 * The hint that lists a few free nodes of the same kind as `like`.
 *
 * @param elsewhere  only nodes that share no page with any device
 */
void nodes_suggest(const struct description *d, const struct tree *tree,
                   const struct tree_node *like, bool elsewhere, const char *label);

#endif
