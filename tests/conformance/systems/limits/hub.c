/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static unsigned notifications, calls;

void notified(microkit_channel ch)
{
    notifications++;
    if (ch == 61) {
        say_number("channels that notified", notifications);
        say_number("channels that called", calls);
        say_end();
    }
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    calls++;
    return microkit_msginfo_new(ch, microkit_msginfo_get_count(msginfo));
}
