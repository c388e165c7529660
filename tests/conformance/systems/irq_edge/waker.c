/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
}

void notified(microkit_channel ch)
{
    spin(5000);
    microkit_notify(ch);
}
