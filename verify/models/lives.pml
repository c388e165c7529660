/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model: a link (include/quoll/link.h, core/link.c) that carries entries from left to
 * right while either end is ended at any step and given a new life, RESTARTS times in
 * all. Each inline is the C function of its name.
 *
 *     safety     right takes only entries that left put in its present life for right's
 *                present life, in order, none twice
 *     wake-ups   when nothing moves any more, the link is up on both sides, nothing is
 *                broken, and right has taken everything that left has to send in a life
 *
 * The supervisor ends a program between two instructions; what these have issued is
 * done before the next life begins, as the kernel's own barriers see to.
 */
#ifndef RESTARTS
#define RESTARTS 1
#endif
#ifndef ENTRIES
#define ENTRIES 5
#endif
#define WINDOW 6

#define LIFE(c)  (QUEUE_PLACES + (c))     /* of the halves */
#define SEEN(c)  (QUEUE_PLACES + 2 + (c))
#define LIVES(c) (QUEUE_PLACES + 4 + (c)) /* the supervisor's page */
#define PLACES   (QUEUE_PLACES + 6)

/* An entry says for which lives it was put. */
#define TAGGED(left, right, n) (100 + 50 * (left % 2) + 25 * (right % 2) + (n))
#define ENTRY(n)               TAGGED(my_life, peer_life, n)
#define EXPECTED(n)            TAGGED(peer_life, my_life, n)

#define STORED(life) ((life) + 1) /* stored() */

#define stored(place) skip

#define open_seen           (QUEUE_STEPS + 1)
#define open_life           (QUEUE_STEPS + 2)
#define open_release        (QUEUE_STEPS + 3)
#define set_up_private      (QUEUE_STEPS + 4)
#define set_up_tail         (QUEUE_STEPS + 5)
#define set_up_room_at      (QUEUE_STEPS + 6)
#define set_up_head         (QUEUE_STEPS + 7)
#define set_up_wake_at      (QUEUE_STEPS + 8)
#define set_up_life         (QUEUE_STEPS + 9)
#define set_up_life_release (QUEUE_STEPS + 10)
#define set_up_seen         (QUEUE_STEPS + 11)
#define set_up_seen_release (QUEUE_STEPS + 12)
#define set_up_fence        (QUEUE_STEPS + 13)
#define set_up_signal       (QUEUE_STEPS + 14)
#define check_life          (QUEUE_STEPS + 15)
#define check_acquire       (QUEUE_STEPS + 16)
#define renew_set_up        (QUEUE_STEPS + 17)
#define agreed_seen         (QUEUE_STEPS + 18)
#define agreed_seen_acquire (QUEUE_STEPS + 19)
#define agreed_life         (QUEUE_STEPS + 20)
#define agreed_life_acquire (QUEUE_STEPS + 21)
#define blame_life          (QUEUE_STEPS + 22)
#define blame_acquire       (QUEUE_STEPS + 23)

#include "queue.pml"

bool notified[2];
bool up[2], at_end, broken[2];
byte restarts;

inline notify(who)
{
    printf("%d: woken\n", who);
    notified[who] = true
}

/* The end may come before any step. */
inline mortal(c)
{
    if
    :: restarts < RESTARTS -> restarts++; printf("%d: ends\n", c); goto dead
    :: true
    fi
}

/* link_peer_life() */
inline link_peer_life(c)
{
    load_index(c, check_acquire, LIVES(1 - c), now, 0, RESTARTS)
}

/* Nobody lies here: to blame a peer in the life that we know is wrong. */
inline queue_blame_peer(c)
{
    load_index(c, blame_acquire, LIVES(1 - c), now, 0, RESTARTS);
    wrong = wrong || !KEPT(blame_life) || now == peer_life;
    now = 0
}

inline queue_producer_reset()
{
    if
    :: KEPT(set_up_private) -> tail = 0; published = 0; room = 0; out_broken = false
    :: else
    fi;
    store(P, set_up_tail, TAIL, 0, RELAXED);
    store(P, set_up_room_at, ROOM_AT, 0, RELAXED)
}

inline queue_consumer_reset()
{
    if
    :: KEPT(set_up_private) -> head = 0; released = 0; ready = 0; in_broken = false
    :: else
    fi;
    store(C, set_up_head, HEAD, 0, RELAXED);
    store(C, set_up_wake_at, WAKE_AT, 0, RELAXED)
}

