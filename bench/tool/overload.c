/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * overload: an open loop at parts and multiples of what a closed one gets through, on a slow
 * CPU. What it serves, it serves at what an echo costs, those dropped on the way included: the
 * served rate stays at its peak as long as that does not rise. How many others are before one
 * is bounded by the queues on the way. A client of the disk goes on beside it. Noted only: what
 * comes in one batch depends on the host.
 */
#include "disk.h"
#include "figures.h"
#include "load.h"

#define MARK_REQUESTS 16U
#define SECONDS       3U /* of an open loop */

/*
 * A CPU of 10^9 / 2^7 instructions a second, 7.8 million, in the host's time: at full speed the
 * guest is faster than what delivers to it, and nothing can be too much for it.
 */
#define SLOW_CPU "-icount shift=7,align=on"

#define SYSTEM                                                                                     \
    "board: qemu_virt_aarch64\n"                                                                   \
    "devices:\n"                                                                                   \
    "  clock: {class: timer, node: /timer}\n"                                                      \
    "  nic:   {class: net,   node: /virtio_mmio@a003e00, copying: %s}\n"                           \
    "  disk:  {class: block, node: /virtio_mmio@a000000}\n"                                        \
    "clients:\n"                                                                                   \
    "  echo: {program: echo.elf, nic: {mac: \"52:54:00:00:01:01\"}, clock: , settings: "           \
    "{ip: 10.0.2.50/24, gateway: 10.0.2.2}}\n"                                                     \
    "  reader: {program: block.elf, disk: {partition: p1, access: read, data: 256K, quota: 32}, "  \
    "settings: {operation: read, size: \"4096\", depth: \"%u\", every: \"%u\"}}\n%s"

#define IDLE                                                                                       \
    "  idle: {program: echo.elf, nic: {mac: \"52:54:00:00:01:02\"}, clock: , settings: "           \
    "{ip: 10.0.2.51/24, gateway: 10.0.2.2}}\n"

static const struct system {
    const char *name;
    const char *copying;
    const char *more;
    unsigned depth; /* of the reader's requests */
} usual = {"", "copiers", "", 0}, with_reader = {", and a reader", "copiers", "", 1},
  copying = {", copying", "virtualiser", "", 0},
  with_idle = {", and an idle echo", "copiers", IDLE, 0};

/* What a closed loop gets through: of the host, a second; of the guest, an echo's instructions. */
struct peak {
    double rate, cost;
};

/* The load, and the instructions of each echo. */
static double cost_of(struct guest *guest, struct load *load, struct tally *tally)
{
    load_count(guest, load, tally, NULL);
    if (load->echoed == 0) {
        die("nothing was echoed");
    }
    return (double)tally_total(guest, tally) / (load->echoed + load->duplicates);
}

static void note_owners(const struct guest *guest, const char *name, const struct tally *tally,
                        double echoes)
{
    figures_note("overload", name, "kernel", (double)tally->by[OWNER_KERNEL] / echoes);
    for (unsigned i = OWNER_FIRST; i < guest->owners; i++) {
        if (tally->by[i] > 0) {
            figures_note("overload", name, guest->owner[i].name, (double)tally->by[i] / echoes);
        }
    }
}

static struct peak peak(struct guest *guest)
{
    struct load load = {.payload = 64, .window = 32, .flows = 1, .count = 20000};
    struct tally tally;
    double cost = cost_of(guest, &load, &tally);

    figures_note("overload", "closed loop of 32", "instructions per echo", cost);
    figures_note("overload", "closed loop of 32", "echoes per 10^9 instructions", 1e9 / cost);
    note_owners(guest, "closed loop of 32", &tally, load.echoed);
    return (struct peak){load.echoed / load.seconds, cost};
}

static void one(struct guest *guest, const struct system *system, const struct peak *peak,
                unsigned percent)
{
    const char *name = text("offered %u%s", percent, system->name);
    unsigned offered = (unsigned)(peak->rate * percent / 100);
    struct load load = {.payload = 64, .flows = 1, .rate = offered, .count = offered * SECONDS};
    struct tally tally;
    double cost = cost_of(guest, &load, &tally);

    figures_note("overload", name, "instructions per echo", cost);
    figures_note("overload", name, "echoes per 10^9 instructions", 1e9 / cost);
    figures_note("overload", name, "of the closed loop's, %", 100 * peak->cost / cost);
    note_owners(guest, name, &tally, load.echoed);
    figures_note("overload", name, "idle, times per 1,000 echoes",
                 1000 * (double)tally.events.waits / load.echoed);
    figures_note("overload", name, "others before one, median", load.median_before);
    figures_note("overload", name, "others before one, most", load.most_before);
    figures_note("overload", name, "offered per second of the host", offered);
    figures_note("overload", name, "echoed per second of the host", load.echoed / SECONDS);
    figures_note("overload", name, "median, us of the host", load.median_time);
    figures_note("overload", name, "longest, us of the host", load.longest_time);
}

static void boot(struct guest *guest, const struct system *system)
{
    guest_compose("overload",
                  text(SYSTEM, system->copying, system->depth, MARK_REQUESTS, system->more));
    guest_boot(guest, "overload", text("%s %s " SLOW_CPU, disk_options(0), load_wire(50)));
    load_wait(guest);
}

/* Requests of the disk's reader, one at a time, while the network is flooded. */
static void beside(struct guest *guest, const struct peak *peak)
{
    const char *name = text("offered 200%s", with_reader.name);
    struct load load = {.payload = 64, .flows = 1, .rate = (unsigned)(2 * peak->rate)};
    uint64_t before = guest->file->marks;
    struct tally tally;

    load.count = load.rate * SECONDS;
    double cost = cost_of(guest, &load, &tally);
    double requests = (double)(guest->file->marks - before) * MARK_REQUESTS;

    figures_note("overload", name, "echoes per 10^9 instructions", 1e9 / cost);
    figures_note("overload", name, "disk requests per 10^9 instructions",
                 1e9 * requests / (double)tally_total(guest, &tally));
    figures_note("overload", name, "disk requests per second of the host", requests / load.seconds);
    figures_note("overload", name, "echoed per second of the host", load.echoed / SECONDS);
}

void set_overload(void)
{
    static const unsigned percents[] = {25, 50, 75, 100, 150, 200, 400};
    static const struct system *const others[] = {&copying, &with_idle};
    struct guest guest;

    disk_make();
    boot(&guest, &usual);
    struct peak closed = peak(&guest);

    for (unsigned i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        one(&guest, &usual, &closed, percents[i]);
    }
    guest_end(&guest);
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        boot(&guest, others[i]);
        one(&guest, others[i], &closed, 200);
        one(&guest, others[i], &closed, 400);
        guest_end(&guest);
    }
    boot(&guest, &with_reader);
    beside(&guest, &closed);
    guest_end(&guest);
}
