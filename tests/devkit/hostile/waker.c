/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    for (;;) {
        microkit_notify(2);
    }
}
