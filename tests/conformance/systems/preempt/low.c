/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    say("init");
    microkit_notify(61);
    say("went on");
    say_end();
}
