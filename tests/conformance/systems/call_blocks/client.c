/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    microkit_ppcall(1, microkit_msginfo_new(0, 0));
    say("is answered");
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
    say_end();
}
