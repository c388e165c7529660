/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions that come to call themselves. */
#include <quoll/link.h>

static uint32_t sum;

void directly(uint32_t depth);
void there(uint32_t depth);
void back(uint32_t depth);

void directly(uint32_t depth) /* lint: recursion */
{
    sum += depth;
    directly(depth / 2U);
}

void there(uint32_t depth) /* lint: recursion */
{
    back(depth);
}

void back(uint32_t depth) /* lint: recursion */
{
    if (depth > 0) {
        there(depth - 1U);
    }
}

/* As it should be. */
void onwards(uint32_t depth)
{
    directly(depth);
}
