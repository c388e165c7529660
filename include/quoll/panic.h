/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For a protection domain's own broken invariants only, never for what a peer or
 * a device said: log, then fault, so that the supervisor sees it.
 */
#ifndef QUOLL_PANIC_H
#define QUOLL_PANIC_H

__attribute__((noreturn, format(printf, 1, 2))) void quoll_panic(const char *format, ...);

/** Checked in every build. */
#define QUOLL_INVARIANT(condition)                                                                 \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            quoll_panic("%s:%d: broken invariant: %s", __FILE__, __LINE__, #condition);            \
        }                                                                                          \
    } while (0)

#endif
