/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    microkit_notify(1);
    say("runs meanwhile");
    spin(30000);
    say_end();
}
