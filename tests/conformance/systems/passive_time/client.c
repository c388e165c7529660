/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    if (microkit_name[0] == 'r') {
        spin(60000);
    }
    uint64_t start = now();
    microkit_ppcall(1, microkit_msginfo_new(0, 0));
    say_number("milliseconds", (unsigned)((now() - start) / microseconds(1000)));
    if (microkit_name[0] == 'r') {
        say_end();
    }
}
