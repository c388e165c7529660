/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the results go: first into a temporary directory inside the one that was
 * asked for, then all at once to their names. Whatever ends the tool before that
 * leaves nothing behind.
 */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include <stdio.h>

/** Make `directory` if need be. @return the temporary directory to write into */
const char *output_begin(const char *directory);

/** Open a file of the results, or end the tool. */
FILE *output_open(const char *name);

/** Close it, or end the tool: the disk is full. */
void output_close(FILE *file, const char *name);

/** Move everything to its place. The image comes last. */
void output_commit(void);

#endif
