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
