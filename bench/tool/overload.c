/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overload: an open loop at parts and multiples of what a closed one gets through. What
 * is served stays at its peak, and so does what a packet costs; how long an echo takes is
 * bounded by the queues before and in the guest; a client of the disk goes on beside it.
 * Times and rates are the host's, hence noted only; instructions are counted.
 */
#include "disk.h"
#include "figures.h"
#include "load.h"

#define MARK_REQUESTS 16U

#define SYSTEM                                                                                     \
    "board: qemu_virt_aarch64\n"                                                                   \
    "devices:\n"                                                                                   \
    "  clock: {class: timer, node: /timer}\n"                                                      \
    "  nic:   {class: net,   node: /virtio_mmio@a003e00}\n"                                        \
    "  disk:  {class: block, node: /virtio_mmio@a000000}\n"                                        \
    "clients:\n"                                                                                   \
    "  echo: {program: echo.elf, nic: {mac: \"52:54:00:00:01:01\"}, clock: , settings: "           \
    "{ip: 10.0.2.50/24, gateway: 10.0.2.2}}\n"                                                     \
    "  reader: {program: block.elf, disk: {partition: p1, access: read, data: 256K, quota: 32}, "  \
    "settings: {operation: read, size: \"4096\", depth: \"%u\", every: \"%u\"}}\n"

static double peak(struct guest *guest)
{
    struct load load = {.payload = 64, .window = 32, .flows = 1, .count = 20000};

    load_run(guest, &load);
    return load.echoed / load.seconds;
}

static void one(struct guest *guest, double rate, unsigned percent)
{
    const char *name = text("offered %u", percent);
    unsigned offered = (unsigned)(rate * percent / 100);
    struct load load = {.payload = 64, .flows = 1, .rate = offered, .count = offered * 3};
    struct tally before, after;

    guest_tally_now(guest, &before);
    load_run(guest, &load);
    guest_tally_now(guest, &after);
    tally_since(&after, &before);
    figures_note("overload", name, "offered per second", offered);
    figures_note("overload", name, "echoed per second", load.echoed / 3);
    figures_note("overload", name, "served, % of the peak", load.echoed / 3 / rate * 100);
    figures_note("overload", name, "median, us", load.median_time);
    figures_note("overload", name, "longest, us", load.longest_time);
    if (load.echoed > 0) {
        figures_note("overload", name, "instructions per echo",
                     (double)tally_total(guest, &after) / (load.echoed + load.duplicates));
    }
}

static void boot(struct guest *guest, unsigned depth_of_reader)
{
    guest_compose("overload", text(SYSTEM, depth_of_reader, MARK_REQUESTS));
    guest_boot(guest, "overload", text("%s %s", disk_options(0), load_network(1, 50)));
    load_wait(guest, 1);
}

/* Requests of the disk's reader, one at a time, while the network is flooded. */
static void beside(struct guest *guest, double rate)
{
    struct load load = {.payload = 64, .flows = 1, .rate = (unsigned)(2 * rate)};
    uint64_t before = guest->file->marks;

    load.count = load.rate * 3;
    load_run(guest, &load);
    figures_note("overload", "offered 200, and a reader", "disk requests per second",
                 (double)(guest->file->marks - before) * MARK_REQUESTS / (load.seconds));
    figures_note("overload", "offered 200, and a reader", "echoed per second", load.echoed / 3);
}

void set_overload(void)
{
    static const unsigned percents[] = {25, 50, 75, 100, 150, 200, 400};
    struct guest guest;

    disk_make();
    boot(&guest, 0);
    double rate = peak(&guest);

    for (unsigned i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        one(&guest, rate, percents[i]);
    }
    guest_end(&guest);
    boot(&guest, 1);
    beside(&guest, rate);
    guest_end(&guest);
}
