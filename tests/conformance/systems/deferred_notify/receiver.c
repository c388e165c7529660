/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
    if (ch == 1) {
        microkit_notify(1);
    }
    if (ch == 3) {
        say_end();
    }
}
