/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    spin(5000);
    microkit_notify(1);
    spin(5000);
    say("asks for an acknowledge");
    microkit_notify(2);
    spin(5000);
    say_end();
}
