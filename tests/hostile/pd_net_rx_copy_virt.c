/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/turncoat.h"

#include "net/rx_copy_virt.c"

#ifdef QUOLL_SIM
/* At rest, each buffer is in stock or with the driver. */
bool sim_at_rest(void);
bool sim_at_rest(void)
{
    const struct rx_ledger *ledger = &virt.pool.ledger;
    uint32_t in_stock = 0, with_driver = 0;

    for (uint32_t id = 0; id < ledger->buffers; id++) {
        in_stock += ledger->holders[id] == 0;
        with_driver += ledger->holders[id] == RX_LEDGER_DRIVER;
    }
    return in_stock == ledger->stock && with_driver == ledger->with_driver &&
           in_stock + with_driver == ledger->buffers;
}
#endif
