/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    say("init");
    say_end();
}

void notified(microkit_channel ch)
{
    (void)ch;
}
