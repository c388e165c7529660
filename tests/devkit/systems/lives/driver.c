/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    say("wakes the child");
    microkit_notify(2);
    microkit_notify(1);
    say("wakes the child");
    microkit_notify(2);
    microkit_notify(1);
    microkit_notify(1);
    microkit_notify(1);
}

void notified(microkit_channel ch)
{
    (void)ch;
}
