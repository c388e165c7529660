/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: a GICv2. One that belongs to a PD is masked when it is taken, becomes a
 * notification, and is unmasked when the PD acknowledges it. An edge that comes in
 * between stays pending in the distributor; a level is looked at again.
 *
 * Source: Arm IHI 0048B, "GIC Architecture Specification, version 2.0", chapter 4.
 */
#include "kernel.h"

#define REGISTER(base, offset) ((volatile uint32_t *)(KERNEL_OFFSET + (base) + (offset)))

#define GICD_CTLR       REGISTER(GICD_PHYSICAL, 0x000)
#define GICD_ISENABLER  REGISTER(GICD_PHYSICAL, 0x100)
#define GICD_ICENABLER  REGISTER(GICD_PHYSICAL, 0x180)
#define GICD_ICPENDR    REGISTER(GICD_PHYSICAL, 0x280)
#define GICD_ICACTIVER  REGISTER(GICD_PHYSICAL, 0x380)
#define GICD_IPRIORITYR REGISTER(GICD_PHYSICAL, 0x400)
#define GICD_ITARGETSR  REGISTER(GICD_PHYSICAL, 0x800)
#define GICD_ICFGR      REGISTER(GICD_PHYSICAL, 0xc00)
#define GICC_CTLR       REGISTER(GICC_PHYSICAL, 0x000)
#define GICC_PMR        REGISTER(GICC_PHYSICAL, 0x004)
#define GICC_IAR        REGISTER(GICC_PHYSICAL, 0x00c)
#define GICC_EOIR       REGISTER(GICC_PHYSICAL, 0x010)

#define IAR_ID(iar) ((iar)&0x3ffU)

#define EACH_BYTE     0x01010101U
#define FIRST_SHARED  32
#define PRIORITY      0x80U
#define PRIORITY_MASK 0xf0U

static uint32_t bit(uint32_t irq)
{
    return 1U << (irq % 32);
}

static void mask(uint32_t irq)
{
    GICD_ICENABLER[irq / 32] = bit(irq);
}

static void unmask(uint32_t irq)
{
    GICD_ISENABLER[irq / 32] = bit(irq);
}

void irq_acknowledge(uint32_t irq)
{
    unmask(irq);
}

static void set_trigger(uint32_t irq, bool edge)
{
    uint32_t field = 2U << (2 * (irq % 16));
    uint32_t others = GICD_ICFGR[irq / 16] & ~field;

    GICD_ICFGR[irq / 16] = others | (edge ? field : 0);
}

/* 3.1.2 and 4.3: everything masked and forgotten, then what the system uses. */
void irq_init(void)
{
    *GICD_CTLR = 0;
    for (uint32_t i = 0; i < MAX_IRQS / 32; i++) {
        GICD_ICENABLER[i] = UINT32_MAX;
        GICD_ICPENDR[i] = UINT32_MAX;
        GICD_ICACTIVER[i] = UINT32_MAX;
    }
    for (uint32_t i = 0; i < MAX_IRQS / 4; i++) {
        GICD_IPRIORITYR[i] = PRIORITY * EACH_BYTE;
    }
    for (uint32_t i = FIRST_SHARED / 4; i < MAX_IRQS / 4; i++) {
        GICD_ITARGETSR[i] = EACH_BYTE;
    }
    for (uint32_t irq = 0; irq < MAX_IRQS; irq++) {
        if (system.irqs[irq].used) {
            set_trigger(irq, system.irqs[irq].edge);
            unmask(irq);
        }
    }
    unmask(IRQ_TIMER);
    *GICD_CTLR = 1;
    *GICC_PMR = PRIORITY_MASK;
    *GICC_CTLR = 1;
}

static void pass_on(uint32_t irq)
{
    const struct irq_image *owner = &system.irqs[irq];

    mask(irq);
    if (owner->used) {
        notify(&pds[owner->pd], 1ULL << owner->channel);
    }
}

/* Take one interrupt, if one is pending. Never inlined: bench/ counts interrupts by
 * this name. */
__attribute__((noinline, used)) void irq_take(void)
{
    uint32_t iar = *GICC_IAR;
    uint32_t irq = IAR_ID(iar);

    if (irq >= MAX_IRQS) {
        return;
    }
    if (irq == IRQ_TIMER) {
        clock_alarm(NEVER);
        sched_tick();
    } else {
        pass_on(irq);
    }
    *GICC_EOIR = iar;
}
