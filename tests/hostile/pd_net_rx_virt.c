/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/turncoat.h"

#include "net/rx_virt.c"

#ifdef QUOLL_SIM
/* At rest, each buffer is in stock or with somebody, and copiers have taken all frames. */
bool sim_at_rest(void);
bool sim_at_rest(void)
{
    uint32_t in_stock = 0, held = 0;

    for (uint32_t id = 0; id < virt.ledger.buffers; id++) {
        in_stock += virt.ledger.holders[id] == 0;
        held += virt.ledger.holders[id] != RX_LEDGER_DRIVER
                    ? (uint32_t)__builtin_popcountll(virt.ledger.holders[id])
                    : 0;
    }
    for (unsigned i = 0; i < rx.number; i++) {
        const struct link *link = &rx.taker[i].link;

        held -= link->out.tail - rx.taker[i].returned;
        if (link->peer->consume.head != link->out.tail) {
            return false;
        }
    }
    return in_stock == virt.ledger.stock && held == 0;
}
#endif
