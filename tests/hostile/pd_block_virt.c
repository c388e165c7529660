/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/turncoat.h"

#include "block/virt.c"

#ifdef QUOLL_SIM
/* At rest, each request has been answered, those of past lives too. */
bool sim_at_rest(void);
bool sim_at_rest(void)
{
    uint64_t held = virt.ledger.used;

    for (unsigned i = 0; i < virt.clients; i++) {
        held |= virt.client[i].held | virt.client[i].orphaned;
    }
    return held == 0;
}
#endif
