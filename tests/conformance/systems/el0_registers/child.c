/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#define READ  (1U << 21)
#define BASE  0xd5000000U
#define RET   0xd65f03c0U
#define COUNT (1U << 14) /* op1 CRn CRm op2 of one op0 */

uintptr_t code;
static char line[256] __attribute__((aligned(64)));

/* 1 if the instruction at `at` came to an end; x0 is `value` then. */
uint64_t run(uintptr_t at, uint64_t value);
__asm__(".text\n"
        "run: stp x19, x30, [sp, #-16]!\n mov x9, x0\n mov x0, x1\n adr x19, 1f\n"
        "blr x9\n mov x0, #1\n b 2f\n 1: mov x0, #0\n 2: ldp x19, x30, [sp], #16\n ret\n");

static uint64_t allowed(uint32_t instruction, uint64_t value)
{
    volatile uint32_t *at = (volatile uint32_t *)code;

    at[0] = instruction;
    at[1] = RET;
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" : : "r"(at) : "memory");
    return run(code, value);
}

static void put_field(uint32_t instruction, unsigned from, unsigned width)
{
    microkit_dbg_puts(" ");
    microkit_dbg_put32(instruction >> from & ((1U << width) - 1));
}

static void tell(const char *what, uint32_t instruction)
{
    say_start(what);
    put_field(instruction, 19, 2);
    put_field(instruction, 16, 3);
    put_field(instruction, 12, 4);
    put_field(instruction, 8, 4);
    put_field(instruction, 5, 3);
    microkit_dbg_puts("\n");
}

/* Not tried: WFI and WFE (hints 2 and 3), which wait. */
static int waits(uint32_t instruction)
{
    return (instruction & ~0x1fU) == 0xd5032040 || (instruction & ~0x1fU) == 0xd5032060;
}

static unsigned try_all(const char *what, uint32_t op0, uint32_t direction, uint32_t reg,
                        uint64_t value)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t instruction = BASE | direction | op0 << 19 | i << 5 | reg;
        if (!waits(instruction) && allowed(instruction, value)) {
            n++;
            if (op0 != 0) {
                tell(what, instruction);
            }
        }
    }
    say_number(what, n);
    return n;
}

/* op0 0: barriers, hints, flags; 1: instructions; 2 and 3: registers. */
void init(void)
{
    for (uint32_t op0 = 0; op0 < 4; op0++) {
        uint64_t value = op0 == 1 ? (uint64_t)line : 0;
        say_number("op0", op0);
        try_all("write", op0, 0, 0, value);
        try_all("write xzr", op0, 0, 31, 0);
        try_all("read", op0, READ, 0, value);
        microkit_notify(1);
    }
    say_end();
}
