/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers 1 to COUNT through a queue of CAPACITY entries, as <quoll/queue.h> is used. */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include <microkit.h>

#include <quoll/queue_entries.h>

#ifndef CAPACITY
#define CAPACITY 2U
#define COUNT    5U
#endif

QUEUE_OF(numbers, uint32_t);

extern uintptr_t mine, other;

#endif
