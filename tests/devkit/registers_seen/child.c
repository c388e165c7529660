/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void count(void);
__asm__(".text\n.global loop, look\n"
        "count: mov x0, #0\n mov x1, #0\n"
        "loop: add x0, x0, #1\n add x1, x1, #1\n nop\n nop\n cmp x1, #8\n b.ne loop\n udf #0\n"
        "look: nop\n udf #0\n");

void init(void)
{
    count();
}
