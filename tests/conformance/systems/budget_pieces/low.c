/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    spin(50500);
    microkit_notify(1);
    spin(5000);
    microkit_notify(2);
}

void notified(microkit_channel ch)
{
    (void)ch;
    say_end();
}
