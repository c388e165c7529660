/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbours with a core of their own, who act at each look of the program (meanwhile.h):
 * one that has always one more, and one that shows something to who goes to sleep and takes
 * it back before it can be used. They give up after ENOUGH, which no test may reach.
 */
#ifndef ENDLESS_H
#define ENDLESS_H

#include "meanwhile.h"

#include "fake_pd.h"

#define ENOUGH 100000U

static inline void endless_turn(void)
{
    endless_turns += 1U;
    if (endless_turns == ENOUGH) {
        enough();
    }
}

/* One more entry, if there is room. */
#define ONE_MORE(name, peer, entry)                                                                \
    do {                                                                                           \
        endless_turn();                                                                            \
        if (queue_look_for_room(&(peer)->out) > 0) {                                               \
            assert_true(name##_put(&(peer)->out, entry));                                          \
            (void)queue_publish(&(peer)->out);                                                     \
        }                                                                                          \
    } while (0)

/* Whether the program has written the word since we were here: it does so before it sleeps. */
static inline bool goes_to_sleep(const _Atomic uint32_t *asked)
{
    const uint32_t mark = 0x80000001U;
    bool written = *asked != mark;

    *(_Atomic uint32_t *)(uintptr_t)asked = mark;
    return written;
}

/* To be called before endless(). */
static inline void begin_to_waver(const struct fake_peer *peer)
{
    (void)goes_to_sleep(&peer->pd->produce.room_at);
    (void)goes_to_sleep(&peer->pd->consume.wake_at);
}

static inline void waver_with_room(const struct fake_peer *peer, const volatile void *at)
{
    if (at == &peer->half->consume.head) {
        bool sleeps = goes_to_sleep(&peer->pd->produce.room_at);

        endless_turn();
        peer->half->consume.head = peer->pd->produce.tail - peer->in.capacity + (sleeps ? 1U : 0U);
    }
}

static inline void waver_with_entries(const struct fake_peer *peer, const volatile void *at)
{
    if (at == &peer->half->produce.tail) {
        bool sleeps = goes_to_sleep(&peer->pd->consume.wake_at);

        endless_turn();
        peer->half->produce.tail = peer->pd->consume.head + (sleeps ? 1U : 0U);
    }
}

#endif
