/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    spin(1500);
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    say_number("called on", ch);
    return msginfo;
}
