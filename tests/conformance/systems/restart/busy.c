/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    spin(2000);
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)ch;
    say("answers too early");
    return msginfo;
}
