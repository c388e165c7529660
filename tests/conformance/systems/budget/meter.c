/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

/* Time in which this PD saw the clock move in small steps is its own. */
void init(void)
{
    uint64_t start = now(), last = start, own = 0, gaps = 0;

    while (last - start < microseconds(200000)) {
        uint64_t at = now();
        if (at - last < microseconds(100)) {
            own += at - last;
        } else {
            gaps++;
        }
        last = at;
    }
    uint64_t percent = 100 * own / (last - start);
    say(percent >= 78 && percent <= 82 ? "has four fifths" : "has another share");
    say(gaps >= 19 && gaps <= 21 ? "is stopped once per period" : "is stopped otherwise");
    say_end();
}

void notified(microkit_channel ch)
{
    (void)ch;
}
