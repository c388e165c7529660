/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

uintptr_t readable;

/* 1 if it was done; the parent goes on at the label if not. */
#define ATTEMPT(name, instruction)                                                                 \
    uint64_t name(uintptr_t at);                                                                   \
    __asm__(".text\n" #name ": stp x19, x30, [sp, #-16]!\n mov x9, x0\n mov x0, #0\n"              \
            " adr x19, 1f\n" instruction "\n mov x0, #1\n 1: ldp x19, x30, [sp], #16\n ret\n")

ATTEMPT(load_byte, "ldrb w10, [x9]");
ATTEMPT(load_word, "ldr x10, [x9]");
ATTEMPT(load_pair, "ldp x10, x11, [x9]");
ATTEMPT(load_exclusive, "ldxr x10, [x9]");
ATTEMPT(store_byte, "strb wzr, [x9]");
ATTEMPT(store_word, "str xzr, [x9]");
ATTEMPT(store_vector, ".arch_extension fp\n str q0, [x9]");
ATTEMPT(prefetch, "prfm pstl1keep, [x9]");
ATTEMPT(jump, "blr x9");
ATTEMPT(clean, "dc cvac, x9");
ATTEMPT(clean_invalidate, "dc civac, x9");
ATTEMPT(clean_unification, "dc cvau, x9");
ATTEMPT(invalidate_instructions, "ic ivau, x9");

static const struct {
    char letter;
    uint64_t (*attempt)(uintptr_t at);
} attempts[] = {
    {'b', load_byte},
    {'w', load_word},
    {'p', load_pair},
    {'x', load_exclusive},
    {'B', store_byte},
    {'W', store_word},
    {'V', store_vector},
    {'f', prefetch},
    {'J', jump},
    {'c', clean},
    {'C', clean_invalidate},
    {'u', clean_unification},
    {'i', invalidate_instructions},
};

static void try(uintptr_t at)
{
    say_start("");
    put_hex(at);
    microkit_dbg_puts(" ");
    for (unsigned i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        microkit_dbg_putc(attempts[i].attempt(at) ? attempts[i].letter : '-');
    }
    microkit_dbg_puts("\n");
}

/* No man's land, devices, the kernel's memory and map, the ends of all that counts. */
static const uintptr_t addresses[] = {
    0x0,
    0x1,
    0x1000,
    0x1fffff,
    0x3fffffc,
    0x8000000,
    0x8010000,
    0x9000000,
    0x9000fff,
    0x40000000,
    0x60000000,
    0x60200000,
    0x60300000,
    0x70000000,
    0xbffffff8,
    0xc0000000,
    0x7fffffffff,
    0x8000000000,
    0x8008000000,
    0x8060000000,
    0x8060200001,
    0x8080000000,
    0xffffffeff0,
    0xfffffffffc,
    0x10000000000,
    0x800000000000,
    0xffff00000000,
    0x1000000000000,
    0x100000004000000,
    0x8000000000000000,
    0xffff800000000000,
    0xffffff8060000000,
    0xfffffffffffffff8,
    0xffffffffffffffff,
};

void init(void)
{
    for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        try(addresses[i]);
    }
    try(readable);
    try(readable + 1);
    try(readable + 0xfff);
    say_end();
}
