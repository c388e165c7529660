/* SPDX-License-Identifier: BSD-2-Clause */
/* A header that leaves something to the program which includes it. */
#ifndef HOOK_H
#define HOOK_H

#include <quoll/link.h>

static void spend_as_you_like(uint32_t count);
static bool has_more(struct link *link);

static inline void spend_what_it_says(struct link *link)
{
    uint32_t count = 0;

    (void)link_told(link, &count, sizeof count);
    spend_as_you_like(count);
}

static inline bool has_more_by_hook(struct link *link)
{
    return has_more(link);
}

#endif
