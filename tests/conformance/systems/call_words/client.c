/* SPDX-License-Identifier: BSD-2-Clause */
#include "call.h"

void init(void)
{
    call_with(64);
    call_with(0);
    microkit_notify(4);
}
