/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static void call(uint64_t number)
{
    register uint64_t x1 __asm__("x1") = 17;
    register uint64_t x7 __asm__("x7") = number;

    __asm__ volatile("svc #0" : "+r"(x1) : "r"(x7) : "x0", "memory");
    say_hex("x1", x1);
}

void init(void)
{
    call(99);
    call(0x7fffffffffffffff);
    say_end();
}
