/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters: one page per protection domain, written by it alone and mapped
 * read-only into observers. They only grow, and start at zero with each life.
 *
 * The names are the same for all classes, so that one reader serves all.
 */
#ifndef QUOLL_COUNTERS_H
#define QUOLL_COUNTERS_H

#include <assert.h>
#include <stdint.h>

#include <quoll/config.h>

#define QUOLL_COUNTERS_MAGIC 0x73746e43U /* "Cnts" */
#define QUOLL_COUNTERS_SIZE  4096U

/* Of a protection domain. */
enum quoll_pd_counter {
    COUNT_WAKEUPS,       /* by neither an interrupt nor a link: the supervisor's, by faults */
    COUNT_INTERRUPTS,    /* wake-ups by interrupts; those by links are COUNT_WOKEN */
    COUNT_SIGNALS,       /* notifications sent */
    COUNT_RESETS,        /* resets of the device */
    COUNT_DEVICE_ERRORS, /* answers of the device that contradict the protocol */
    COUNT_TIMEOUTS,      /* timeouts that a client has asked for and received */
    COUNT_SPARE_6,
    COUNT_SPARE_7,
    QUOLL_PD_COUNTERS
};

/* Of a link, as this side sees it. */
enum quoll_link_counter {
    COUNT_TAKEN,   /* entries taken from the peer */
    COUNT_PUT,     /* entries put for the peer */
    COUNT_REFUSED, /* entries of the peer that broke the contract */
    COUNT_DROPPED, /* good ones that could not be served (no room, no buffer) */
    COUNT_LIVES,   /* times the link came up */
    COUNT_BYTES,   /* of data, both ways */
    COUNT_BROKEN,  /* queues of which the peer made the index impossible */
    COUNT_WOKEN,   /* wake-ups by this link's channel */
    QUOLL_LINK_COUNTERS
};

struct quoll_counters {
    uint32_t magic;
    uint16_t version;
    uint16_t links;
    char name[QUOLL_NAME_SIZE]; /* of the protection domain */
    uint8_t reserved[24];
    uint64_t pd[QUOLL_PD_COUNTERS];
    uint64_t link[QUOLL_MAX_LINKS][QUOLL_LINK_COUNTERS];
};

static_assert(sizeof(struct quoll_counters) <= QUOLL_COUNTERS_SIZE, "one page");

/** This protection domain's own counters. */
static inline struct quoll_counters *counters(void)
{
    return (struct quoll_counters *)(uintptr_t)quoll_config.counters;
}

static inline void count(enum quoll_pd_counter which, uint64_t by)
{
    counters()->pd[which] += by;
}

#endif
