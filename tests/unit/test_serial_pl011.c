/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PL011's driver with registers that the test plays: which are written, in what
 * order, and what a device answers that is busy, full or dead.
 */
#include <string.h>

#include "fake_pd.h"

#include <quoll/mmio.h>

static uint32_t played_read32(const volatile uint32_t *at);
static void played_write32(volatile uint32_t *at, uint32_t value);
static bool played_wait32(const volatile uint32_t *at, uint32_t mask, uint32_t value,
                          uint64_t timeout);
#define mmio_read32  played_read32
#define mmio_write32 played_write32
#define mmio_wait32  played_wait32
#include "serial/drivers/pl011.c"

static struct pl011_regs *played;
static bool sends;       /* what is in the FIFO goes out in time */
static bool never_ready; /* busy whatever one does */
static struct {
    size_t at;
    uint32_t value;
} written[32];
static unsigned writes;

static uint32_t played_read32(const volatile uint32_t *at)
{
    return *at;
}

/* Clearing FEN empties the FIFO (3.3.7). */
static void played_write32(volatile uint32_t *at, uint32_t value)
{
    assert_true(writes < 32);
    written[writes].at = (size_t)((volatile uint8_t *)at - (volatile uint8_t *)played);
    written[writes++].value = value;
    *at = value;
    if (at == &played->lcr_h && (value & PL011_LCR_FEN) == 0 && !never_ready) {
        played->fr &= ~(PL011_FR_BUSY | PL011_FR_TXFF);
    }
}

static bool played_wait32(const volatile uint32_t *at, uint32_t mask, uint32_t value,
                          uint64_t timeout)
{
    assert_true(timeout <= QUOLL_MS(100));
    if (sends) {
        played->fr &= ~PL011_FR_BUSY;
    }
    return (*at & mask) == value;
}

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    played = fake_region(&fake_config.device.registers[0], sizeof *played, 0);
    writes = 0;
    sends = true;
    never_ready = false;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

#define WROTE(n, reg, what)                                                                        \
    do {                                                                                           \
        assert_int_equal(written[n].at, offsetof(struct pl011_regs, reg));                         \
        assert_int_equal(written[n].value, what);                                                  \
    } while (0)

static void starting_follows_the_manual(void **state)
{
    (void)state;
    played->ibrd = 27;
    assert_int_equal(device.start(), QUOLL_OK);
    WROTE(0, imsc, 0);
    WROTE(1, cr, 0);
    WROTE(2, lcr_h, 0);
    WROTE(3, lcr_h, 0x70); /* 8 bits, FIFOs */
    WROTE(4, ifls, 0x12);
    WROTE(5, dmacr, 0);
    WROTE(6, icr, 0x7ff);
    WROTE(7, cr, 0x101); /* transmit only */
    assert_int_equal(writes, 8);
    assert_int_equal(played->ibrd, 27);
}

static void a_rate_that_nobody_has_chosen_is_set(void **state)
{
    (void)state;
    assert_int_equal(device.start(), QUOLL_OK);
    WROTE(3, ibrd, 13);
    WROTE(4, fbrd, 1);
    WROTE(5, lcr_h, 0x70); /* makes it take effect */
}

/* An earlier life died between disabling the UART and emptying its FIFO. */
static void what_cannot_go_out_is_dropped(void **state)
{
    (void)state;
    sends = false;
    played->fr = PL011_FR_BUSY | PL011_FR_TXFF;
    assert_int_equal(device.start(), QUOLL_OK);
    assert_true(device.put('x'));
}

static void a_device_that_stays_busy_is_refused(void **state)
{
    (void)state;
    sends = false;
    never_ready = true;
    played->fr = PL011_FR_BUSY;
    assert_int_equal(device.start(), QUOLL_ETIMEDOUT);
    assert_int_equal(played->cr, 0);
    assert_int_equal(played->imsc, 0);
}

static void a_byte_is_put_only_where_there_is_room(void **state)
{
    (void)state;
    assert_true(device.put(0xa5));
    WROTE(0, dr, 0xa5);
    played->fr = PL011_FR_TXFF;
    assert_false(device.put(0x5a));
    assert_int_equal(writes, 1);
}

static void the_interrupt_for_room_is_the_only_one(void **state)
{
    (void)state;
    device.notify_room(true);
    WROTE(0, imsc, 1U << 5);
    device.notify_room(false);
    WROTE(1, imsc, 0);
}

static void it_describes_itself(void **state)
{
    (void)state;
    assert_int_equal(quoll_driver.magic, QUOLL_DRIVER_MAGIC);
    assert_string_equal(quoll_driver.class_name, "serial");
    assert_string_equal(quoll_driver.compatible[0], "arm,pl011");
    assert_int_equal(quoll_driver.registers, 1);
    assert_int_equal(quoll_driver.interrupts, 1);
    assert_int_equal(quoll_driver.dma_size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(starting_follows_the_manual),
        IN_A_PD(a_rate_that_nobody_has_chosen_is_set),
        IN_A_PD(what_cannot_go_out_is_dropped),
        IN_A_PD(a_device_that_stays_busy_is_refused),
        IN_A_PD(a_byte_is_put_only_where_there_is_room),
        IN_A_PD(the_interrupt_for_room_is_the_only_one),
        IN_A_PD(it_describes_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
