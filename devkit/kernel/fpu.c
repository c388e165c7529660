/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floating point and SIMD registers are switched when they are used: they hold those
 * of one PD, the owner, and trap (CPTR_EL2.TFP) for all others. EL1's own trap
 * (CPACR_EL1) would come first, so it is off.
 */
#include "kernel.h"

#include <stddef.h>

#define CPTR_RES1  0x33ffU
#define CPTR_TFP   (1U << 10)
#define CPACR_FPEN (3U << 20)

struct fpu {
    __attribute__((aligned(16))) unsigned char q[32][16];
    uint64_t fpsr, fpcr;
};

static struct fpu states[MAX_PDS];
static const struct pd *owner;
static bool trapping;

static void set_trap(bool trap)
{
    trapping = trap;
    WRITE_SYSREG(cptr_el2, CPTR_RES1 | (trap ? CPTR_TFP : 0));
    __asm__ volatile("isb");
}

void fpu_init(void)
{
    WRITE_SYSREG(cpacr_el1, CPACR_FPEN);
    set_trap(true);
}

void fpu_follow(const struct pd *pd)
{
    if (UNLIKELY((pd != owner) != trapping)) {
        set_trap(pd != owner);
    }
}

#define EACH_PAIR(op)                                                                              \
    op(0, 1) op(2, 3) op(4, 5) op(6, 7) op(8, 9) op(10, 11) op(12, 13) op(14, 15) op(16, 17)       \
        op(18, 19) op(20, 21) op(22, 23) op(24, 25) op(26, 27) op(28, 29) op(30, 31)
#define STORE_PAIR(a, b) "stp q" #a ", q" #b ", [%0], #32\n"
#define LOAD_PAIR(a, b)  "ldp q" #a ", q" #b ", [%0], #32\n"

static void store(struct fpu *state)
{
    unsigned char(*q)[16] = state->q;

    __asm__ volatile(".arch_extension fp\n" EACH_PAIR(STORE_PAIR) : "+r"(q) : : "memory");
    state->fpsr = READ_SYSREG(fpsr);
    state->fpcr = READ_SYSREG(fpcr);
}

static void load(const struct fpu *state)
{
    const unsigned char(*q)[16] = state->q;

    __asm__ volatile(".arch_extension fp\n" EACH_PAIR(LOAD_PAIR) : "+r"(q) : : "memory");
    WRITE_SYSREG(fpsr, state->fpsr);
    WRITE_SYSREG(fpcr, state->fpcr);
}

/* The PD, which trapped, becomes the owner. */
void fpu_take(struct pd *pd)
{
    set_trap(false);
    if (owner != NULL) {
        store(&states[owner - pds]);
    }
    load(&states[pd - pds]);
    owner = pd;
}
