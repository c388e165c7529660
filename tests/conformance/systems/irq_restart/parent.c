/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void notified(microkit_channel ch)
{
    (void)ch;
    say("restarts it");
    microkit_pd_restart(1, CHILD_ENTRY);
}
