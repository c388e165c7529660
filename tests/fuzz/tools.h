/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools, fuzzed in process. What is refused must be told, and each message must say where:
 * in this file, and within it.
 */
#ifndef FUZZ_TOOLS_H
#define FUZZ_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes as a file; the path is good until the next call. */
const char *tool_file(const uint8_t *data, size_t size);

/** The most lines that a reader may count in a text (YAML 1.1, 4.2, has many line breaks). */
unsigned tool_lines(const uint8_t *data, size_t size);

/** What tools allocate from here on stays; for what all runs share. */
void tool_keep(void);

/**
 * One run of a tool: its variables zero, its memory freed at the end.
 *
 * @return the number of messages; each was checked to begin with the path of the last
 *         tool_file() and, if `lines` is not 0, with a line up to that and a column
 */
unsigned tool_run(void (*body)(const char *path), const char *path, unsigned lines);

#endif
