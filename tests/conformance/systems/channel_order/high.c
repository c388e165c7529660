/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    microkit_notify(1);
    microkit_notify(3);
    microkit_notify(2);
    microkit_notify(4);
}

/* The channels 60 and 0 of `low` meanwhile. */
void notified(microkit_channel ch)
{
    (void)ch;
    microkit_notify(5);
    microkit_notify(2);
}
