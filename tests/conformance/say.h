/* SPDX-License-Identifier: BSD-2-Clause */
/* How the programs of these systems speak to the tests. */
#pragma once

#include <stdint.h>

#include <microkit.h>

#define CHILD_ENTRY 0x200000

static inline void put_hex(uint64_t value)
{
    char digits[17];
    unsigned at = sizeof digits;

    digits[--at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[value % 16];
        value /= 16;
    } while (value != 0);
    microkit_dbg_puts("0x");
    microkit_dbg_puts(&digits[at]);
}

static inline void say_start(const char *what)
{
    microkit_dbg_puts("| ");
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(": ");
    microkit_dbg_puts(what);
}

static inline void say(const char *what)
{
    say_start(what);
    microkit_dbg_puts("\n");
}

static inline void say_number(const char *what, unsigned number)
{
    say_start(what);
    microkit_dbg_puts(" ");
    microkit_dbg_put32(number);
    microkit_dbg_puts("\n");
}

static inline void say_hex(const char *what, uint64_t value)
{
    say_start(what);
    microkit_dbg_puts(" ");
    put_hex(value);
    microkit_dbg_puts("\n");
}

static inline void say_end(void)
{
    microkit_dbg_puts("| end\n");
}

static inline uint64_t now(void)
{
    uint64_t value;

    __asm__ volatile("isb\n mrs %0, cntpct_el0" : "=r"(value) : : "memory");
    return value;
}

static inline uint64_t microseconds(uint64_t n)
{
    uint64_t rate;

    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(rate));
    return n * (rate / 1000) / 1000;
}

static inline void spin(uint64_t us)
{
    uint64_t start = now();

    while (now() - start < microseconds(us)) {}
}

/* A millisecond of work, not of time: what others do in between does not count. With
 * one instruction per nanosecond, two instructions per turn. */
static inline void work_one_millisecond(void)
{
    uint64_t turns = 500000;

    __asm__ volatile("1: subs %0, %0, #1\n b.ne 1b" : "+r"(turns) : : "cc");
}
