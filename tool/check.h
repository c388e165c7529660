/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOL_CHECK_H
#define TOOL_CHECK_H

#include "description.h"
#include "device_tree.h"

/**
 * What the parts of a resolved description must not do to each other: take the same
 * name, address, interrupt or partition. Told as errors, shared pages as warnings.
 */
void check(const struct description *d, const struct tree *tree);

#endif
