/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    say("init");
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    say_number("called on", ch);
    return microkit_msginfo_new(microkit_msginfo_get_label(msginfo) + 1, 0);
}
