/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void notified(microkit_channel ch)
{
    (void)ch;
    say("calls");
    microkit_ppcall(1, microkit_msginfo_new(0, 0));
    say("is answered");
}
