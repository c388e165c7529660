/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static uint64_t start;

/* Four milliseconds of work: two now, two a period later. */
void init(void)
{
    start = now();
    for (unsigned i = 0; i < 3; i++) {
        work_one_millisecond();
    }
    say_number("milliseconds", (unsigned)((now() - start) / microseconds(1000)));
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
}
