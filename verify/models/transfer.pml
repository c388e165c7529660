/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model: a queue between a producer and a consumer that use it as the head comment of
 * include/quoll/queue.h says, with batches of any size and an end at any time.
 *
 *     safety     entries come in order, whole, none twice, none before it is published;
 *                nobody's index looks impossible; nobody is woken who did not ask
 *     wake-ups   when nothing moves any more, everything put was taken, and nobody
 *                waits for room
 */
#ifndef ENTRIES
#define ENTRIES 7
#endif
#define START  13 /* the indices wrap after three entries */
#define WINDOW 6
#define PLACES QUEUE_PLACES

#define ENTRY(n)    (n)
#define EXPECTED(n) (n)
#define mortal(c)   skip

/* Whoever breaks a queue here is wrong already. */
#define queue_blame_peer(c) skip

bool notified[2];
bool asked[2] = true; /* to be woken: a reset half asks for the first entry and the first slot */
bool waiting;         /* the producer, for room */

#define stored(place) \
    asked[P] = asked[P] || place == ROOM_AT; \
    asked[C] = asked[C] || place == WAKE_AT

#include "queue.pml"

inline notify(who)
{
    wrong = wrong || !asked[who];
    asked[who] = false;
    notified[who] = true
}

proctype producer()
{
    byte seen, fresh;

    atomic {
    do
    :: queue_look_for_room();
        do
        :: put < ENTRIES && room > 0 -> numbers_put()
        :: break /* a batch of any size */
        od;
        queue_publish();
        if
        :: put == ENTRIES -> break
        :: break /* no more to send, at any time */
        :: put < ENTRIES && room > 0
        :: put < ENTRIES && room == 0 ->
            queue_wait_for_room();
            if
            :: room == 0 -> waiting = true; notified[P]; notified[P] = false; waiting = false
            :: room > 0
            fi
        fi;
        wrong = wrong || out_broken
    od
    }
}

proctype consumer()
{
    byte seen, fresh;

    atomic {
    do
    :: if
        :: queue_look()
        :: ready > 0 /* which going to sleep has found */
        fi;
        do
        :: ready > 0 -> numbers_take()
        :: ready == 0 -> break
        od;
        if
        :: true -> queue_release(); queue_sleep()
        :: true -> queue_release_and_sleep()
        fi;
        wrong = wrong || in_broken;
        if
        :: ready == 0 -> notified[C]; notified[C] = false
        :: ready > 0
        fi
    od
    }
}

init
{
    atomic {
        memory[TAIL] = START;
        memory[ROOM_AT] = START;
        memory[HEAD] = START;
        memory[WAKE_AT] = START;
        tail = START;
        published = START;
        head = START;
        released = START;
        i = 0;
        do
        :: i < CAPACITY -> memory[WORD(i, 0)] = 99; memory[WORD(i, 1)] = 99; i++
        :: else -> i = 0; break
        od;
        run processor(P);
        run processor(C);
        run producer();
        run consumer()
    }
    do
    :: wrong && guesses == 0 -> assert(false)
    :: timeout -> assert(guesses > 0 || (taken == put && !waiting)); break
    od
}
