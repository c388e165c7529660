/* SPDX-License-Identifier: BSD-2-Clause */
/* One timeout, which expires once and not before its time: tests/sim/alarm.yaml. */
#include <quoll/panic.h>
#include <quoll/pd.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

#define WHEN QUOLL_MS(1)
#ifndef LATEST
#define LATEST UINT64_MAX
#endif

static struct timer_client clock;
static unsigned expired;

/* The simulator asks when all are asleep for ever. */
bool sim_at_rest(void);
bool sim_at_rest(void)
{
    return expired == 1;
}

void pd_start(void)
{
    QUOLL_INVARIANT(timer_client_open(&clock, "clock") == QUOLL_OK);
    QUOLL_INVARIANT(timer_set(&clock, 0, WHEN) == QUOLL_OK);
}

void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    if (!timer_client_wake(&clock, channel)) {
        return;
    }
    while (timer_client_next(&clock, &expiry)) {
        QUOLL_INVARIANT(quoll_now() >= WHEN && quoll_now() < LATEST);
        expired += 1;
    }
}
