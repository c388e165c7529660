/* SPDX-License-Identifier: BSD-2-Clause */
#include "turns.h"

void init(void)
{
    spin_in_turns(1);
}
