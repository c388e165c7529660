/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers 1 to COUNT over a link, again in each life: see lives.system. */
#ifndef LIVES_H
#define LIVES_H

#include <stdbool.h>

#include <quoll/link.h>
#include <quoll/panic.h>
#include <quoll/pd.h>
#include <quoll/queue_entries.h>

#define CAPACITY 2U
#define COUNT    3U

QUEUE_OF(numbers, uint32_t);

/* What the composer would write, for one whose pages begin at `base`. */
#define LIVES_CONFIG(base, index, title, mine_at, peer_at)                                         \
    const struct quoll_config quoll_config = {                                                     \
        .magic = QUOLL_CONFIG_MAGIC,                                                               \
        .version = QUOLL_CONFIG_VERSION,                                                           \
        .links = 1,                                                                                \
        .lives = (base),                                                                           \
        .counters = (base) + 0x6000,                                                               \
        .pd = (index),                                                                             \
        .name = title,                                                                             \
        .link[0] = {.mine = (mine_at),                                                             \
                    .peer = (peer_at),                                                             \
                    .produce_capacity = CAPACITY,                                                  \
                    .consume_capacity = CAPACITY,                                                  \
                    .kind = LINK_TIMER_CLIENT,                                                     \
                    .channel = 0,                                                                  \
                    .peer_pd = 1U - (index)},                                                      \
    }

bool sim_at_rest(void);

#endif
