/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On channel 1 a piece of about a millisecond, on channel 2 as much as it gets. When it
 * ran is kept, and the most that it ran in a period from any of its beginnings is told.
 */
#include "say.h"

#define STRETCHES 32

static struct {
    uint64_t begin, end;
} stretches[STRETCHES];
static unsigned count;

static void run_for(uint64_t us)
{
    uint64_t start = now(), last = start;

    stretches[count].begin = start;
    while (last - start < microseconds(us)) {
        uint64_t at = now();
        if (at - last > microseconds(100)) {
            stretches[count++].end = last;
            stretches[count].begin = at;
        }
        last = at;
    }
    stretches[count++].end = last;
}

static uint64_t ran_between(uint64_t from, uint64_t to)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < count; i++) {
        uint64_t begin = stretches[i].begin > from ? stretches[i].begin : from;
        uint64_t end = stretches[i].end < to ? stretches[i].end : to;
        sum += begin < end ? end - begin : 0;
    }
    return sum;
}

static void tell(void)
{
    uint64_t most = 0;

    for (unsigned i = 0; i < count; i++) {
        uint64_t begin = stretches[i].begin;
        uint64_t ran = ran_between(begin, begin + microseconds(10000));
        most = ran > most ? ran : most;
    }
    say(most <= microseconds(2050) ? "never more than its budget" : "more than its budget");
    say(most >= microseconds(1900) ? "as much as its budget" : "less than its budget");
}

void notified(microkit_channel ch)
{
    if (ch == 1) {
        run_for(1000);
    } else {
        run_for(45000);
        tell();
        microkit_notify(1);
    }
}
