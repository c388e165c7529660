/* SPDX-License-Identifier: BSD-2-Clause */
/* Load for the UDP echoes of a guest, by udpload.c in a process of its own. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "guest.h"

#define LOAD_FLOWS 32U

struct load {
    unsigned payload, count, window;
    unsigned flows;           /* to that many guests' addresses */
    unsigned window_of_first; /* 0: as all others */
    unsigned rate;            /* of an open loop, datagrams a second; 0: closed */
    double echoed, stalls, resent, duplicates, damaged, seconds;
    double echoed_by[LOAD_FLOWS];
    double median_time, longest_time;  /* open loop, microseconds */
    double median_before, most_before; /* open loop, echoes of others between sending and echo */
};

/**
 * The emulator's options for a network card with `flows` ports of this host that lead to
 * the echoes at 10.0.2.`first` and so on.
 */
const char *load_network(unsigned flows, unsigned first);

/**
 * The same with a wire to the echo at 10.0.2.`host`: what the card has no buffer for is lost when
 * a socket's buffer of the host's is full, not kept by the emulator.
 */
const char *load_wire(unsigned host);

/** The web server's disk. */
const char *load_disk(void);

/** The description of a system of `count` echoes, e0 and so on; with the copying virtualiser or
 * copiers. */
const char *load_echoes_yaml(unsigned count, bool copying);

/** Compose and boot it, with a flow to each. */
void load_boot_echoes(struct guest *guest, const char *name, unsigned count, bool copying);

/** Wait until all flows of the network echo, or the one on the wire. */
void load_wait(struct guest *guest);

/**
 * Apply the load. If echoes stay away (in a closed loop), the emulator has lost a wake-up
 * (docs/performance.md, "What the figures are not"): the guest is booted again and the load
 * repeated. That is said, and is done a few times at most.
 */
void load_run(struct guest *guest, struct load *load);

/** The same, and what was executed; *copy becomes guest_copy() of before that, if not NULL. */
void load_count(struct guest *guest, struct load *load, struct tally *tally,
                struct count_file **copy);

#endif
