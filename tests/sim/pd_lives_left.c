/* SPDX-License-Identifier: BSD-2-Clause */
#include "lives.h"

LIVES_CONFIG(0x20010000, 0, "left", 0x20012000, 0x20014000);

static struct link link;
static uint32_t next;

bool sim_at_rest(void)
{
    return link.up && next == COUNT + 1U && !link.out.broken;
}

void pd_start(void)
{
    link_open(&link, &quoll_config.link[0], sizeof(uint32_t));
}

void pd_wake(microkit_channel channel)
{
    enum link_state state = link_check(&link);

    (void)channel;
    if (state == LINK_DOWN) {
        return;
    }
    if (state == LINK_CAME_UP) {
        next = 1;
    }
    do {
        (void)queue_look_for_room(&link.out);
        while (next <= COUNT && numbers_put(&link.out, &next)) {
            next += 1;
        }
        link_publish(&link);
    } while (next <= COUNT && !queue_wait_for_room(&link.out));
    /* It is while the peer begins a new life, but that is nobody's fault. */
    (void)link_broken(&link);
    QUOLL_INVARIANT(link.counters[COUNT_BROKEN] == 0);
}
