/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

void init(void)
{
    say_number("values changed", (unsigned)keep(0x2222222222800000, 3000000));
}
