/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    microkit_notify(ch);
    microkit_notify(2);
    say("goes on");
    return msginfo;
}
