/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net: guest instructions per echoed UDP packet of the web server's system: by
 * payload and by packets outstanding, in a closed loop of udpload.c.
 */
#include <unistd.h>

#include "figures.h"
#include "load.h"

static const unsigned payloads[] = {64, 512, 1472};
static const unsigned windows[] = {1, 8, 32};

static void one_case(struct guest *guest, unsigned payload, unsigned window)
{
    struct runs runs = {0};

    for (unsigned i = 0; i < settings.repeat; i++) {
        struct load load = {.payload = payload, .window = window, .flows = 1, .count = 200};
        struct tally before, after;

        load_run(guest, &load);
        guest_tally_now(guest, &before);
        struct count_file *copy = settings.functions > 0 ? guest_copy(guest) : NULL;

        load.count = settings.packets;
        load_run(guest, &load);
        guest_tally_now(guest, &after);
        tally_since(&after, &before);
        runs_add(&runs, &after, load.echoed + load.duplicates);
        if (copy != NULL) {
            printf("%u B, %u outstanding: instructions per packet\n", payload, window);
            guest_functions(guest, copy, load.echoed);
            guest_forget_copy(copy);
        }
    }
    figures_case(guest, "net", text("%u B, %u", payload, window), &runs, "echo");
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
            figures_note("idle", "per second", guest->owner[i].name, (double)after.by[i] / SECONDS);
        }
    }
}

void set_net(void)
{
    struct guest guest;

    guest_compose_file("net", "examples/webserver/system.yaml");
    guest_boot(&guest, "net", text("%s %s", load_disk(), load_network(1, 17)));
    load_wait(&guest, 1);
    for (unsigned p = 0; p < sizeof payloads / sizeof payloads[0]; p++) {
        for (unsigned w = 0; w < sizeof windows / sizeof windows[0]; w++) {
            if (wanted(text("%u B, %u", payloads[p], windows[w]))) {
                one_case(&guest, payloads[p], windows[w]);
            }
        }
    }
    if (settings.only == NULL) {
        idle(&guest);
    }
    guest_end(&guest);
}
