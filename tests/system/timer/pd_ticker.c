/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single, periodic, cancelled and replaced timeouts, each checked against the clock:
 * says how late the worst was, and "ticker: ok" or what went wrong.
 */
#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

enum { SINGLE, PERIODIC, CANCELLED, REPLACED, END, FIRST_OF_MANY = 8 };

#define MANY   56U
#define PERIOD QUOLL_MS(10)

static struct serial_client console;
static struct timer_client timer;
static uint64_t base, worst, due[TIMER_IDS], periods;
static uint32_t seen, last_of_many, failures;

static void check(bool good, const char *what)
{
    if (!good) {
        failures += 1;
        quoll_log("FAILED: %s", what);
    }
}

static void set(uint32_t id, uint64_t when)
{
    due[id] = when;
    check(timer_set(&timer, id, when) == QUOLL_OK, "timer_set");
}

static void measure(uint64_t when)
{
    uint64_t now = quoll_now();

    check(now >= when, "early");
    if (now >= when && now - when > worst) {
        worst = now - when;
    }
}

static void start(void)
{
    base = quoll_now();
    set(SINGLE, base + QUOLL_MS(5));
    set(CANCELLED, base + QUOLL_MS(20));
    set(REPLACED, base + QUOLL_MS(20));
    set(REPLACED, base + QUOLL_MS(45));
    set(END, base + QUOLL_MS(1005));
    timer_set_periodic(&timer, PERIODIC, base + PERIOD, PERIOD);
    for (uint32_t n = MANY; n-- > 0;) { /* the last first */
        set(FIRST_OF_MANY + n, base + QUOLL_MS(50) + n * QUOLL_US(200));
    }
    timer_cancel(&timer, CANCELLED);
}

static void finish(void)
{
    check(periods == 100, "100 periods in a second");
    check(seen == MANY + 2, "all single ones came");
    check(worst < QUOLL_MS(5), "within 5 ms");
    timer_cancel(&timer, PERIODIC);
    quoll_log("%lu periods, %u single, worst %lu us late", (unsigned long)periods, seen,
              (unsigned long)(worst / 1000U));
    quoll_log(failures == 0 ? "ok" : "failed");
}

static void expired(const struct timer_expiry *expiry)
{
    switch (expiry->id) {
    case PERIODIC:
        periods += expiry->count;
        measure(base + periods * PERIOD);
        break;
    case END:
        finish();
        break;
    case CANCELLED:
        check(false, "a cancelled one came");
        break;
    default:
        seen += 1;
        measure(due[expiry->id]);
        if (expiry->id >= FIRST_OF_MANY) {
            check(expiry->id > last_of_many, "in the order of their times");
            last_of_many = expiry->id;
        }
        break;
    }
}

void pd_start(void)
{
    serial_client_open(&console, "console");
    serial_client_log(&console);
    timer_client_open(&timer, "clock");
    quoll_log("counter at %lu Hz", (unsigned long)quoll_tick_rate());
    start();
}

void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    serial_client_wake(&console, channel);
    timer_client_wake(&timer, channel);
    while (timer_client_next(&timer, &expiry)) {
        expired(&expiry);
    }
}
