/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Simulated Arm PrimeCell UART (PL011).
 *
 * Source: Arm DDI 0183G, "PrimeCell UART (PL011) Technical Reference Manual"; section
 * numbers are its own. Where QEMU's model is lax, this one is not: bytes take their time
 * on the line, FIFOs are 16 deep, BUSY lasts as long as one of them has not gone out,
 * and the transmit interrupt is a transition of the FIFO through its trigger level
 * (3.4.3), not a level.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "sim/device.h"

#define FIFO_DEPTH 16U
#define CLOCK      24000000U /* Hz, of Arm's reference boards */
#define FRAME_BITS 10U       /* start, 8 data, stop */

enum {
    R_DR = 0x00,
    R_RSR_ECR = 0x04,
    R_FR = 0x18,
    R_ILPR = 0x20,
    R_IBRD = 0x24,
    R_FBRD = 0x28,
    R_LCR_H = 0x2c,
    R_CR = 0x30,
    R_IFLS = 0x34,
    R_IMSC = 0x38,
    R_RIS = 0x3c,
    R_MIS = 0x40,
    R_ICR = 0x44,
    R_DMACR = 0x48,
    R_ID = 0xfe0,
};

/* 3.3.3 */
#define FR_BUSY (1U << 3)
#define FR_RXFE (1U << 4)
#define FR_TXFF (1U << 5)
#define FR_RXFF (1U << 6)
#define FR_TXFE (1U << 7)

#define LCR_FEN       (1U << 4)
#define CR_UARTEN     (1U << 0)
#define CR_TXE        (1U << 8)
#define CR_RXE        (1U << 9)
#define CR_AT_RESET   0x300U
#define IFLS_AT_RESET 0x12U

#define INT_RX         (1U << 4)
#define INT_TX         (1U << 5)
#define INT_RX_TIMEOUT (1U << 6)
#define INT_OVERRUN    (1U << 10)
#define INT_ALL        0x7ffU
#define DR_OVERRUN     (1U << 11)

enum pl011_fault {
    FAULT_LOST = 1U << 0,     /* the transmit interrupt does not come */
    FAULT_SPURIOUS = 1U << 1, /* it comes for nothing */
    FAULT_SLOW = 1U << 2,     /* a byte takes long, as with flow control */
    FAULT_STUCK = 1U << 3,    /* nothing goes out any more */
};
static const char *const fault_names[] = {"lost", "spurious", "slow", "stuck", NULL};

struct pl011 {
    uint32_t ilpr, ibrd, fbrd, lcr_h, cr, ifls, imsc, ris, dmacr;
    uint32_t used_ibrd, used_fbrd; /* as of the last write to LCR_H (3.3.7) */
    uint32_t tx_count, rx_count;
    uint8_t tx[FIFO_DEPTH];
    uint16_t rx[FIFO_DEPTH];
    uint8_t shifting; /* the byte that is going out */
    bool sending, stuck, overrun;
    uint64_t sent_at, received_at, idle_at; /* SIM_NEVER: nothing to come */
    uint32_t input_next;
    uint32_t faults;
};

struct input {
    unsigned char bytes[4096];
    size_t size;
};

static struct pl011 *pl011_of(const struct sim_device *device)
{
    return device->state;
}

static bool misbehaves(struct sim_device *device, enum pl011_fault fault, const char *what)
{
    if ((pl011_of(device)->faults & (uint32_t)fault) == 0 || sim_choose(device, what, 2) == 0) {
        return false;
    }
    sim_trace(device, "misbehaves: %s", what);
    return true;
}

/* 3.3.5: 16 samples a bit; 0: the divisor is not set and nothing is sent. */
static uint64_t byte_time(const struct pl011 *u)
{
    uint64_t divisor = (uint64_t)u->used_ibrd * 64U + u->used_fbrd;

    return u->used_ibrd == 0 ? 0 : FRAME_BITS * 16U * divisor * 1000000000U / (64U * CLOCK);
}

static uint32_t depth(const struct pl011 *u)
{
    return (u->lcr_h & LCR_FEN) != 0 ? FIFO_DEPTH : 1;
}

/* 3.3.9: 1/8, 1/4, 1/2, 3/4, 7/8 of the FIFO; without FIFOs, the one place. */
static uint32_t trigger(const struct pl011 *u, uint32_t select, bool transmit)
{
    static const uint8_t levels[8] = {2, 4, 8, 12, 14, 14, 14, 14};

    if ((u->lcr_h & LCR_FEN) == 0) {
        return transmit ? 0 : 1;
    }
    return levels[select & 7U];
}

static void update_line(struct sim_device *device)
{
    const struct pl011 *u = pl011_of(device);

    sim_line(device, 0, (u->ris & u->imsc) != 0);
}

static void raise(struct sim_device *device, uint32_t why)
{
    pl011_of(device)->ris |= why;
    update_line(device);
}

static void set_timer(struct sim_device *device)
{
    const struct pl011 *u = pl011_of(device);
    uint64_t when = u->sent_at < u->received_at ? u->sent_at : u->received_at;

    sim_at(device, when < u->idle_at ? when : u->idle_at);
}

