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
 *
 * Or it acts just before each of the program's looks, as one with a core of its own can:
 * always one more, or now so and now otherwise. That goes on until act() has had enough:
 *
 *     endless(act);          act(at): the program looks at *at; it counts its turns,
 *                            and enough() ends it
 *     ... wake the program ...
 *     assert_true(endless_turns < ...);
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

static void (*endless_act)(const volatile void *at);
static bool endless_acting;
static unsigned endless_turns;

/* What act() itself looks at is not the program's look. */
static inline void meanwhile_look(const volatile void *at)
{
    if (endless_act != NULL && !endless_acting) {
        endless_acting = true;
        endless_act(at);
        endless_acting = false;
    }
}

static inline void endless(void (*act)(const volatile void *at))
{
    endless_act = act;
    endless_turns = 0;
}

static inline void enough(void)
{
    endless_act = NULL;
}

#undef atomic_store_explicit
#define atomic_store_explicit(at, value, order) (meanwhile_store(), (void)(*(at) = (value)))
#undef atomic_load_explicit
#define atomic_load_explicit(at, order) (meanwhile_look(at), *(at))

#endif
