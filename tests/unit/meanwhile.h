/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side acts just before one of the program's stores to shared memory, each in
 * turn: before that in queue_sleep() or queue_wait_for_room() in particular, which is the
 * moment for which there is a second look. To be included before all else.
 *
 *     for (unsigned n = 1; ; n++) {
 *         ... begin anew ...
 *         meanwhile(n, act);
 *         ... wake the program ...
 *         if (!meanwhile_done()) break;      it made no more stores
 *         ... wake it again if act() was told to; then all must be done ...
 *     }
 */
#ifndef MEANWHILE_H
#define MEANWHILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static void (*meanwhile_act)(void);
static unsigned meanwhile_in;

static inline void meanwhile_store(void)
{
    if (meanwhile_in > 0 && --meanwhile_in == 0) {
        meanwhile_act();
    }
}

static inline void meanwhile(unsigned store, void (*act)(void))
{
    meanwhile_in = store;
    meanwhile_act = act;
}

static inline bool meanwhile_done(void)
{
    bool done = meanwhile_in == 0;

    meanwhile_in = 0;
    return done;
}

#undef atomic_store_explicit
#define atomic_store_explicit(at, value, order) (meanwhile_store(), (void)(*(at) = (value)))

#endif
