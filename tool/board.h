/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boards that Quoll knows: one file each in boards/, from which the build makes
 * this table.
 */
#ifndef TOOL_BOARD_H
#define TOOL_BOARD_H

#include <stddef.h>

struct board {
    const char *name;
    const char *compatible; /* the first string of the device tree's root */
};

extern const struct board boards[];
extern const size_t board_count;

#endif
