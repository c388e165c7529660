/* SPDX-License-Identifier: BSD-2-Clause */
#include "call.h"

void init(void)
{
    call_with(3);
    say_end();
}
