/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slow paths of a link: opening, lives, information. See <quoll/link.h>.
 */
#include <string.h>

#include <quoll/link.h>
#include <quoll/panic.h>

/* A life as the halves store it: zeroed memory is nobody's. */
static uint32_t stored(uint32_t life)
{
    return life + 1U;
}

static uint32_t my_life(void)
{
    const _Atomic uint32_t *lives = (const _Atomic uint32_t *)(uintptr_t)quoll_config.lives;

    return atomic_load_explicit(&lives[quoll_config.pd], memory_order_acquire);
}

/*
 * Our half, empty, for the peer's present life: indices first, then the two words that
 * show them. Both are releases: a peer may find our new life beside a `seen` of our old
 * one that fits (verify/models/lives.pml). And the fence: whom we wake finds it all.
 */
static void set_up(struct link *link)
{
    struct link_half *mine = link->mine;

    link->up = false;
    link->up_in = LINK_NEVER;
    link->peer_life = link_peer_life(link);
    link->blame.known = link->peer_life;
    queue_producer_reset(&link->out);
    queue_consumer_reset(&link->in);
    atomic_store_explicit(&mine->life, stored(my_life()), memory_order_release);
    atomic_store_explicit(&mine->seen, stored(link->peer_life), memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    link_signal(link);
}

void link_open(struct link *link, const struct quoll_link_config *config, uint32_t out_size)
{
    struct link_half *mine = (struct link_half *)(uintptr_t)config->mine;
    const struct link_half *peer = (const struct link_half *)(uintptr_t)config->peer;

    QUOLL_INVARIANT(link->config == NULL && quoll_can_signal(config->channel));
    *link = (struct link){
        .config = config,
        .channel = config->channel,
        .mine = mine,
        .peer = peer,
        .counters = counters()->link[config - quoll_config.link],
        .life = (const _Atomic uint32_t *)(uintptr_t)quoll_config.lives + config->peer_pd,
        .out = {.mine = &mine->produce, .peer = &peer->consume},
        .in = {.mine = &mine->consume, .peer = &peer->produce},
    };
    link->blame.count = &link->counters[COUNT_BROKEN];
    link->blame.life = link->life;
    link->out.blame = link->in.blame = &link->blame;
    link->out.capacity = config->produce_capacity;
    link->in.capacity = config->consume_capacity;

    /* What an earlier life left must not pass for this one's. */
    atomic_store_explicit(&mine->seen, 0, memory_order_relaxed);
    atomic_store_explicit(&mine->life, 0, memory_order_release);
    mine->magic = LINK_MAGIC;
    mine->version = LINK_VERSION;
    mine->kind = config->kind;
    mine->entry_size = out_size;
    mine->capacity = config->produce_capacity;
    memset(mine->info, 0, sizeof mine->info);
    atomic_store_explicit(&mine->generation, 0, memory_order_relaxed);
    set_up(link);
}

/* Whether the peer has set its half up, in the life that we know, for our own life. */
static bool agreed(const struct link *link)
{
    return atomic_load_explicit(&link->peer->seen, memory_order_acquire) == stored(my_life()) &&
           atomic_load_explicit(&link->peer->life, memory_order_acquire) ==
               stored(link->peer_life) &&
           link->peer->magic == LINK_MAGIC && link->peer->version == LINK_VERSION;
}

enum link_state link_renew(struct link *link)
{
    if (link->config == NULL) {
        return LINK_DOWN;
    }
    if (link_peer_life(link) != link->peer_life) {
        set_up(link);
    }
    if (!agreed(link)) {
        return LINK_DOWN;
    }
    link->up = true;
    link->up_in = link->peer_life;
    link_count(link, COUNT_LIVES, 1);
    return LINK_CAME_UP;
}

/*
 * Information is guarded by a sequence number, odd while it is written. The copy
 * goes word by word through atomics, since the reader may look at any time.
 */
void link_tell(struct link *link, const void *info, size_t size)
{
    struct link_half *mine = link->mine;
    uint32_t generation = atomic_load_explicit(&mine->generation, memory_order_relaxed);

    QUOLL_INVARIANT(size <= sizeof mine->info);
    atomic_store_explicit(&mine->generation, generation | 1U, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(mine->info, info, size);
    atomic_store_explicit(&mine->generation, (generation | 1U) + 1U, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    link_signal(link);
}

bool link_told(const struct link *link, void *info, size_t size)
{
    const struct link_half *peer = link->peer;
    uint32_t before = atomic_load_explicit(&peer->generation, memory_order_acquire);

    QUOLL_INVARIANT(size <= sizeof peer->info);
    memset(info, 0, size);
    if (!link->up || (before & 1U) != 0) {
        return false;
    }
    memcpy(info, peer->info, size);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&peer->generation, memory_order_relaxed) != before) {
        memset(info, 0, size);
        return false;
    }
    return true;
}
