/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    microkit_notify(1);
    microkit_deferred_notify(1);
    say_number("deferred", (unsigned)microkit_have_signal);
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    say_number("called", ch);
    return msginfo;
}
