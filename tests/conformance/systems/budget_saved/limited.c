/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void notified(microkit_channel ch)
{
    uint64_t start = now();

    (void)ch;
    for (unsigned i = 0; i < 5; i++) {
        work_one_millisecond();
    }
    say_number("milliseconds", (unsigned)((now() - start) / microseconds(1000)));
    microkit_notify(1);
}
