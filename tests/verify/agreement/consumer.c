/* SPDX-License-Identifier: BSD-2-Clause */
#include "pairs.h"

uintptr_t mine, other;
static struct queue_consumer in;
static uint32_t last;

bool sim_at_rest(void);
bool sim_at_rest(void)
{
    return last == COUNT;
}

/* In order, whole, none twice, none lost. */
static void take_all(void)
{
    struct pair pair = {0, 0};

    while (pairs_take(&in, &pair)) {
        if (pair.first != last + 1U || pair.second != last + 1U) {
            __builtin_trap();
        }
        last += 1U;
    }
}

static bool sleep(void)
{
    bool wanted, asleep;

    asked += 1U;
#ifdef TOGETHER
    asleep = queue_release_and_sleep(&in, &wanted);
    if (wanted) {
        microkit_notify(0);
    }
#else
    wanted = queue_release(&in);
    if (wanted) {
        microkit_notify(0);
    }
    asleep = queue_sleep(&in);
#endif
    if (in.broken) {
        __builtin_trap();
    }
    return asleep;
}

static void consume(void)
{
    (void)queue_look(&in);
    do {
        take_all();
    } while (!sleep());
}

void init(void)
{
    in = (struct queue_consumer){
        .mine = (void *)mine, .peer = (const void *)other, .capacity = CAPACITY};
    consume();
}

void notified(microkit_channel channel)
{
    (void)channel;
    count_wake_up();
    consume();
}
