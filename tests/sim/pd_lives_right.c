/* SPDX-License-Identifier: BSD-2-Clause */
#include "lives.h"

LIVES_CONFIG(0x20020000, 1, "right", 0x20024000, 0x20022000);

static struct link link;
static uint32_t last;

bool sim_at_rest(void)
{
    return link.up && last == COUNT && !link.in.broken;
}

void pd_start(void)
{
    link_open(&link, &quoll_config.link[0], sizeof(uint32_t));
}

void pd_wake(microkit_channel channel)
{
    uint32_t number;

    (void)channel;
    if (link_check(&link) == LINK_DOWN) {
        return;
    }
    do {
        (void)queue_look(&link.in);
        while (numbers_take(&link.in, &number)) {
            QUOLL_INVARIANT(number == last + 1U);
            last = number;
        }
    } while (!link_sleep(&link));
    /* It is while the peer begins a new life, but that is nobody's fault. */
    (void)link_broken(&link);
    QUOLL_INVARIANT(link.counters[COUNT_BROKEN] == 0);
}
