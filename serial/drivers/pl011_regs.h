/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of the PL011, Arm DDI 0183G, table 3-1; all are 32 bits apart. */
#ifndef PL011_REGS_H
#define PL011_REGS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct pl011_regs {
    uint32_t dr;
    uint32_t rsr_ecr;
    uint32_t reserved0[4];
    uint32_t fr;
    uint32_t reserved1;
    uint32_t ilpr;
    uint32_t ibrd;
    uint32_t fbrd;
    uint32_t lcr_h;
    uint32_t cr;
    uint32_t ifls;
    uint32_t imsc;
    uint32_t ris;
    uint32_t mis;
    uint32_t icr;
    uint32_t dmacr;
};

static_assert(offsetof(struct pl011_regs, fr) == 0x18, "3.3.3");
static_assert(offsetof(struct pl011_regs, ibrd) == 0x24, "3.3.5");
static_assert(offsetof(struct pl011_regs, lcr_h) == 0x2c, "3.3.7");
static_assert(offsetof(struct pl011_regs, imsc) == 0x38, "3.3.10");
static_assert(offsetof(struct pl011_regs, icr) == 0x44, "3.3.13");
static_assert(sizeof(struct pl011_regs) == 0x4c, "table 3-1");

/* 3.3.3, flag register */
#define PL011_FR_BUSY (1U << 3) /* sending, or the transmit FIFO is not empty */
#define PL011_FR_TXFF (1U << 5) /* transmit FIFO full */

/* 3.3.7, line control register */
#define PL011_LCR_FEN    (1U << 4) /* FIFOs on */
#define PL011_LCR_WLEN_8 (3U << 5)

/* 3.3.8, control register */
#define PL011_CR_UARTEN (1U << 0)
#define PL011_CR_TXE    (1U << 8)

/* 3.3.9, interrupt FIFO level select register: transmit at one half full */
#define PL011_IFLS_TX_HALF (2U << 0)
#define PL011_IFLS_RX_HALF (2U << 3)

/* 3.3.10 to 3.3.13, interrupt registers */
#define PL011_INT_TX  (1U << 5)
#define PL011_INT_ALL 0x7ffU

#endif
