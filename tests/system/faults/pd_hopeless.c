/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults as soon as it starts, in each life. */
#include <quoll/pd.h>

void pd_start(void)
{
    *(volatile uint32_t *)0x87654320 = 1;
}

void pd_wake(microkit_channel channel)
{
    (void)channel;
}
