/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * include/quoll/queue.h, each inline the C function of its name, line by line. The
 * fields of both handles are variables; put and taken count entries.
 *
 * An entry has two words, ENTRY(n) both; the consumer expects EXPECTED(n) in both.
 */
#define CAPACITY 4

#define IX(x)              ((x) & 15)                   /* indices: 4 bits instead of 32 */
#define PASSED(at, now, n) (IX((now) - (at) - 1) < (n)) /* queue_passed() */

/* The producer's half, then the consumer's. */
#define TAIL          0
#define ROOM_AT       1
#define WORD(ix, n)   (2 + 2 * ((ix) % CAPACITY) + n)
#define HEAD          10
#define WAKE_AT       11
#define QUEUE_PLACES  12

#define P 0
#define C 1

/* Steps that DELETE may name. */
#define nothing              0
#define put_first_word       1
#define put_second_word      2
#define put_room             3
#define put_tail             4
#define room_acquire         5
#define room_broken          6
#define show_tail_published  7
#define show_tail_store      8
#define show_tail_release    9
#define entries_awaited      10
#define publish_if_fresh     11
#define publish_fence        12
#define wait_store           13
#define wait_fence           14
#define wait_look            15
#define look_acquire         16
#define look_broken          17
#define take_first_word      18
#define take_second_word     19
#define take_ready           20
#define take_head            21
#define show_head_released   22
#define show_head_store      23
#define show_head_release    24
#define show_sleep_store     25
#define room_awaited         26
#define release_if_fresh     27
#define release_show         28
#define release_fence        29
#define release_awaited      30
#define sleep_show           31
#define sleep_fence          32
#define sleep_look           33
#define both_show_head       34
#define both_show_sleep      35
#define both_fence           36
#define both_awaited         37
#define both_look            38
#define QUEUE_STEPS          38

byte tail, published, room, put;   /* the producer's handle */
byte head, released, ready, taken; /* the consumer's */
bool out_broken, in_broken;

#include "memory.pml"

#define CALL(step, function) \
    if \
    :: KEPT(step) -> function \
    :: else \
    fi

/* The capacity of a broken queue is 0. */
#define OUT_CAPACITY (out_broken -> 0 : CAPACITY)
#define IN_CAPACITY  (in_broken -> 0 : CAPACITY)

inline queue_fence(c, step)
{
    fence(c, step)
}

/* ---- Producer ---- */

inline queue_producer_break()
{
    if
    :: !out_broken -> out_broken = true; queue_blame_peer(P)
    :: else
    fi;
    seen = 0
}

inline queue_look_for_room()
{
    load_index(P, room_acquire, HEAD, seen, tail - CAPACITY, CAPACITY);
    seen = IX(tail - seen);
    if
    :: seen > OUT_CAPACITY && KEPT(room_broken) -> queue_producer_break()
    :: else
    fi;
    room = OUT_CAPACITY - seen;
    seen = 0
}

inline numbers_put()
{
    store(P, put_first_word, WORD(tail, 0), ENTRY(put), RELAXED);
    store(P, put_second_word, WORD(tail, 1), ENTRY(put), RELAXED);
    set(put_room, room, room - 1);
    set(put_tail, tail, IX(tail + 1));
    put++
}

inline queue_show_tail()
{
    fresh = IX(tail - published);
    set(show_tail_published, published, tail);
    store(P, show_tail_store, TAIL, tail, ORDER(show_tail_release, RELEASE))
}

inline queue_entries_awaited()
{
    load_wish(P, entries_awaited, WAKE_AT, published, fresh);
    fresh = 0
}

inline queue_publish()
{
    if
    :: tail == published && KEPT(publish_if_fresh)
    :: else ->
        queue_show_tail();
        queue_fence(P, publish_fence);
        queue_entries_awaited()
    fi
}

inline queue_show_wait(slot)
{
    store(P, wait_store, ROOM_AT, IX(slot), RELAXED)
}

inline queue_wait_for_room()
{
    queue_show_wait(tail - OUT_CAPACITY);
    queue_fence(P, wait_fence);
    CALL(wait_look, queue_look_for_room())
}

/* ---- Consumer ---- */

inline queue_consumer_break()
{
    if
    :: !in_broken -> in_broken = true; queue_blame_peer(C)
    :: else
    fi;
    seen = 0
}

inline queue_look()
{
    load_index(C, look_acquire, TAIL, seen, head, CAPACITY);
    seen = IX(seen - head);
    if
    :: seen > IN_CAPACITY && KEPT(look_broken) -> queue_consumer_break()
    :: else
    fi;
    ready = seen;
    seen = 0
}

inline numbers_take()
{
    load_word(C, take_first_word, WORD(head, 0), EXPECTED(taken));
    load_word(C, take_second_word, WORD(head, 1), EXPECTED(taken));
    set(take_ready, ready, ready - 1);
    set(take_head, head, IX(head + 1));
    taken++
}

inline queue_show_head()
{
    fresh = IX(head - released);
    set(show_head_released, released, head);
    store(C, show_head_store, HEAD, head, ORDER(show_head_release, RELEASE))
}

inline queue_show_sleep()
{
    store(C, show_sleep_store, WAKE_AT, head, RELAXED)
}

inline queue_room_awaited()
{
    load_wish(C, room_awaited, ROOM_AT, released, fresh);
    fresh = 0
}

inline queue_release()
{
    if
    :: head == released && KEPT(release_if_fresh)
    :: else ->
        CALL(release_show, queue_show_head());
        queue_fence(C, release_fence);
        CALL(release_awaited, queue_room_awaited())
    fi
}

inline queue_sleep()
{
    CALL(sleep_show, queue_show_sleep());
    queue_fence(C, sleep_fence);
    CALL(sleep_look, queue_look())
}

inline queue_release_and_sleep()
{
    CALL(both_show_head, queue_show_head());
    CALL(both_show_sleep, queue_show_sleep());
    queue_fence(C, both_fence);
    CALL(both_awaited, queue_room_awaited());
    CALL(both_look, queue_look())
}
