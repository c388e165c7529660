/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts periods, late as they may come, and says how long that took. */
#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

#define PERIODS 20U
#define PERIOD  QUOLL_MS(50)

static struct serial_client console;
static struct timer_client timer;
static uint64_t start, periods;
static bool said;

void pd_start(void)
{
    serial_client_open(&console, "console");
    serial_client_log(&console);
    timer_client_open(&timer, "clock");
    start = quoll_now();
    timer_set_periodic(&timer, 0, start + PERIOD, PERIOD);
}

void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    serial_client_wake(&console, channel);
    timer_client_wake(&timer, channel);
    while (timer_client_next(&timer, &expiry)) {
        periods += expiry.count;
    }
    if (periods >= PERIODS && !said) {
        said = true;
        quoll_log("%u periods in %lu ms", PERIODS,
                  (unsigned long)((quoll_now() - start) / 1000000U));
    }
}
