/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PL011's driver between a device that answers anything and a virtualiser that may lie.
 * Each byte of an honest virtualiser reaches the device once and in order, whatever the
 * flags say; none is written while the device says that it is full; and only registers
 * that the manual has are touched.
 */
#include <string.h>

#include "peer.h"

#pragma clang section bss = "zeroed"
#include "serial/drivers/pl011.c"
#pragma clang section bss = ""

#include <quoll/serial.h>

#define INTERRUPT 61U
#define QUEUE     64U
#define MOST      6000U

static struct fuzz_peer virt;
static bool virt_lies;
static struct pl011_regs regs_played;
static unsigned char *registers;
static uint8_t next_byte, next_shown;
static unsigned full_after; /* bytes that the device still takes */
static uint32_t odd_flags;  /* the device sets and clears bits as it likes */

static void fill_byte(void *entry)
{
    *(uint8_t *)entry = fuzz8();
}

/* ---- Registers ---- */

uint64_t sim_mmio_read(const volatile void *at, unsigned size)
{
    size_t offset = (size_t)((const volatile unsigned char *)at - registers);

    FUZZ_CHECK(size == 4 && offset % 4 == 0 && offset < sizeof regs_played);
    if (offset == offsetof(struct pl011_regs, fr)) {
        return (full_after == 0 ? PL011_FR_TXFF : 0) | (odd_flags & ~PL011_FR_TXFF);
    }
    return ((uint32_t *)&regs_played)[offset / 4];
}

void sim_mmio_write(volatile void *at, uint64_t value, unsigned size)
{
    size_t offset = (size_t)((volatile unsigned char *)at - registers);

    FUZZ_CHECK(size == 4 && offset % 4 == 0 && offset < sizeof regs_played);
    ((uint32_t *)&regs_played)[offset / 4] = (uint32_t)value;
    if (offset == offsetof(struct pl011_regs, dr)) {
        FUZZ_CHECK(full_after > 0);
        full_after -= 1;
        FUZZ_CHECK(virt_lies || value == next_shown);
        next_shown += 1;
    }
}

/* ---- A run ---- */

static void write_bytes(unsigned number)
{
    for (; number > 0 && fuzz_agreed(&virt) && queue_look_for_room(&virt.fake.out) > 0; number--) {
        (void)serial_bytes_put(&virt.fake.out, &next_byte);
        next_byte += 1;
    }
    (void)queue_publish(&virt.fake.out);
}

static void virt_up(void)
{
    next_byte = next_shown = 0;
    fake_peer_up(&virt.fake);
    fuzz_wake(&virt, MOST);
}

static void set_up(void)
{
    fake_reset();
    memset(&regs_played, 0, sizeof regs_played);
    registers = fake_region(&fake_config.device.registers[0], sizeof regs_played, 0);
    fuzz_interrupt(INTERRUPT);
    fake_step = QUOLL_MS(5);
    full_after = 16;
    odd_flags = fuzz8() < 200 ? 0 : PL011_FR_BUSY;
    fuzz_link(&virt, LINK_SERIAL_TX_DEVICE, "virt", 1, 1, QUEUE, 1, fill_byte);
    fuzz_run(MOST, init());
    virt_up();
}

static void take_step(void)
{
    switch (fuzz8() % 8U) {
    case 0:
        full_after = fuzz8();
        break;
    case 1:
        odd_flags = fuzz8();
        ((uint32_t *)&regs_played)[fuzz_below(sizeof regs_played / 4)] = fuzz32();
        break;
    case 2:
    case 3:
        fuzz_run(MOST, notified(INTERRUPT));
        FUZZ_CHECK(fake_acks(INTERRUPT) >= 1);
        break;
    case 4:
    case 5:
        if (virt_lies) {
            fuzz_hurt(&virt);
        } else {
            write_bytes(fuzz8());
        }
        break;
    case 6:
        fuzz_wake(&virt, MOST);
        break;
    default:
        if (fuzz8() % 2U == 0) {
            fuzz_restart(MOST);
        }
        fake_lives[virt.fake.config->peer_pd] += 1;
        virt_up();
        break;
    }
}

/* A device with room takes all, if the driver could start it. */
static void settle(void)
{
    for (unsigned n = 0; n < 8; n++) {
        full_after = 64;
        fuzz_run(MOST, notified(INTERRUPT));
    }
    FUZZ_CHECK(!fuzz_agreed(&virt) || next_shown == next_byte);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    fuzz_begin(input, size);
    virt_lies = fuzz8() % 2U == 0;
    set_up();
    while (fuzz_more()) {
        take_step();
    }
    if (!virt_lies) {
        settle();
    }
    fake_finish();
    return 0;
}
