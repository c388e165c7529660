/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arm PrimeCell UART (PL011).
 *
 * Source: Arm DDI 0183G, "PrimeCell UART (PL011) Technical Reference Manual";
 * section numbers are its own.
 *
 * The transmit interrupt is a transition of the FIFO through its trigger level
 * (3.4.3), not a level: it is armed only after the FIFO was found full, so that the
 * transition is still to come; one that came in between is kept in the raw status.
 * The receiver stays off.
 */
#include <quoll/mmio.h>
#include <quoll/serial_driver.h>

#include "pl011_regs.h"

/*
 * The divisor for 115200 baud from 24 MHz, the clock of Arm's reference boards:
 * 24000000 / (16 * 115200) = 13 + 1/64.
 */
#define IBRD_115200 13U
#define FBRD_115200 1U

static volatile struct pl011_regs *regs(void)
{
    return (volatile struct pl011_regs *)(uintptr_t)quoll_config.device.registers[0].vaddr;
}

/*
 * The boot firmware knows the UART's clock, we do not: its rate is kept. A divisor
 * of zero, which sends nothing (3.3.5), says that nobody has chosen one.
 */
static void set_rate(volatile struct pl011_regs *r)
{
    if (mmio_read32(&r->ibrd) == 0) {
        mmio_write32(&r->ibrd, IBRD_115200);
        mmio_write32(&r->fbrd, FBRD_115200);
    }
}

/*
 * 3.3.6 to 3.3.8: let what an earlier life left go out, then configure while
 * disabled; clearing FEN empties the FIFOs. What does not go out in time (that life
 * may have died while it had the UART disabled) is dropped. Writing LCR_H makes the
 * divisor take effect.
 */
static enum quoll_error start(void)
{
    volatile struct pl011_regs *r = regs();

    mmio_write32(&r->imsc, 0);
    (void)mmio_wait32(&r->fr, PL011_FR_BUSY, 0, QUOLL_MS(100));
    mmio_write32(&r->cr, 0);
    mmio_write32(&r->lcr_h, 0);
    if (!mmio_wait32(&r->fr, PL011_FR_BUSY, 0, QUOLL_MS(100))) {
        return QUOLL_ETIMEDOUT;
    }
    set_rate(r);
    mmio_write32(&r->lcr_h, PL011_LCR_WLEN_8 | PL011_LCR_FEN);
    mmio_write32(&r->ifls, PL011_IFLS_TX_HALF | PL011_IFLS_RX_HALF);
    mmio_write32(&r->dmacr, 0);
    mmio_write32(&r->icr, PL011_INT_ALL);
    mmio_write32(&r->cr, PL011_CR_UARTEN | PL011_CR_TXE);
    return QUOLL_OK;
}

static bool put(uint8_t byte)
{
    if ((mmio_read32(&regs()->fr) & PL011_FR_TXFF) != 0) {
        return false;
    }
    mmio_write32(&regs()->dr, byte);
    return true;
}

static void notify_room(bool wanted)
{
    mmio_write32(&regs()->imsc, wanted ? PL011_INT_TX : 0);
}

static const struct serial_device device = {.start = start, .put = put, .notify_room = notify_room};

SERIAL_DRIVER(device, .compatible = {"arm,pl011"}, .registers = 1,
              .register_size = {sizeof(struct pl011_regs)}, .interrupts = 1, .interrupt = {0});
