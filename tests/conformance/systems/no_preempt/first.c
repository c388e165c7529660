/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void notified(microkit_channel ch)
{
    (void)ch;
    microkit_notify(0);
    say("notified low");
    microkit_notify(1);
    say("notified equal");
}
