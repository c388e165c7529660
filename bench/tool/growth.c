/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * growth: what one client's packet, timeout or request costs when there are more clients,
 * timeouts or partitions, all others of which are idle.
 */
#include "../plan.h"
#include "disk.h"
#include "figures.h"
#include "load.h"

#include <string.h>

/* Text of `count` clients, one a line. */
static const char *clients(unsigned count, const char *(*one)(unsigned number))
{
    static char lines[8192];
    size_t length = 0;

    for (unsigned n = 0; n < count; n++) {
        length += (size_t)snprintf(lines + length, sizeof lines - length, "%s", one(n));
    }
    if (length >= sizeof lines) {
        die("too many clients");
    }
    return lines;
}

/* The runs between marks that are `step` apart, after `warm` of them. */
static void runs_of_marks(struct guest *guest, struct runs *runs, unsigned warm, unsigned step,
                          double units)
{
    guest_wait_marks(guest, warm + settings.repeat * step + 1, 120);
    for (unsigned r = 0; r < settings.repeat; r++) {
        struct tally before, after;

        guest_tally_mark(guest, warm + r * step, &before);
        guest_tally_mark(guest, warm + (r + 1) * step, &after);
        tally_since(&after, &before);
        runs_add(runs, &after, units);
    }
}

/* ---- Clients of a network card ---- */

static const char *echo_client(unsigned n)
{
    return text("  e%u: {program: echo.elf, nic: {mac: \"52:54:00:00:01:%02x\"}, clock: , "
                "settings: {ip: 10.0.2.%u/24, gateway: 10.0.2.2}}\n",
                n, n, 50 + n);
}

const char *load_echoes_yaml(unsigned count, bool copying)
{
    return text("board: qemu_virt_aarch64\n"
                "devices:\n"
                "  clock: {class: timer, node: /timer}\n"
                "  nic:   {class: net,   node: /virtio_mmio@a003e00, copying: %s}\n"
                "clients:\n%s",
                copying ? "virtualiser" : "copiers", clients(count, echo_client));
}

void load_boot_echoes(struct guest *guest, const char *name, unsigned count, bool copying)
{
    guest_compose(name, load_echoes_yaml(count, copying));
    guest_boot(guest, name, load_network(count, 50));
    load_wait(guest);
}

/* `copying`: with the copying virtualiser, without copiers. */
static void net_clients(unsigned count, bool copying)
{
    static const unsigned windows[] = {1, 32};
    struct guest guest;

    load_boot_echoes(&guest, "growth", count, copying);
    for (unsigned w = 0; w < 2; w++) {
        struct runs runs = {0};

        for (unsigned i = 0; i < settings.repeat; i++) {
            struct load load = {.payload = 64, .window = windows[w], .flows = 1, .count = 2000};
            struct tally tally;

            load_count(&guest, &load, &tally, NULL);
            runs_add(&runs, &tally, load.echoed + load.duplicates);
        }
        figures_case(
            &guest, "growth",
            text("net%s, %u outstanding, clients %u", copying ? " copying" : "", windows[w], count),
            &runs, "e");
    }
    guest_end(&guest);
}

/* ---- Timeouts ---- */

static unsigned timeouts_of_first;

static const char *timer_client(unsigned n)
{
    return text(
        "  t%u: {program: timeouts.elf, clock: , settings: {count: \"%u\", active: \"%u\"}}\n", n,
        n == 0 ? timeouts_of_first : TIMEOUTS_PER_CLIENT, n == 0);
}

/* In all `count` timeouts, of as many clients as it takes. */
static void timeouts(unsigned count)
{
    unsigned others = (count - 1) / TIMEOUTS_PER_CLIENT;
    struct runs runs = {0};
    struct guest guest;

    timeouts_of_first = count - others * TIMEOUTS_PER_CLIENT;
    guest_compose("growth", text("board: qemu_virt_aarch64\n"
                                 "devices:\n"
                                 "  clock: {class: timer, node: /timer}\n"
                                 "clients:\n%s",
                                 clients(others + 1, timer_client)));
    guest_boot(&guest, "growth", "");
    runs_of_marks(&guest, &runs, 4, 16, 16 * EXPIRIES_PER_MARK);
    figures_case(&guest, "growth", text("timeout, running %u", count), &runs, "t");
    guest_end(&guest);
}

static void heap(void)
{
    struct guest guest;

    guest_compose("growth", "board: qemu_virt_aarch64\n"
                            "devices:\n"
                            "  console: {class: serial, node: /pl011@9000000}\n"
                            "clients:\n"
                            "  t0: {program: timeouts.elf, console: , settings: {heap: \"1\"}}\n");
    guest_boot(&guest, "growth", "");
    guest_wait_marks(&guest, 2 * PLAN_LENGTH(heap_counts), 60);
    for (unsigned i = 0; i < PLAN_LENGTH(heap_counts); i++) {
        struct runs runs = {0};
        struct tally before, after;

        guest_tally_mark(&guest, 2 * i, &before);
        guest_tally_mark(&guest, 2 * i + 1, &after);
        tally_since(&after, &before);
        runs_add(&runs, &after, HEAP_CHANGES);
        figures_case(&guest, "growth", text("heap, put and removed among %u", heap_counts[i]),
                     &runs, "t");
    }
    guest_end(&guest);
}

/* ---- Partitions ---- */

static const char *block_client(unsigned n)
{
    /* The first works; the others open their disk and never ask for anything. */
    return text("  c%u: {program: block.elf, disk: {partition: p%u, access: read, data: 256K, "
                "quota: 32}, settings: {operation: read, size: \"4096\", depth: \"%u\", "
                "every: \"%u\"}}\n",
                n, n + 1, n == 0 ? 32 : 0, n == 0 ? 64 : 0);
}

static void partitions(unsigned count)
{
    struct runs runs = {0};
    struct guest guest;

    guest_compose("growth", text("board: qemu_virt_aarch64\n"
                                 "devices:\n"
                                 "  disk: {class: block, node: /virtio_mmio@a000000}\n"
                                 "clients:\n%s",
                                 clients(count, block_client)));
    guest_boot(&guest, "growth", disk_options(0));
    runs_of_marks(&guest, &runs, 8, 32, 32 * 64);
    figures_case(&guest, "growth", text("4 KiB read, partitions %u", count), &runs, "c");
    guest_end(&guest);
}

void set_growth(void)
{
    static const unsigned nets[] = {1, 2, 4, 8, 16, 24}, disks[] = {1, 2, 4, 8, 16};
    static const unsigned copied[] = {1, 8, 32}; /* more than copiers could serve */
    static const unsigned timers[] = {1, 8, 64, 512, 1024, 3072};

    disk_make();
    for (unsigned i = 0; i < PLAN_LENGTH(nets) && wanted("net"); i++) {
        net_clients(nets[i], false);
    }
    for (unsigned i = 0; i < PLAN_LENGTH(copied) && wanted("net copying"); i++) {
        net_clients(copied[i], true);
    }
    for (unsigned i = 0; i < PLAN_LENGTH(timers) && wanted("timeout"); i++) {
        timeouts(timers[i]);
    }
    if (wanted("heap")) {
        heap();
    }
    for (unsigned i = 0; i < PLAN_LENGTH(disks) && wanted("partitions"); i++) {
        partitions(disks[i]);
    }
}
