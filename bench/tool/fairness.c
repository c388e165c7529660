/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fairness: Jain's index over eight equal clients (100 %: all get the same; an eighth: one gets
 * everything), and what a client with one packet or request outstanding gets beside seven
 * with 32: its share of what was served, over its share of what was outstanding. Noted
 * only: who is served when depends on the host.
 */
#include "disk.h"
#include "figures.h"
#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS 8U
#define GREEDY  32U
#define LOADS   4U /* for each figure of the network */

/*
 * The disk is what is scarce, as in life, and not the CPU. After a pause the emulator lets
 * through what a tenth of a second had room for, at once: that must not be much more than is
 * outstanding, or the CPU is scarce for as long.
 */
#define SLOW_DISK 500U

/* How long each client counts its requests: some hundred, or many time slices' worth. */
#define SLOW_MS   2000U
#define SCARCE_MS 1000U

static double jain(const double *served, unsigned number)
{
    double sum = 0, squares = 0;

    for (unsigned i = 0; i < number; i++) {
        sum += served[i];
        squares += served[i] * served[i];
    }
    return squares == 0 ? 0 : 100 * sum * sum / (number * squares);
}

static double share(const double *served)
{
    double sum = 0;

    for (unsigned i = 0; i < CLIENTS; i++) {
        sum += served[i];
    }
    return served[0] / sum * (1 + (CLIENTS - 1) * GREEDY);
}

/* ---- Network ---- */

/*
 * Who is echoed how often, in several loads, since a load may have to be repeated. In each a client
 * has some twenty time slices on the development kernel. @return the stalls
 */
static double echoed(struct guest *guest, struct load *load, double *by)
{
    double stalls = 0;

    memset(by, 0, CLIENTS * sizeof *by);
    for (unsigned n = 0; n < LOADS; n++) {
        load_run(guest, load);
        for (unsigned i = 0; i < CLIENTS; i++) {
            by[i] += load->echoed_by[i];
        }
        stalls += load->stalls;
    }
    return stalls;
}

static void net(void)
{
    static const unsigned windows[] = {1, 8, 32};
    struct load load = {.payload = 64, .window = 1, .flows = CLIENTS, .count = 800};
    double by[CLIENTS];
    struct guest guest;

    load_boot_echoes(&guest, "fairness", CLIENTS, false);
    load_run(&guest, &load);
    load.count = 40000;
    for (unsigned w = 0; w < 3; w++) {
        const char *name = text("net, 8 with %u", windows[w]);

        load.window = windows[w];
        double stalls = echoed(&guest, &load, by);

        figures_note("fairness", name, "Jain's index, %", jain(by, CLIENTS));
        /* A host that is busy elsewhere for 100 ms spoils the figure, too. */
        figures_note("fairness", name, "stalls", stalls);
    }
    load.window = GREEDY;
    load.window_of_first = 1;
    (void)echoed(&guest, &load, by);
    figures_note("fairness", "net, 7 with 32, 1 with 1", "share of small", share(by));
    guest_end(&guest);
}

/* ---- Disk ---- */

/* What each client has said: "served N". Returns how many have. */
static unsigned read_served(const struct guest *guest, double *served)
{
    char *log = guest_log(guest), mine[32];
    unsigned found = 0;

    for (unsigned i = 0; i < CLIENTS; i++) {
        /* The console's virtualiser colours names. */
        snprintf(mine, sizeof mine, "c%u\x1b[0m: served ", i);
        const char *at = strstr(log, mine);

        served[i] = at == NULL ? 0 : strtod(at + strlen(mine), NULL);
        found += at != NULL;
    }
    free(log);
    return found;
}

/* One that starves says nothing: it is not waited for when the others have long spoken. */
static void wait_served(struct guest *guest, double *served)
{
    enum { SECONDS = 20 };

    guest_wait_words(guest, ": served ", 120);
    for (unsigned n = 0; n < SECONDS && read_served(guest, served) < CLIENTS; n++) {
        guest_check(guest);
        sleep(1);
    }
}

static void block(bool slow, unsigned depth_of_first, unsigned depth, double *served)
{
    char clients[4096] = "";
    struct guest guest;

    for (unsigned c = 0; c < CLIENTS; c++) {
        size_t length = strlen(clients);

        snprintf(
            clients + length, sizeof clients - length,
            "  c%u: {program: block.elf, disk: {partition: p%u, access: read, data: 256K, quota: "
            "32}, clock: , console: , settings: {operation: read, size: \"4096\", depth: \"%u\", "
            "report: \"%u\"}}\n",
            c, c + 1, c == 0 ? depth_of_first : depth, 2 * (slow ? SLOW_MS : SCARCE_MS));
    }
    guest_compose(
        "fairness",
        text(DISK_SYSTEM "  clock:   {class: timer, node: /timer}\nclients:\n%s", clients));
    guest_boot(&guest, "fairness", disk_options(slow ? SLOW_DISK : 0));
    wait_served(&guest, served);
    guest_end(&guest);
}

void set_fairness(void)
{
    double served[CLIENTS];

    disk_make();
    net();
    block(true, 8, 8, served);
    figures_note("fairness", "block, 8 with 8", "Jain's index, %", jain(served, CLIENTS));
    block(true, 1, GREEDY, served);
    figures_note("fairness", "block, 7 with 32, 1 with 1", "share of small", share(served));
    block(false, 8, 8, served);
    figures_note("fairness", "block, CPU scarce, 8 with 8", "Jain's index, %",
                 jain(served, CLIENTS));
}
