/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void notified(microkit_channel ch)
{
    say_number("notified", ch);
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)ch;
    microkit_deferred_notify(1);
    return msginfo;
}
