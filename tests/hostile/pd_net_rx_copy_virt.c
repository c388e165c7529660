/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/turncoat.h"

#include "net/rx_copy_virt.c"

#ifdef QUOLL_SIM
#include "tests/unit/rx_places.h"

/* At rest, the driver has each buffer where we know it to be. */
bool sim_at_rest(void);
bool sim_at_rest(void)
{
    for (uint32_t id = 0; id < rx.pool.most; id++) {
        if (!is_in_place(id)) {
            return false;
        }
    }
    return true;
}
#endif
