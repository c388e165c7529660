/* SPDX-License-Identifier: BSD-2-Clause */
#include <quoll/time.h>

#define NS_PER_S 1000000000U

#ifdef __aarch64__
/* The ISB keeps the counter from being read early (Arm ARM D13.1.2, self-synchronised views). */
uint64_t quoll_ticks(void)
{
    uint64_t ticks;

    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(ticks) : : "memory");
    return ticks;
}

uint64_t quoll_tick_rate(void)
{
    uint64_t rate;

    __asm__("mrs %0, cntfrq_el0" : "=r"(rate));
    return rate;
}
#endif

/* Whole seconds apart, so that nothing overflows before the year 2554. */
uint64_t quoll_ticks_to_ns(uint64_t ticks)
{
    uint64_t rate = quoll_tick_rate();

    return ticks / rate * NS_PER_S + (ticks % rate * NS_PER_S) / rate;
}

uint64_t quoll_ns_to_ticks(uint64_t ns)
{
    uint64_t rate = quoll_tick_rate();

    return ns / NS_PER_S * rate + (ns % NS_PER_S * rate + NS_PER_S - 1U) / NS_PER_S;
}
