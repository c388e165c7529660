/* SPDX-License-Identifier: BSD-2-Clause */
#include "numbers.h"

uintptr_t mine, other;
static struct queue_producer out;
static uint32_t next = 1;

bool sim_at_rest(void);
bool sim_at_rest(void)
{
    return next == COUNT + 1U;
}

/* All there is room for; then, unless that was all, wait for more room. */
static void produce(void)
{
    do {
        (void)queue_look_for_room(&out);
        while (next <= COUNT && numbers_put(&out, &next)) {
            next += 1;
        }
        if (queue_publish(&out)) {
            microkit_notify(0);
        }
    } while (next <= COUNT && !queue_wait_for_room(&out));
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
    produce();
}
