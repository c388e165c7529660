/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static unsigned seen;

void notified(microkit_channel ch)
{
    say_number("notified", ch);
    if (++seen == 1) {
        microkit_notify(8);
        say("twice more");
    }
    if (ch == 8) {
        say_end();
    }
}
