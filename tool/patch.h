/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOL_PATCH_H
#define TOOL_PATCH_H

#include "model.h"

/** Write the protection domain's own, configured copy of its program. Ends the tool on failure. */
void patch_program(const struct pd *pd, const char *path);

/** Whether the program has the words for all I/O addresses; told as an error if not. */
void patch_check(const struct pd *pd, struct place at);

#endif
