/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    spin(100000);
    say_end();
}
