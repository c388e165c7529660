/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser's state: its ledger, its clients and whose turn it is. */
#ifndef NET_TX_VIRT_H
#define NET_TX_VIRT_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/link.h>
#include <quoll/net.h>

#include "info.h"
#include "tx_ledger.h"

#define MAX_CLIENTS 61U /* channels, less the driver's */
#define BATCH       16U /* frames per client and turn */
#define TURNS       64U /* before we look after the driver again, */
#define ROUNDS      4U  /* and so often before we look after all */

struct client {
    struct link link;
    uint32_t held;  /* heads that carry its frames, of any of its lives */
    uint16_t owner; /* of those, in the ledger, */
    uint64_t bit;   /* and in sets */
    uint64_t mac;
    uint64_t data_io;
    const unsigned char *data;
    uint64_t places; /* below this offset, any frame lies in the data region */
    uint64_t size;
};

struct tx_virt {
    struct link driver;
    struct net_relay relay;
    unsigned char *heads; /* where the first one's frame begins, for us */
    uint64_t heads_io;    /* and for the device */
    uint32_t mtu;         /* the longest payload that the device takes */
    uint32_t share;       /* heads that a client may have in any case */
    unsigned clients;
    unsigned turn;
    uint64_t pending;  /* set of clients that may have frames for us, */
    uint64_t waiting;  /* of those that wait for buffers, */
    uint64_t touched;  /* and of those that have something new to see */
    uint32_t rounds;   /* that made a wake-up longer */
    bool armed;        /* we sleep until the next sent frame */
    bool coherent;     /* the device sees our caches, */
    bool all_coherent; /* and those of all clients' data */
    struct tx_ledger ledger;
    struct client *by_channel[64]; /* NULL: the driver's, or nobody's */
    struct client client[MAX_CLIENTS];
};

#endif
