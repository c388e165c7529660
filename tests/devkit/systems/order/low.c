/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    say("init");
    microkit_notify(5);
    say("went on");
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
    if (ch == 61) {
        say_end();
    }
}
