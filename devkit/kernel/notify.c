/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications: one word per PD, one bit per channel. A bit that is already set
 * stays set, so notifying never blocks and never fills anything up.
 */
#include "kernel.h"

static void deliver(struct pd *pd)
{
    if (pd->budget == NULL) {
        pd->budget = &pd->own;
    }
    pd->regs.x[0] = pd->pending;
    pd->regs.x[1] = 0;
    pd->pending = 0;
}

void notify(struct pd *pd, uint64_t bits)
{
    pd->pending |= bits;
    if (pd->state == PD_WAITING) {
        deliver(pd);
        sched_ready(pd);
    }
}

/* A passive PD has now done what it had time for. Notifications first, then messages; if there is
 * neither, wait. */
void notify_receive(struct pd *pd)
{
    if (pd->passive) {
        pd->budget = NULL;
    }
    if (pd->pending != 0) {
        deliver(pd);
    } else if (!call_receive(pd)) {
        sched_block(pd, PD_WAITING);
    }
}
