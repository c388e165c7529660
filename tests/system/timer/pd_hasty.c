/* SPDX-License-Identifier: BSD-2-Clause */
/* All timeouts at the shortest period, read only now and then; says how many it got. */
#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

static struct serial_client console;
static struct timer_client timer;
static uint64_t base, total;
static bool done;

void pd_start(void)
{
    serial_client_open(&console, "console");
    serial_client_log(&console);
    timer_client_open(&timer, "clock");
    base = quoll_now();
    for (uint32_t id = 0; id < TIMER_IDS; id++) {
        timer_set_periodic(&timer, id, base, QUOLL_MS(1));
    }
}

void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    serial_client_wake(&console, channel);
    timer_client_wake(&timer, channel);
    while (timer_client_next(&timer, &expiry)) {
        total += expiry.count;
    }
    if (!done && quoll_now() - base > QUOLL_MS(500)) {
        done = true;
        for (uint32_t id = 0; id < TIMER_IDS; id++) {
            timer_cancel(&timer, id);
        }
        quoll_log("%lu expiries in %lu ms", (unsigned long)total,
                  (unsigned long)((quoll_now() - base) / 1000000U));
    }
}
