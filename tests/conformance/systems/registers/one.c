/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

void init(void)
{
    say_number("values changed", (unsigned)keep(0x1111111111400000, 3000000));
}
