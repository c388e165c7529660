/* SPDX-License-Identifier: BSD-2-Clause */
/* The conformance suite's words, with the simulator's clock instead of the machine's. */
#pragma once

#define now                   machine_now
#define microseconds          machine_microseconds
#define spin                  machine_spin
#define work_one_millisecond  machine_work
#include "tests/conformance/say.h"
#undef now
#undef microseconds
#undef spin
#undef work_one_millisecond

uint64_t quoll_ticks(void);
uint64_t quoll_tick_rate(void);

static inline uint64_t now(void)
{
    return quoll_ticks();
}

static inline uint64_t microseconds(uint64_t n)
{
    return n * (quoll_tick_rate() / 1000) / 1000;
}

static inline void spin(uint64_t us)
{
    uint64_t start = now();

    while (now() - start < microseconds(us)) {}
}

/* A basic block of a checked program takes 4 ns. */
static inline void work_one_millisecond(void)
{
    for (volatile unsigned turns = 0; turns < 250000; turns++) {}
}