/* ---- Transmit ---- */

static bool may_send(const struct pl011 *u)
{
    return (u->cr & (CR_UARTEN | CR_TXE)) == (CR_UARTEN | CR_TXE) && byte_time(u) != 0 && !u->stuck;
}

/* A byte leaves the FIFO for the line; the interrupt is when the level is just reached. */
static void shift(struct sim_device *device)
{
    struct pl011 *u = pl011_of(device);

    if (u->sending || u->tx_count == 0 || !may_send(u)) {
        return;
    }
    if (misbehaves(device, FAULT_STUCK, "sends no more")) {
        u->stuck = true;
        return;
    }
    u->shifting = u->tx[0];
    memmove(u->tx, u->tx + 1, --u->tx_count);
    u->sending = true;
    u->sent_at = sim_now() + byte_time(u);
    if (misbehaves(device, FAULT_SLOW, "a byte takes long")) {
        u->sent_at += 50U * byte_time(u);
    }
    if (u->tx_count == trigger(u, u->ifls, true) &&
        !misbehaves(device, FAULT_LOST, "lost interrupt")) {
        raise(device, INT_TX);
    }
}

static void sent(struct sim_device *device)
{
    struct pl011 *u = pl011_of(device);

    u->sending = false;
    u->sent_at = SIM_NEVER;
    sim_output(device, &u->shifting, 1);
    shift(device);
}

static void write_data(struct sim_device *device, uint8_t byte)
{
    struct pl011 *u = pl011_of(device);

    if (u->tx_count == depth(u)) {
        sim_violation(device, "a byte is written while TXFF says that there is no room (3.3.1)");
        return;
    }
    u->tx[u->tx_count++] = byte;
    if (u->tx_count > trigger(u, u->ifls, true)) {
        u->ris &= ~INT_TX;
    }
    shift(device);
    if (misbehaves(device, FAULT_SPURIOUS, "spurious interrupt")) {
        raise(device, INT_TX);
    }
    update_line(device);
}

/* ---- Receive ---- */

static void plan_receive(struct sim_device *device)
{
    struct pl011 *u = pl011_of(device);
    const struct input *input = device->host;
    bool on = (u->cr & (CR_UARTEN | CR_RXE)) == (CR_UARTEN | CR_RXE) && byte_time(u) != 0;

    if (!on || u->input_next >= input->size) {
        u->received_at = SIM_NEVER;
    } else if (u->received_at == SIM_NEVER) {
        u->received_at = sim_now() + byte_time(u);
    }
}

static void received(struct sim_device *device)
{
    struct pl011 *u = pl011_of(device);
    uint8_t byte = ((const struct input *)device->host)->bytes[u->input_next++];

    if (u->rx_count == depth(u)) {
        u->overrun = true;
        raise(device, INT_OVERRUN);
    } else {
        u->rx[u->rx_count++] = (uint16_t)(byte | (u->overrun ? DR_OVERRUN : 0));
        u->overrun = false;
        if (u->rx_count == trigger(u, u->ifls >> 3, false)) {
            raise(device, INT_RX);
        }
    }
    u->received_at = SIM_NEVER;
    u->idle_at = sim_now() + 32U * byte_time(u) / FRAME_BITS; /* 3.4.4: 32 bit periods */
    plan_receive(device);
}

static uint32_t read_data(struct sim_device *device)
{
    struct pl011 *u = pl011_of(device);
    uint32_t value = u->rx[0];

    if (u->rx_count == 0) {
        sim_violation(device, "a byte is read while RXFE says that there is none (3.3.1)");
        return 0;
    }
    memmove(u->rx, u->rx + 1, --u->rx_count * sizeof u->rx[0]);
    if (u->rx_count < trigger(u, u->ifls >> 3, false)) {
        u->ris &= ~INT_RX;
    }
    if (u->rx_count == 0) {
        u->ris &= ~INT_RX_TIMEOUT;
        u->idle_at = SIM_NEVER;
    }
    update_line(device);
    return value;
}

static void event(struct sim_device *device)
{
    struct pl011 *u = pl011_of(device);

    if (u->sent_at <= sim_now()) {
        sent(device);
    }
    if (u->received_at <= sim_now()) {
        received(device);
    }
    if (u->idle_at <= sim_now()) {
        u->idle_at = SIM_NEVER;
        raise(device, u->rx_count > 0 ? INT_RX_TIMEOUT : 0);
    }
    set_timer(device);
}

/* ---- Registers ---- */

static uint32_t flags(const struct pl011 *u)
{
    return (u->tx_count > 0 || u->sending ? FR_BUSY : 0) | (u->rx_count == 0 ? FR_RXFE : 0) |
           (u->tx_count == depth(u) ? FR_TXFF : 0) | (u->rx_count == depth(u) ? FR_RXFF : 0) |
           (u->tx_count == 0 ? FR_TXFE : 0);
}

