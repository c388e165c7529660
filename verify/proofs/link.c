/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by Eva: a link, used in any order of calls, neither faults nor loops, whatever the
 * peer's half and the page of lives hold and however they change; what its queues say is
 * within the capacity.
 */
#include "trusted.h"

#include <__fc_builtin.h>

#include <quoll/queue_entries.h>

#include "core/link.c"

#define CAPACITY 8U

struct entry {
    uint64_t word;
    uint32_t id;
    uint32_t length;
};

QUEUE_OF(entries, struct entry);

static uint64_t mine[LINK_HALF_SIZE(CAPACITY, sizeof(struct entry)) / 8];
static uint64_t peer[LINK_HALF_SIZE(CAPACITY, sizeof(struct entry)) / 8];
static uint32_t lives[QUOLL_MAX_PDS + 1];
static struct quoll_counters page;
static struct link link;
static uint8_t told[LINK_INFO_SIZE];

const struct quoll_config quoll_config = {
    .lives = (uintptr_t)lives,
    .counters = (uintptr_t)&page,
    .pd = 3,
    .link[0] = {.mine = (uintptr_t)mine,
                .peer = (uintptr_t)peer,
                .produce_capacity = CAPACITY,
                .consume_capacity = CAPACITY,
                .channel = 5,
                .peer_pd = 7},
};

/* TRUSTED: the Microkit touches nothing of ours but the signal that it holds. */
seL4_Bool microkit_have_signal;
seL4_CPtr microkit_signal_cap;

/*@ assigns microkit_have_signal, microkit_signal_cap \from channel;
    ensures microkit_have_signal == 1; */
void microkit_deferred_notify(microkit_channel channel);

/*@ assigns \nothing; */
void microkit_notify(microkit_channel channel);

/*@ requires \false; */ /* no invariant breaks */
void quoll_panic(const char *format, ...);

static void transfer(void)
{
    struct entry entry = {0};

    (void)queue_look(&link.in);
    (void)queue_look_for_room(&link.out);
    //@ split link.in.capacity;
    //@ split link.out.capacity;
    //@ admit link.in.ready <= link.in.capacity;  // TRUSTED: proved in queue.c; Eva loses it
    //@ admit link.out.room <= link.out.capacity; // TRUSTED: proved in queue.c; Eva loses it
    while (entries_take(&link.in, &entry)) {
        (void)entries_put(&link.out, &entry);
    }
    //@ assert link.in.ready == 0 && link.out.room <= CAPACITY;
    link_publish(&link);
    link_release(&link);
}

static void any_call(void)
{
    Frama_C_make_unknown((char *)peer, sizeof peer); /* at each call anything */
    switch (Frama_C_interval(0, 6)) {
    case 0:
        (void)link_check(&link);
        break;
    case 1:
        transfer();
        break;
    case 2:
        (void)link_sleep(&link);
        break;
    case 3:
        (void)queue_wait_for_room(&link.out);
        break;
    case 4:
        link_tell(&link, told, (size_t)Frama_C_interval(0, LINK_INFO_SIZE));
        break;
    case 5:
        (void)link_told(&link, told, (size_t)Frama_C_interval(0, LINK_INFO_SIZE));
        break;
    default:
        (void)link_broken(&link);
        break;
    }
}

void main(void)
{
    link_open(&link, &quoll_config.link[0], sizeof(struct entry));
    while (Frama_C_interval(0, 1)) {
        any_call();
        //@ assert link.in.capacity == CAPACITY || link.in.capacity == 0; // broken
        //@ assert link.out.capacity == CAPACITY || link.out.capacity == 0;
        //@ assert link.in.ready <= CAPACITY; // and of the room: queue.c
    }
}
