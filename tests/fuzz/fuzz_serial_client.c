/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A console client's library with a hostile virtualiser: no more bytes are taken than are
 * given, and what the virtualiser sees is the client's text in order, from one life of it
 * to the next without what was lost.
 */
#include <string.h>

#include "peer.h"

#include <quoll/log.h>
#include <quoll/serial_client.h>

#define MOST 3000U

#pragma clang section bss = "zeroed"
static struct serial_client console;
#pragma clang section bss = ""

static struct fuzz_peer virt;

static void fill_byte(void *entry)
{
    *(uint8_t *)entry = fuzz8();
}

void pd_start(void)
{
    FUZZ_CHECK(serial_client_open(&console, NULL) == QUOLL_OK);
    serial_client_log(&console);
}

void pd_wake(microkit_channel channel)
{
    FUZZ_CHECK(serial_client_wake(&console, channel));
}

static void write_text(void)
{
    uint8_t text[700];
    size_t size = fuzz_below(sizeof text), done = 0, room = 0;

    memset(text, 'x', sizeof text);
    fuzz_run(MOST, room = serial_room(&console));
    FUZZ_CHECK(room <= SERIAL_CLIENT_HELD);
    fuzz_run(MOST, done = serial_write(&console, text, size));
    FUZZ_CHECK(done <= size);
}

static void check(void)
{
    uint8_t byte;

    FUZZ_CHECK(console.held_length <= SERIAL_CLIENT_HELD);
    while (fuzz_watch(&virt, &byte)) {
        FUZZ_CHECK(byte == 'x' || byte == 'y' || byte == '\n');
    }
}

static void set_up(void)
{
    fake_reset();
    fuzz_link(&virt, LINK_SERIAL_TX_CLIENT, "console", 64, 1, 1, 1, fill_byte);
    fuzz_run(MOST, init());
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    fuzz_begin(input, size);
    set_up();
    while (fuzz_more()) {
        switch (fuzz8() % 5U) {
        case 0:
        case 1:
            fuzz_hurt(&virt);
            break;
        case 2:
            write_text();
            break;
        case 3:
            fuzz_run(MOST, quoll_log("yyy"));
            break;
        default:
            fuzz_wake(&virt, MOST);
            break;
        }
        check();
    }
    quoll_log_to(NULL);
    fake_finish();
    return 0;
}
