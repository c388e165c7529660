/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net: guest instructions per echoed UDP packet of the web server's system: by
 * payload and by packets outstanding, in a closed loop of udpload.c. First with copiers,
 * as the example has it, then with the copying virtualiser.
 */
#include <string.h>
#include <unistd.h>

#include "../plan.h"
#include "figures.h"
#include "load.h"

static const unsigned payloads[] = {64, 512, 1472};
static const unsigned windows[] = {1, 8, 32};

#define EXAMPLE "examples/webserver/system.yaml"
#define COPYING ", copying"

static const char *case_name(unsigned payload, unsigned window, const char *suffix)
{
    return text("%u B, %u%s", payload, window, suffix);
}

static void one_case(struct guest *guest, unsigned payload, unsigned window, const char *suffix)
{
    struct runs runs = {0};

    for (unsigned i = 0; i < settings.repeat; i++) {
        struct load load = {.payload = payload, .window = window, .flows = 1, .count = 200};
        struct count_file *copy = NULL;
        struct tally tally;

        load_run(guest, &load);
        load.count = settings.packets;
        load_count(guest, &load, &tally, settings.functions > 0 ? &copy : NULL);
        runs_add(&runs, &tally, load.echoed + load.duplicates);
        if (copy != NULL) {
            printf("%s: instructions per packet\n", case_name(payload, window, suffix));
            guest_functions(guest, copy, load.echoed);
            guest_forget_copy(copy);
        }
    }
    figures_case(guest, "net", case_name(payload, window, suffix), &runs, "echo");
}

/* What a system does that has nothing to do: instructions per second of the host's time. */
static void idle(struct guest *guest)
{
    enum { SECONDS = 5 };
    struct tally before, after;

    guest_tally_now(guest, &before);
    sleep(SECONDS);
    guest_tally_now(guest, &after);
    tally_since(&after, &before);
    for (unsigned i = 0; i < guest->owners; i++) {
        if (after.by[i] != 0) {
            figures_note("net", "idle, per second", guest->owner[i].name,
                         (double)after.by[i] / SECONDS);
        }
    }
}

/* The example's system, with another choice for its network card. */
static void compose_copying(const char *name)
{
    static const char card[] = "node: /virtio_mmio@a003e00";
    char yaml[4096];
    FILE *file = fopen(EXAMPLE, "r");
    size_t length = file == NULL ? 0 : fread(yaml, 1, sizeof yaml - 1, file);
    char *at = yaml;

    yaml[length] = '\0';
    if (file == NULL || fclose(file) != 0 || (at = strstr(yaml, card)) == NULL) {
        die("%s has no card at /virtio_mmio@a003e00", EXAMPLE);
    }
    at += strlen(card);
    guest_compose(name, text("%.*s, copying: virtualiser%s", (int)(at - yaml), yaml, at));
}

static bool wanted_any(const char *suffix)
{
    bool any = false;

    for (unsigned p = 0; p < PLAN_LENGTH(payloads); p++) {
        for (unsigned w = 0; w < PLAN_LENGTH(windows); w++) {
            any = any || wanted(case_name(payloads[p], windows[w], suffix));
        }
    }
    return any;
}

/* All cases on a system that was composed. */
static void measure(const char *name, const char *suffix)
{
    struct guest guest;

    guest_boot(&guest, name, text("%s %s", load_disk(), load_network(1, 17)));
    load_wait(&guest);
    for (unsigned p = 0; p < PLAN_LENGTH(payloads); p++) {
        for (unsigned w = 0; w < PLAN_LENGTH(windows); w++) {
            const char *one = case_name(payloads[p], windows[w], suffix);

            if (wanted(one)) {
                one_case(&guest, payloads[p], windows[w], suffix);
            }
        }
    }
    if (settings.only == NULL && suffix[0] == '\0') {
        idle(&guest);
    }
    guest_end(&guest);
}

void set_net(void)
{
    if (wanted_any("")) {
        guest_compose_file("net", EXAMPLE);
        measure("net", "");
    }
    if (wanted_any(COPYING)) {
        compose_copying("net-copying");
        measure("net-copying", COPYING);
    }
}
