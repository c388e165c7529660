/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    microkit_notify(1);
    microkit_notify(2);
    microkit_notify(3);
    say("all wait");
    spin(100000);
    say_end();
}
