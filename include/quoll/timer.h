/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Class timer: wake me up then. (What time it is, every protection domain reads
 * from the CPU's counter: <quoll/time.h>.)
 *
 *     device <-> driver <--requests--- virtualiser <--requests--- client
 *                       ---expiries-->             ---expiries-->
 *
 * A client has TIMER_IDS timeouts, named 0 to TIMER_IDS - 1; setting one that is
 * running replaces it. Times are nanoseconds since reset (absolute) or from the
 * moment the virtualiser takes the request (relative). An expiry never comes early.
 * A periodic timeout that its client does not read is reported once, with the
 * number of periods that have passed; the next expiry stays on the original grid.
 * Cancelling is not answered: an expiry that crosses it on its way may still arrive.
 *
 * The device link is the same with a single timeout, id 0, TIMER_AT without period.
 *
 * The virtualiser keeps the timeouts in memory of its own (quoll_config.own), of
 * TIMER_CLIENT_MEMORY for each client.
 */
#ifndef QUOLL_TIMER_H
#define QUOLL_TIMER_H

#include <stdint.h>

#include <quoll/queue_entries.h>

#define TIMER_IDS        64U
#define TIMER_PERIOD_MIN 10000U /* ns; shorter periods are refused */

#define TIMER_CLIENT_MEMORY 3072U /* bytes */

enum timer_operation {
    TIMER_AT = 1, /* at time `when` */
    TIMER_AFTER,  /* `when` ns from now */
    TIMER_CANCEL,
};

struct timer_request {
    uint32_t id;
    uint32_t operation; /* enum timer_operation */
    uint64_t when;      /* ns */
    uint64_t period;    /* ns; 0: once, else again every so often after `when` */
};
QUEUE_OF(timer_requests, struct timer_request);

struct timer_expiry {
    uint32_t id;
    int32_t status; /* QUOLL_OK, or QUOLL_EINVALID: the request was refused */
    uint64_t count; /* periods passed since the last report, 1 or more; 0 if refused */
};
QUEUE_OF(timer_expiries, struct timer_expiry);

#endif
