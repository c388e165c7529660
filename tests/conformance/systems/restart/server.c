/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)ch;
    microkit_notify(6);
    say("answers");
    return msginfo;
}
