/* SPDX-License-Identifier: BSD-2-Clause */
#include "numbers.h"

uintptr_t mine, other;
static struct queue_consumer in;
static uint32_t last;

bool sim_at_rest(void);
bool sim_at_rest(void)
{
    return last == COUNT;
}

static void consume(void)
{
    uint32_t number;

    do {
        (void)queue_look(&in);
        while (numbers_take(&in, &number)) {
            if (number != last + 1U) {
                __builtin_trap(); /* in order, none twice, none lost */
            }
            last = number;
        }
        if (queue_release(&in)) {
            microkit_notify(0);
        }
    } while (!queue_sleep(&in));
    if (in.broken) {
        __builtin_trap();
    }
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
    consume();
}
