/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    say("spins");
    for (;;) {}
}

void notified(microkit_channel ch)
{
    (void)ch;
}