inline set_up(c)
{
    up[c] = false;
    link_peer_life(c);
    peer_life = now;
    if
    :: c == P -> queue_producer_reset()
    :: c == C -> queue_consumer_reset()
    fi;
    store(c, set_up_life, LIFE(c), STORED(my_life), ORDER(set_up_life_release, RELEASE));
    store(c, set_up_seen, SEEN(c), STORED(peer_life), ORDER(set_up_seen_release, RELEASE));
    fence(c, set_up_fence);
    mortal(c);
    if
    :: KEPT(set_up_signal) -> notify(1 - c)
    :: else
    fi
}

/* What is not set to zero here was zero from the start: a new life. */
inline link_open(c)
{
    store(c, open_seen, SEEN(c), 0, RELAXED);
    store(c, open_life, LIFE(c), 0, ORDER(open_release, RELEASE));
    set_up(c)
}

inline agreed(c)
{
    load_index(c, agreed_seen_acquire, SEEN(1 - c), now, 0, RESTARTS + 1);
    yes = !KEPT(agreed_seen) || now == STORED(my_life);
    if
    :: yes ->
        load_index(c, agreed_life_acquire, LIFE(1 - c), now, 0, RESTARTS + 1);
        yes = !KEPT(agreed_life) || now == STORED(peer_life)
    :: else
    fi
}

inline link_renew(c)
{
    link_peer_life(c);
    if
    :: KEPT(renew_set_up) && now != peer_life -> set_up(c)
    :: else
    fi;
    agreed(c);
    up[c] = yes;
    came_up = yes
}

inline link_still_up(c)
{
    link_peer_life(c);
    yes = up[c] && (!KEPT(check_life) || now == peer_life)
}

/* up[c] says then whether the link may be used. */
inline link_check(c)
{
    came_up = false;
    link_still_up(c);
    if
    :: yes
    :: else -> link_renew(c)
    fi;
    now = 0
}

inline link_publish()
{
    queue_publish()
}

inline link_release()
{
    queue_release()
}

inline link_sleep()
{
    queue_release_and_sleep()
}

inline wait(c)
{
    notified[c]; notified[c] = false
}

inline begin_life(c)
{
    my_life = memory[LIVES(c)]; peer_life = 0; up[c] = false; came_up = false; yes = false;
    now = 0; seen = 0; fresh = 0
}

/* The supervisor: all is done that was issued, then the next life. */
inline end_life(c)
{
    window[c].used == 0 -> memory[LIVES(c)]++
}

proctype left()
{
    byte seen, fresh, my_life, peer_life, now;
    bool yes, came_up;

again:
    atomic {
    begin_life(P);
    tail = 0; published = 0; room = 0; put = 0; out_broken = false;
    link_open(P);
    do
    :: mortal(P);
        wait(P);
        link_check(P);
        if
        :: came_up -> put = 0
        :: else
        fi;
        do
        :: up[P] ->
            queue_look_for_room();
            do
            :: put < ENTRIES && room > 0 -> numbers_put()
            :: !(put < ENTRIES && room > 0) -> break
            od;
            link_publish();
            if
            :: put == ENTRIES -> break
            :: else -> queue_wait_for_room();
                if
                :: room == 0 -> break
                :: else
                fi
            fi
        :: !up[P] -> break
        od;
        broken[P] = out_broken
    od;
dead:
    end_life(P);
    goto again
    }
}

proctype right()
{
    byte seen, fresh, my_life, peer_life, now;
    bool yes, came_up;

again:
    atomic {
    begin_life(C);
    head = 0; released = 0; ready = 0; taken = 0; in_broken = false; at_end = false;
    link_open(C);
    do
    :: mortal(C);
        wait(C);
        link_check(C);
        if
        :: came_up -> taken = 0; at_end = false
        :: else
        fi;
        do
        :: up[C] ->
            queue_look();
            do
            :: ready > 0 -> numbers_take()
            :: ready == 0 -> break
            od;
            if
            :: true -> link_sleep()
            :: true -> link_release(); queue_sleep()
            fi;
            if
            :: ready == 0 -> break
            :: else
            fi
        :: !up[C] -> break
        od;
        at_end = taken == ENTRIES;
        broken[C] = in_broken
    od;
dead:
    end_life(C);
    goto again
    }
}

init
{
    atomic {
        run processor(P);
        run processor(C);
        run left();
        run right()
    }
    do
    :: wrong && guesses == 0 -> assert(false)
    :: timeout ->
        assert(guesses > 0 || (up[P] && up[C] && at_end && !broken[P] && !broken[C]));
        break
    od
}
