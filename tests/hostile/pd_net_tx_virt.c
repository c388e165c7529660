/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/turncoat.h"

#include "net/tx_virt.c"

#ifdef QUOLL_SIM
/*
 * At rest, a head is in stock or in use for a client. The driver takes sent frames back by
 * the batch: a few may be in use.
 */
#define FEW 32U

bool sim_at_rest(void);
bool sim_at_rest(void)
{
    uint32_t held = 0, used = 0;

    for (unsigned i = 0; i < virt.clients; i++) {
        held += virt.client[i].held;
    }
    for (unsigned id = 0; id < TX_LEDGER_HEADS; id++) {
        used += tx_ledger_owner(&virt.ledger, id) != IN_STOCK;
    }
    return held == used && used <= FEW &&
           virt.ledger.stock + used ==
               least((uint32_t)(quoll_config.own.size / NET_HEAD_SIZE), TX_LEDGER_HEADS);
}
#endif
