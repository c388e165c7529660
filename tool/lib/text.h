/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory and strings for tools that run once and exit: nothing is freed one by
 * one, and running out of memory ends the tool.
 */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include <stddef.h>
#include <stdint.h>

/** Zeroed memory, or the end of the tool. */
void *text_alloc(size_t count, size_t size);

/** Grow an array to `count` items; what is new is not zeroed. */
void *text_grow(void *array, size_t count, size_t size);

/** A new string, printf style. */
__attribute__((format(printf, 1, 2))) char *text_format(const char *format, ...);

/** A copy of `length` bytes with a NUL after them. */
char *text_copy(const char *bytes, size_t length);

/**
 * A whole file in memory, with a NUL after it that `size` does not count.
 *
 * @return NULL with errno set if the file cannot be read
 */
char *text_file(const char *path, size_t *size);

/**
 * The first of `directories` that holds the file `name`; an absolute name is looked
 * for as it is.
 *
 * @return the path, or NULL
 */
char *text_find_file(const char *name, const char *const *directories, size_t count);

/** Round up to a multiple of `unit`, a power of two. */
static inline uint64_t text_round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

#endif
