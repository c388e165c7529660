/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a tool says when something is wrong: where, what, and what would be right.
 *
 *     system.yaml:6:30: nic: /virtio_mmio@a003e00 is not in qemu_virt_aarch64
 *       did you mean /virtio_mmio@a003c00?
 *
 * Errors are counted, not thrown: a tool goes on as long as it makes sense, so
 * that one run shows all that is wrong, and asks diag_errors() before it writes.
 */
#ifndef TOOL_DIAG_H
#define TOOL_DIAG_H

#include <stddef.h>

/** A place in an input file. Line 0: the file as a whole; no file: the tool itself. */
struct place {
    const char *file;
    unsigned line;   /* from 1 */
    unsigned column; /* from 1 */
};

/** Name the tool, once, for messages that have no place. Default: "tool". */
void diag_tool(const char *name);

/** Print `file:line:column: text` to stderr and count one error. */
__attribute__((format(printf, 2, 3))) void diag_error(struct place at, const char *format, ...);

/** Print `file:line:column: warning: text` to stderr; not counted. */
__attribute__((format(printf, 2, 3))) void diag_warning(struct place at, const char *format, ...);

/** Print an indented second line below the last error: what would be right. */
__attribute__((format(printf, 1, 2))) void diag_hint(const char *format, ...);

/** Print `tool: text` and exit(1): no memory, a file that cannot be written. */
__attribute__((format(printf, 1, 2), noreturn)) void diag_fatal(const char *format, ...);

/** @return errors so far */
unsigned diag_errors(void);

/**
 * The name in a list that was probably meant.
 *
 * @return one of `names` at most two edits (and less than half its length) away
 *         from `given`, the nearest and first such; NULL if there is none
 */
const char *diag_nearest(const char *given, const char *const *names, size_t count);

#endif
