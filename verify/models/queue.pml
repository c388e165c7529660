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
#define publish_if_fresh     5
#define publish_published    6
#define publish_store        7
#define publish_release      8
#define publish_fence        9
#define publish_notify       10
#define room_acquire         11
#define room_broken          12
#define wait_store           13
#define wait_fence           14
#define wait_look            15
#define look_acquire         16
#define judge_broken         17
#define take_first_word      18
#define take_second_word     19
#define take_ready           20
#define take_head            21
#define release_if_fresh     22
#define release_released     23
#define release_store        24
#define release_release      25
#define release_fence        26
#define release_notify       27
#define sleep_store          28
#define sleep_fence          29
#define sleep_look           30
#define both_released        31
#define both_store           32
#define both_release         33
#define both_wake_at         34
#define both_fence           35
#define both_notify          36
#define both_look            37
#define both_acquire         38
#define QUEUE_STEPS          38

byte tail, published, room, put;   /* the producer's handle */
byte head, released, ready, taken; /* the consumer's */
bool out_broken, in_broken;

#include "memory.pml"

/* ---- Producer ---- */

inline queue_look_for_room()
{
    load_index(P, room_acquire, HEAD, seen, tail - CAPACITY, CAPACITY);
    set(room_broken, out_broken, out_broken || IX(tail - seen) > CAPACITY);
    room = (out_broken -> 0 : CAPACITY - IX(tail - seen));
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

inline queue_publish()
{
    fresh = IX(tail - published);
    if
    :: fresh == 0 && KEPT(publish_if_fresh)
    :: else ->
        set(publish_published, published, tail);
        store(P, publish_store, TAIL, tail, ORDER(publish_release, RELEASE));
        fence(P, publish_fence);
        load_wish(P, publish_notify, WAKE_AT, tail, fresh)
    fi;
    fresh = 0
}

inline queue_wait_for_room()
{
    store(P, wait_store, ROOM_AT, IX(tail - CAPACITY), RELAXED);
    fence(P, wait_fence);
    if
    :: KEPT(wait_look) -> queue_look_for_room()
    :: else
    fi
}

/* ---- Consumer ---- */

inline queue_judge(said)
{
    set(judge_broken, in_broken, in_broken || said > CAPACITY);
    ready = (in_broken -> 0 : said);
    seen = 0
}

inline queue_look()
{
    load_index(C, look_acquire, TAIL, seen, head, CAPACITY);
    queue_judge(IX(seen - head))
}

inline numbers_take()
{
    load_word(C, take_first_word, WORD(head, 0), EXPECTED(taken));
    load_word(C, take_second_word, WORD(head, 1), EXPECTED(taken));
    set(take_ready, ready, ready - 1);
    set(take_head, head, IX(head + 1));
    taken++
}

inline queue_release()
{
    fresh = IX(head - released);
    if
    :: fresh == 0 && KEPT(release_if_fresh)
    :: else ->
        set(release_released, released, head);
        store(C, release_store, HEAD, head, ORDER(release_release, RELEASE));
        fence(C, release_fence);
        load_wish(C, release_notify, ROOM_AT, head, fresh)
    fi;
    fresh = 0
}

inline queue_sleep()
{
    store(C, sleep_store, WAKE_AT, head, RELAXED);
    fence(C, sleep_fence);
    if
    :: KEPT(sleep_look) -> queue_look()
    :: else
    fi
}

inline queue_release_and_sleep()
{
    fresh = IX(head - released);
    set(both_released, released, head);
    store(C, both_store, HEAD, head, ORDER(both_release, RELEASE));
    store(C, both_wake_at, WAKE_AT, head, RELAXED);
    fence(C, both_fence);
    load_wish(C, both_notify, ROOM_AT, head, fresh);
    fresh = 0;
    if
    :: KEPT(both_look) ->
        load_index(C, both_acquire, TAIL, seen, head, CAPACITY);
        queue_judge(IX(seen - head))
    :: else
    fi
}
