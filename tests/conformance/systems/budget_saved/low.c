/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    spin(95000);
    microkit_notify(1);
    say("went on when the budget was used up");
}

void notified(microkit_channel ch)
{
    (void)ch;
    say_end();
}
