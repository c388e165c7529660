/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time, read from the CPU's counter without asking anyone (Arm ARM, D13
 * "The Generic Timer": CNTPCT_EL0, CNTFRQ_EL0).
 *
 * All times are nanoseconds since the machine was reset, in 64 bits: 584 years.
 */
#ifndef QUOLL_TIME_H
#define QUOLL_TIME_H

#include <stdint.h>

#define QUOLL_US(n) ((uint64_t)(n)*1000U)
#define QUOLL_MS(n) ((uint64_t)(n)*1000000U)
#define QUOLL_S(n)  ((uint64_t)(n)*1000000000U)

/** The counter, in ticks of quoll_tick_rate() per second. */
uint64_t quoll_ticks(void);
uint64_t quoll_tick_rate(void);

/** Convert. To nanoseconds is rounded down, to ticks up, so that no timeout is early. */
uint64_t quoll_ticks_to_ns(uint64_t ticks);
uint64_t quoll_ns_to_ticks(uint64_t ns);

/** Nanoseconds since reset. */
static inline uint64_t quoll_now(void)
{
    return quoll_ticks_to_ns(quoll_ticks());
}

#endif
