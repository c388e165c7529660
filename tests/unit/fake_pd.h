/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A protection domain's surroundings for native unit tests: its configuration, its
 * pages, its peers (played by the test), its clock and the Microkit's calls.
 *
 *     fake_reset();
 *     fake_link(&client, LINK_TIMER_CLIENT, "web", 128, sizeof(struct timer_expiry),
 *               64, sizeof(struct timer_request));
 *     pd_start();
 *     fake_peer_up(&client);
 *     notified(client.config->channel);
 *     ... timer_requests_put(&client.out, ...), queue_publish(&client.out) ...
 */
#ifndef FAKE_PD_H
#define FAKE_PD_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <quoll/config.h>
#include <quoll/link.h>

/* The configuration of the program under test, which sees it as const quoll_config. */
extern struct quoll_config fake_config __asm__("quoll_config");
extern uint64_t fake_io[QUOLL_MAX_IO] __asm__("quoll_io");
extern _Atomic uint32_t fake_lives[QUOLL_MAX_PDS + 1];

/* The clock: nanoseconds; each reading moves it on by fake_step (0 at first). */
extern uint64_t fake_time;
extern uint64_t fake_step;

/* The other end of a link, played by the test. */
struct fake_peer {
    struct quoll_link_config *config; /* the program's end; its channel is the link's number */
    struct link_half *half;           /* what the peer writes */
    const struct link_half *pd;       /* what the program under test writes */
    struct queue_producer out;
    struct queue_consumer in;
};

/** A protection domain with nothing: no links, time 1 s, first lives, PD index 0. */
void fake_reset(void);

/** Free what fake_reset() and others allocated (so that leaks of the code show). */
void fake_finish(void);

/** Add a link; its number is its channel, and its peer has PD index number + 1. */
void fake_link(struct fake_peer *peer, enum quoll_link_kind kind, const char *name,
               uint32_t pd_capacity, size_t pd_entry, uint32_t peer_capacity, size_t peer_entry);

/** A region of zeroed memory, with guards that ASan watches; its I/O address is `io_address`. */
void *fake_region(struct quoll_region_config *region, size_t size, uint64_t io_address);

/** The peer sets up its half in its present life, for the program's present life. */
void fake_peer_up(struct fake_peer *peer);

/** The supervisor gives the peer a new life; the peer then comes up in it. */
void fake_peer_new_life(struct fake_peer *peer);

/** The peer writes its information. */
void fake_peer_tell(struct fake_peer *peer, const void *info, size_t size);

/** Notifications sent to a channel since last asked, a deferred one included. */
unsigned fake_signals(microkit_channel channel);

/** Interrupt acknowledgements since last asked. */
unsigned fake_acks(microkit_channel channel);

/** Restarts, stops of a child since last asked; fake_entry: of the last restart. */
unsigned fake_restarts(microkit_child child);
unsigned fake_stops(microkit_child child);
extern seL4_Word fake_entry;
extern seL4_Word fake_registers[64]; /* what microkit_mr_get() answers */

/** What was logged or printed since last asked; valid until the next call. */
const char *fake_output(void);

/** A counter of a link of the program, or of the program itself. */
uint64_t fake_link_count(const struct fake_peer *peer, enum quoll_link_counter which);
uint64_t fake_pd_count(enum quoll_pd_counter which);

/* A test between the file's own set_up() and tear_down(). */
#define IN_A_PD(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Put one entry and publish it, as a peer would. */
#define fake_put(name, peer, entry)                                                                \
    do {                                                                                           \
        assert_true(queue_look_for_room(&(peer)->out) > 0);                                        \
        assert_true(name##_put(&(peer)->out, entry));                                              \
        (void)queue_publish(&(peer)->out);                                                         \
    } while (0)

/* Take one entry that must be there. */
#define fake_take(name, peer, entry)                                                               \
    do {                                                                                           \
        assert_true(queue_look(&(peer)->in) > 0);                                                  \
        assert_true(name##_take(&(peer)->in, entry));                                              \
        (void)queue_release(&(peer)->in);                                                          \
    } while (0)

#endif
