/* SPDX-License-Identifier: BSD-2-Clause */
/* Up: the other runs at once. Equal: later. Down: later, and once per channel. */
#include "say.h"

void init(void)
{
    say("init");
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
    microkit_notify(0);
    say("notified high");
    microkit_notify(1);
    say("notified equal");
    microkit_notify(4);
    microkit_notify(3);
    microkit_notify(4);
    microkit_notify(2);
    microkit_notify(5);
    say("notified low");
}
