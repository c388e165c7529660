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

#endif
