/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client that keeps `depth` requests of `size` bytes outstanding at its partition and
 * marks (count.h) each `every`th that is done. It looks at no data. With depth 0 it only
 * opens its disk. Settings:
 *
 *     operation=read|write, pattern=random|sequential, size, depth, every
 *     report  milliseconds after reset at which to say how many were done since the
 *             middle of that time; needs a clock (and while nobody has asked for a time, the
 *             emulator's stands still when there is nothing to do)
 *
 * bench/linux.c does the same under Linux.
 */
#include <string.h>

#include <quoll/block_client.h>
#include <quoll/log.h>
#include <quoll/panic.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

#include "count.h"
#include "plan.h"

static struct serial_client console;
static struct block_client disk;
static struct timer_client timer;
static struct block_info info;
static bool reports;
static struct {
    bool started, write, sequential;
    uint32_t count; /* blocks per request */
    uint32_t size, depth, every;
    uint32_t places; /* of the partition that a request may go to */
    uint64_t idle;   /* slots without a request, a bit each */
    uint64_t asked, done;
    uint64_t done_by_half;
} load;

static uint32_t number(const char *key)
{
    const char *text = quoll_setting(key);
    uint32_t value = 0;

    for (; text != NULL && *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint32_t)(*text - '0');
    }
    return value;
}

static bool is(const char *key, const char *value)
{
    const char *text = quoll_setting(key);

    return text != NULL && strcmp(text, value) == 0;
}

static enum quoll_error ask(uint32_t slot)
{
    uint64_t place =
        load.sequential ? load.asked % load.places : block_place(load.asked, load.places);
    uint64_t data = (uint64_t)slot * load.size;

    return load.write ? block_write(&disk, place * load.count, load.count, data, slot)
                      : block_read(&disk, place * load.count, load.count, data, slot);
}

/* What the virtualiser has no room for is asked again at the wake-up that tells of room. */
static void ask_all(void)
{
    while (load.idle != 0) {
        uint32_t slot = (uint32_t)__builtin_ctzll(load.idle);
        enum quoll_error error = ask(slot);

        if (error != QUOLL_OK) {
            QUOLL_INVARIANT(error == QUOLL_EBUSY);
            return;
        }
        load.idle &= load.idle - 1U;
        load.asked += 1;
    }
}

static void ask_for_times(uint64_t report)
{
    QUOLL_INVARIANT(timer_client_open(&timer, NULL) == QUOLL_OK);
    (void)timer_set(&timer, 0, report / 2);
    (void)timer_set(&timer, 1, report);
}

static void report(void)
{
    struct timer_expiry expiry;

    while (timer_client_next(&timer, &expiry)) {
        if (expiry.id == 0) {
            load.done_by_half = load.done;
        } else {
            quoll_log("served %lu", (unsigned long)(load.done - load.done_by_half));
        }
    }
}

static void begin(void)
{
    load.count = load.size / info.block_size;
    load.places = (uint32_t)(info.blocks / load.count);
    load.started = true;
    load.idle = (UINT64_C(1) << load.depth) - 1U;
}

static void work(void)
{
    struct block_response done;

    if (!load.started) {
        if (!block_client_info(&disk, &info)) {
            return;
        }
        begin();
    }
    do {
        while (block_client_next(&disk, &done)) {
            QUOLL_INVARIANT(done.status == QUOLL_OK);
            load.done += 1;
            if (load.every != 0 && load.done % load.every == 0) {
                BENCH_MARK();
            }
            load.idle |= UINT64_C(1) << done.id;
        }
        ask_all();
        block_client_publish(&disk);
    } while (!block_client_sleep(&disk));
}

void pd_start(void)
{
    if (serial_client_open(&console, NULL) == QUOLL_OK) {
        serial_client_log(&console);
    }
    load.write = is("operation", "write");
    load.sequential = is("pattern", "sequential");
    load.size = number("size");
    load.depth = number("depth");
    load.every = number("every");
    QUOLL_INVARIANT(load.size > 0);
    QUOLL_INVARIANT(block_client_open(&disk, "disk") == QUOLL_OK);
    QUOLL_INVARIANT((uint64_t)load.size * load.depth <= block_client_data_size(&disk));
    reports = number("report") != 0;
    if (reports) {
        ask_for_times(QUOLL_MS(number("report")));
    }
    work();
}

void pd_wake(microkit_channel channel)
{
    (void)serial_client_wake(&console, channel);
    if (reports && timer_client_wake(&timer, channel)) {
        report();
    }
    if (block_client_wake(&disk, channel)) {
        work();
    }
}
