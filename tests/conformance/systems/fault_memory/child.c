/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

uintptr_t life;
uintptr_t readable;

void store_to(uint64_t address);
void load_from(uint64_t address);
void jump_to(uint64_t address);
void undefined(uint64_t unused);

__asm__(".text\n"
        ".balign 64\n"
        "store_to: mov x20, #1\n str x0, [x0]\n ret\n"
        "load_from: mov x20, #2\n ldr x0, [x0]\n ret\n"
        "jump_to: mov x20, #3\n br x0\n"
        "undefined: mov x20, #4\n udf #0\n ret\n");

static void do_something_forbidden(uint64_t life_number)
{
    switch (life_number) {
    case 0:
        store_to(0x1008);
        break;
    case 1:
        load_from(0x1008);
        break;
    case 2:
        jump_to(0x1008);
        break;
    case 3:
        store_to(readable + 8);
        break;
    case 4:
        jump_to(readable);
        break;
    case 5:
        store_to(0x200000); /* its own code */
        break;
    case 6:
        load_from(0x8060000000); /* where the kernel is, in its own map */
        break;
    case 7:
        store_to(0x60000000); /* where it is in memory */
        break;
    case 8:
        load_from(0x9000000); /* the UART, which was not given to it */
        break;
    case 9:
        load_from(0x10000000000 - 0x1000 - 8); /* below its stack */
        break;
    case 10:
        load_from(0xffff000000000000);
        break;
    default:
        undefined(0);
    }
}

void init(void)
{
    uint64_t number = *(volatile uint64_t *)life;

    microkit_notify(1);
    do_something_forbidden(number);
    say("was not stopped");
}

void notified(microkit_channel ch)
{
    (void)ch;
}
