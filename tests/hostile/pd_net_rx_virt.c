/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/turncoat.h"

#include "net/rx_virt.c"

#ifdef QUOLL_SIM
/* At rest, each buffer is in stock or with somebody, and copiers have given all back. */
bool sim_at_rest(void);
bool sim_at_rest(void)
{
    uint32_t in_stock = 0, held = 0;

    for (uint32_t id = 0; id < virt.buffers; id++) {
        in_stock += virt.holders[id] == 0;
        held += virt.holders[id] != DRIVER ? (uint32_t)__builtin_popcountll(virt.holders[id]) : 0;
    }
    for (unsigned i = 0; i < virt.copiers; i++) {
        const struct link *link = &virt.copier[i].link;

        held -= virt.copier[i].held;
        if (virt.copier[i].held != link->peer->produce.tail - link->in.head) {
            return false;
        }
    }
    return in_stock == virt.stock && held == 0;
}
#endif
