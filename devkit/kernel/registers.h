/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a PD's registers are kept: in the order of seL4_UserContext, so that reading
 * and writing them for a parent is a copy.
 */
#ifndef DEVKIT_REGISTERS_H
#define DEVKIT_REGISTERS_H

#define AT_PC   0
#define AT_SP   8
#define AT_SPSR 16
#define AT_X0   24  /* x0 to x8 */
#define AT_X16  96  /* x16, x17, x18, x29, x30 */
#define AT_X9   136 /* x9 to x15 */
#define AT_X19  192 /* x19 to x28 */

/* EL0 in AArch64; interrupts come, FIQs, of which there are none, do not. */
#define SPSR_EL0 0x40

#define INSTRUCTION_SIZE 4

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

struct registers {
    uint64_t pc, sp, spsr;
    uint64_t x[9];
    uint64_t x16, x17, x18, x29, x30;
    uint64_t x9[7];
    uint64_t x19[10];
    uint64_t tpidr_el0, tpidrro_el0;
};

#define REGISTER_COUNT (sizeof(struct registers) / sizeof(uint64_t))

_Static_assert(offsetof(struct registers, sp) == AT_SP, "vectors.S");
_Static_assert(offsetof(struct registers, spsr) == AT_SPSR, "vectors.S");
_Static_assert(offsetof(struct registers, x) == AT_X0, "vectors.S");
_Static_assert(offsetof(struct registers, x16) == AT_X16, "vectors.S");
_Static_assert(offsetof(struct registers, x9) == AT_X9, "vectors.S");
_Static_assert(offsetof(struct registers, x19) == AT_X19, "vectors.S");

#endif
#endif
