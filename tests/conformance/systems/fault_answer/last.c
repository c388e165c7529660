/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    microkit_notify(1);
    say("went on");
    say_end();
}
