/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/turncoat.h"

#include "net/tx_virt.c"

#ifdef QUOLL_SIM
/* At rest, with all buffers back at their clients, no head is in use. */
bool sim_at_rest(void);
bool sim_at_rest(void)
{
    uint32_t held = 0;

    for (unsigned i = 0; i < virt.clients; i++) {
        held += virt.client[i].held;
    }
    for (unsigned id = 0; id < MAX_HEADS; id++) {
        held += virt.head[id].state != IN_STOCK;
    }
    return held == 0 &&
           virt.stock == least((uint32_t)(quoll_config.own.size / NET_HEAD_SIZE), MAX_HEADS);
}
#endif