/* 3.3.15 to 3.3.22: part 011, designer 41, revision 3. */
static uint32_t identity(uint32_t offset)
{
    static const uint8_t bytes[8] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

    return bytes[(offset - R_ID) / 4U & 7U];
}

static uint32_t *plain(struct pl011 *u, uint32_t offset)
{
    switch (offset) {
    case R_ILPR:
        return &u->ilpr;
    case R_IBRD:
        return &u->ibrd;
    case R_FBRD:
        return &u->fbrd;
    case R_LCR_H:
        return &u->lcr_h;
    case R_CR:
        return &u->cr;
    case R_IFLS:
        return &u->ifls;
    case R_IMSC:
        return &u->imsc;
    case R_DMACR:
        return &u->dmacr;
    default:
        return NULL;
    }
}

static uint64_t read_register(struct sim_device *device, uint32_t offset, unsigned size)
{
    struct pl011 *u = pl011_of(device);
    const uint32_t *value = plain(u, offset);

    if (size > 4 || offset % 4U != 0) {
        sim_violation(device, "reads %u bytes at 0x%03x", size, offset);
    }
    if (value != NULL) {
        return *value;
    }
    switch (offset) {
    case R_DR:
        return read_data(device);
    case R_RSR_ECR:
        return u->overrun ? 8U : 0U;
    case R_FR:
        return flags(u);
    case R_RIS:
        return u->ris;
    case R_MIS:
        return u->ris & u->imsc;
    default:
        if (offset < R_ID) {
            sim_violation(device, "reads 0x%03x, which is no register to read (3.2)", offset);
        }
        return offset < R_ID ? 0 : identity(offset);
    }
}

/* 3.3.7: LCR_H takes the divisor over; FEN off empties the FIFOs. */
static void write_line_control(struct pl011 *u, uint32_t value)
{
    u->lcr_h = value;
    u->used_ibrd = u->ibrd;
    u->used_fbrd = u->fbrd;
    if ((value & LCR_FEN) == 0) {
        u->tx_count = u->rx_count = 0;
    }
}

/* 3.3.5, 3.3.7: not to be changed while enabled. */
static void check_disabled(struct sim_device *device, uint32_t offset)
{
    if ((offset == R_IBRD || offset == R_FBRD || offset == R_LCR_H) &&
        (pl011_of(device)->cr & CR_UARTEN) != 0) {
        sim_violation(device, "register 0x%03x is written while the UART is enabled (3.3.8)",
                      offset);
    }
}

static void write_register(struct sim_device *device, uint32_t offset, uint64_t value,
                           unsigned size)
{
    struct pl011 *u = pl011_of(device);
    uint32_t *simple = plain(u, offset);

    if (size > 4 || offset % 4U != 0) {
        sim_violation(device, "writes %u bytes at 0x%03x", size, offset);
    }
    check_disabled(device, offset);
    if (offset == R_DR) {
        write_data(device, (uint8_t)value);
    } else if (offset == R_LCR_H) {
        write_line_control(u, (uint32_t)value);
    } else if (offset == R_ICR) {
        u->ris &= ~(uint32_t)value;
    } else if (offset == R_RSR_ECR) {
        u->overrun = false;
    } else if (simple != NULL) {
        *simple = (uint32_t)value;
    } else {
        sim_violation(device, "writes 0x%03x, which is no register to write (3.2)", offset);
    }
    shift(device);
    plan_receive(device);
    set_timer(device);
    update_line(device);
}

/* ---- Starting ---- */

static void read_input(struct sim_device *device, const char *path)
{
    struct input *input = device->host;
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        sim_refuse(device, "input=%s: it cannot be read", path);
    }
    input->size = fread(input->bytes, 1, sizeof input->bytes, file);
    (void)fclose(file);
}

static void stop(struct sim_device *device)
{
    free(device->host);
    device->host = NULL;
}

static void start(struct sim_device *device, const char *options)
{
    struct pl011 *u = pl011_of(device);
    char path[1024];

    stop(device); /* of the last run */
    device->host = calloc(1, sizeof(struct input));
    if (sim_option(options, "input", path, sizeof path)) {
        read_input(device, path);
    }
    *u = (struct pl011){
        .cr = CR_AT_RESET,
        .ifls = IFLS_AT_RESET,
        .sent_at = SIM_NEVER,
        .received_at = SIM_NEVER,
        .idle_at = SIM_NEVER,
        .faults = option_words(device, options, "faults", fault_names, ~(uint32_t)FAULT_STUCK),
    };
    if (option_flag(options, "firmware")) { /* it has chosen the rate and said something */
        u->ibrd = 13;
        u->fbrd = 1;
        write_line_control(u, LCR_FEN | 3U << 5);
        u->cr |= CR_UARTEN;
    }
}

static const struct sim_model model = {
    .compatible = "arm,pl011",
    .class_name = "serial",
    .state_size = sizeof(struct pl011),
    .help = "input=FILE (what comes in), firmware=yes (set up already), "
            "faults=all or lost+spurious+slow+stuck",
    .start = start,
    .read = read_register,
    .write = write_register,
    .event = event,
    .stop = stop,
};
SIM_MODEL(model);
