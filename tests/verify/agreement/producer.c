/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairs.h"

uintptr_t mine, other;
static struct queue_producer out;
static uint32_t next = 1;

bool sim_at_rest(void);
bool sim_at_rest(void)
{
    return next == COUNT + 1U;
}

static void put_batch(void)
{
    for (uint32_t n = 0; n < BATCH && next <= COUNT; n++) {
        struct pair pair = {next, next};

        if (!pairs_put(&out, &pair)) {
            return;
        }
        next += 1U;
    }
}

static bool sleep(void)
{
    if (next > COUNT) {
        return true;
    }
    if (out.room > 0) {
        return false;
    }
    asked += 1U;
    return queue_wait_for_room(&out);
}

static void produce(void)
{
    do {
        (void)queue_look_for_room(&out);
        put_batch();
        if (queue_publish(&out)) {
            microkit_notify(0);
        }
        if (out.broken) {
            __builtin_trap();
        }
    } while (!sleep());
}

void init(void)
{
    out = (struct queue_producer){
        .mine = (void *)mine, .peer = (const void *)other, .capacity = CAPACITY};
    produce();
}

void notified(microkit_channel channel)
{
    (void)channel;
    count_wake_up();
    produce();
}
