/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit virtualiser of the console, with a hostile client or a hostile driver.
 * Whatever a client writes, the wire carries printable characters and what the
 * virtualiser itself adds, each line under its writer's name; an honest client's text
 * appears whole and in order.
 */
#include <string.h>

#include "peer.h"

#pragma clang section bss = "zeroed"
#include "serial/tx_virt.c"
#pragma clang section bss = ""

#define QUEUE 64U
#define MOST  6000U

static struct fuzz_peer driver, first, second;
static bool driver_lies, first_lies;

/* The wire: the line so far, and what the honest client's text should go on with. */
static char line[512];
static size_t length;
static uint8_t written, shown; /* letters of the honest client's endless text */

static void fill_byte(void *entry)
{
    *(uint8_t *)entry = fuzz8();
}

static char letter(uint8_t number)
{
    return (char)('A' + number % 26);
}

/* ---- The wire ---- */

#define FIRST  "\x1b[31mfirst\x1b[0m: "
#define SECOND "second: "

static bool starts(const char *with)
{
    size_t n = strlen(with);

    return memcmp(line, with, length < n ? length : n) == 0;
}

static void end_of_line(void)
{
    line[length - 1] = '\0';
    if (starts(SECOND) && length > strlen(SECOND)) {
        for (const char *c = line + strlen(SECOND); *c != '\0'; c++) {
            FUZZ_CHECK(*c == letter(shown));
            shown += 1;
        }
    }
    length = 0;
}

/* Each byte is one that may follow those before it. */
static void wire(uint8_t byte)
{
    FUZZ_CHECK(length < sizeof line);
    line[length++] = (char)byte;
    if (byte == '\n') {
        FUZZ_CHECK(length >= 2 && line[length - 2] == '\r');
        length -= 1;
        end_of_line();
        return;
    }
    if (length > 1 && line[length - 2] == '\r') {
        FUZZ_CHECK(false && "a return without a new line");
    }
    if (byte == '\r') {
        return;
    }
    FUZZ_CHECK(starts(FIRST) || starts(SECOND) || starts(RESET));
    FUZZ_CHECK(length <= strlen(FIRST) || (byte >= ' ' && byte <= '~') || byte == '\t');
    FUZZ_CHECK(length <= strlen(FIRST) + SERIAL_LINE_MAX);
}

static void look_at_wire(void)
{
    uint8_t byte;

    while (!driver_lies && queue_look(&driver.fake.in) > 0) {
        FUZZ_CHECK(serial_bytes_take(&driver.fake.in, &byte));
        (void)queue_release(&driver.fake.in);
        wire(byte);
    }
    if (!driver_lies) {
        (void)queue_sleep(&driver.fake.in);
    }
}

static void wake(const struct fuzz_peer *peer)
{
    fuzz_wake(peer, MOST);
    FUZZ_CHECK(virt.staged <= STAGE_MAX && virt.shown <= virt.staged);
    FUZZ_CHECK(virt.owner < virt.clients || virt.owner == NOBODY);
}

/* ---- Honest peers ---- */

static void write_text(unsigned most)
{
    while (most-- > 0 && queue_look_for_room(&second.fake.out) > 0) {
        uint8_t byte = written % 7U == 6U && fuzz8() < 128 ? '\n' : (uint8_t)letter(written);

        written += byte != '\n';
        (void)serial_bytes_put(&second.fake.out, &byte);
        (void)queue_publish(&second.fake.out);
        if (byte == '\n') {
            return;
        }
    }
}

/* What was in the queues of another life is lost, and so are the letters: begin anew. */
static void forget_text(void)
{
    length = 0;
    written = shown = 0;
}

static void up(struct fuzz_peer *peer)
{
    fake_peer_up(&peer->fake);
    wake(peer);
}

static void driver_up(void)
{
    length = 0;
    up(&driver);
}

/* Nothing of old lives is left anywhere. */
static void all_new(void)
{
    fake_lives[second.fake.config->peer_pd] += 1;
    fake_lives[driver.fake.config->peer_pd] += 1;
    forget_text();
    wake(&driver);
    up(&second);
    driver_up();
}

static void set_up(void)
{
    fake_reset();
    forget_text();
    fuzz_link(&driver, LINK_SERIAL_TX_DEVICE, "console", QUEUE, 1, 1, 1, fill_byte);
    fuzz_link(&first, LINK_SERIAL_TX_CLIENT, "first", 1, 1, QUEUE, 1, fill_byte);
    fuzz_link(&second, LINK_SERIAL_TX_CLIENT, "second", 1, 1, QUEUE, 1, fill_byte);
    first.fake.config->settings.serial.colour = 1;
    fuzz_run(MOST, init());
    fake_peer_up(&first.fake);
    up(&second);
    driver_up();
}

static void take_step(void)
{
    switch (fuzz8() % 10U) {
    case 0:
        if (driver_lies) {
            fuzz_hurt(&driver);
        }
        look_at_wire();
        break;
    case 1:
    case 2:
        look_at_wire();
        wake(&driver);
        break;
    case 3:
    case 4:
    case 5:
        if (first_lies) {
            fuzz_hurt(&first);
        }
        break;
    case 6:
        wake(&first);
        break;
    case 7:
    case 8:
        write_text(fuzz8());
        wake(&second);
        break;
    default:
        if (fuzz8() % 2U == 0) {
            fuzz_restart(MOST);
        }
        all_new();
        break;
    }
}

/* With an honest driver, all that the honest client has written appears. */
static void settle(void)
{
    uint8_t end = '\n';

    for (unsigned n = 0; n < 2 * QUEUE; n++) {
        look_at_wire();
        wake(&driver);
    }
    FUZZ_CHECK(queue_look_for_room(&second.fake.out) > 0);
    (void)serial_bytes_put(&second.fake.out, &end);
    (void)queue_publish(&second.fake.out);
    wake(&second);
    for (unsigned n = 0; n < 2 * QUEUE; n++) {
        look_at_wire();
        wake(&driver);
    }
    FUZZ_CHECK(shown == written);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    fuzz_begin(input, size);
    uint8_t who = fuzz8();

    driver_lies = who % 3U == 0 || who >= 192;
    first_lies = who % 3U != 1 || who >= 128;
    set_up();
    while (fuzz_more()) {
        take_step();
    }
    if (!driver_lies) {
        settle();
    }
    fake_finish();
    return 0;
}
