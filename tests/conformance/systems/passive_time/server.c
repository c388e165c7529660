/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

/* Five milliseconds of work, not of time. */
microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)ch;
    for (unsigned i = 0; i < 5; i++) {
        work_one_millisecond();
    }
    return msginfo;
}
