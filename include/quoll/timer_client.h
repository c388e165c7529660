/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timeouts for clients.
 *
 *     static struct timer_client timer;
 *
 *     void pd_start(void)
 *     {
 *         timer_client_open(&timer, "clock");
 *         timer_set_after(&timer, 0, QUOLL_MS(10));
 *     }
 *
 *     void pd_wake(microkit_channel channel)
 *     {
 *         struct timer_expiry expiry;
 *
 *         timer_client_wake(&timer, channel);
 *         while (timer_client_next(&timer, &expiry)) {
 *             ...
 *         }
 *     }
 *
 * The client remembers each timeout that it has set. So nothing has to be tried
 * again: what finds no room in the queue, or no virtualiser, is sent as soon as
 * there is one, and a virtualiser that begins a new life is told all that is
 * running. It also drops expiries that crossed a cancel or a new setting on their
 * way. What it says is therefore exact: an expiry belongs to the present setting of
 * its id and is not early.
 */
#ifndef QUOLL_TIMER_CLIENT_H
#define QUOLL_TIMER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/error.h>
#include <quoll/link.h>
#include <quoll/timer.h>

struct timer_client {
    struct link link;
    uint64_t running; /* a bit per id */
    uint64_t unsent;  /* ids of which the virtualiser does not yet know the latest */
    uint32_t astray;  /* expiries in a row that were none of ours */
    struct {
        uint64_t when;   /* ns since reset, of the next expiry */
        uint64_t period; /* ns, or 0 */
    } timeout[TIMER_IDS];
};

static_assert(TIMER_IDS == 64U, "a bit per id");

/**
 * Open the link to the timer `name` of system.yaml (NULL: the first there is). Once,
 * from pd_start(); timeouts may be set from then on.
 *
 * @return QUOLL_OK, or QUOLL_ENOTFOUND if the client has no such timer
 */
enum quoll_error timer_client_open(struct timer_client *client, const char *name);

/**
 * Have timeout `id` (0 to TIMER_IDS - 1) expire once: at `when` nanoseconds since
 * reset, or in `delay` nanoseconds. Replaces what was set for the id. A time that
 * has passed expires at once.
 *
 * @return QUOLL_OK, or QUOLL_EINVALID for an id out of range
 */
enum quoll_error timer_set(struct timer_client *client, uint32_t id, uint64_t when);
enum quoll_error timer_set_after(struct timer_client *client, uint32_t id, uint64_t delay);

/**
 * Have timeout `id` expire at `first` (ns since reset) and every `period` after it.
 *
 * @return QUOLL_OK, or QUOLL_EINVALID for an id out of range or a period below
 *         TIMER_PERIOD_MIN
 */
enum quoll_error timer_set_periodic(struct timer_client *client, uint32_t id, uint64_t first,
                                    uint64_t period);

/** Forget timeout `id`, running or not; it is not reported any more. */
enum quoll_error timer_cancel(struct timer_client *client, uint32_t id);

/** Whether timeout `id` is set and has not been reported (periodic: is set). */
static inline bool timer_running(const struct timer_client *client, uint32_t id)
{
    return id < TIMER_IDS && (client->running >> id & 1U) != 0;
}

/**
 * The next expiry. To be called until it returns false, at each wake-up: it then
 * sleeps on the link.
 *
 * @param expiry  id, and count: 1, or the number of periods passed since the last
 *                report; status is QUOLL_OK, or QUOLL_EINVALID if the virtualiser
 *                refused the timeout, which is then not running
 */
bool timer_client_next(struct timer_client *client, struct timer_expiry *expiry);

/**
 * Keep the link going: at each wake-up, before timer_client_next().
 *
 * @return whether `channel` is this timer's
 */
bool timer_client_wake(struct timer_client *client, microkit_channel channel);

#endif
