/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void notified(microkit_channel ch)
{
    say_number("notified", ch);
    if (ch == 33) {
        microkit_notify(5);
        say("more meanwhile");
    }
    if (ch == 60) {
        say_end();
    }
}
