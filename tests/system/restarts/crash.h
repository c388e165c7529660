/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of the framework that crashes now and then: its real source is included
 * after this file, with its pd_wake() under another name.
 *
 * In each of its first CRASHES lives it faults when it has been woken WAKE_UPS times,
 * before it has looked at anything, so that what woke it is lost with it.
 */
#ifndef CRASH_H
#define CRASH_H

#include <stdatomic.h>

#include <quoll/config.h>
#include <quoll/pd.h>

#define CRASHES 3U

static unsigned wake_ups;

/* A driver's description of itself would not be linked if nobody named it. */
#ifdef DRIVER
extern const struct quoll_driver quoll_driver;
#define KEEP_DESCRIPTION() __asm__ volatile("" : : "r"(&quoll_driver))
#else
#define KEEP_DESCRIPTION() ((void)0)
#endif

static inline void crash_now_and_then(void)
{
    const _Atomic uint32_t *lives = (const _Atomic uint32_t *)(uintptr_t)quoll_config.lives;

    if (lives[quoll_config.pd] < CRASHES && ++wake_ups == WAKE_UPS) {
        *(volatile uint32_t *)0x12345678 = 1;
    }
}

void real_wake(microkit_channel channel);

void pd_wake(microkit_channel channel)
{
    KEEP_DESCRIPTION();
    crash_now_and_then();
    real_wake(channel);
}

#define pd_wake real_wake

#endif
