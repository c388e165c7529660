/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A link: two regions, one written by each of two protection domains and read-only
 * in the other, that carry a queue each way and this side's information for the
 * other.
 *
 *     A's region  header | A consumes | info | A produces, entries   -> read by B
 *     B's region  header | B consumes | info | B produces, entries   -> read by A
 *
 * Header, halves and info are an ABI of fixed-width little-endian fields, so that
 * a virtual machine or another language can be a peer. What the header says of
 * sizes serves tools and checks of versions; it is never believed for bounds, which
 * come from the configuration.
 *
 * Lives. Each protection domain has a number, its current life, in a page that
 * only the supervisor writes. A half says in which of its owner's lives it was set
 * up (`life`) and which life of the peer it was set up for (`seen`), both plus one,
 * so that zeroed memory says "not yet". The link is up when both halves were set
 * up for the two current lives. Whoever finds that the peer has a new life resets
 * its own half before it says that it has seen it, so no index of an old life is
 * ever judged against one of the new.
 */
#ifndef QUOLL_LINK_H
#define QUOLL_LINK_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoll/config.h>
#include <quoll/counters.h>
#include <quoll/queue.h>
#include <quoll/signal.h>

#define LINK_MAGIC     0x6b6e694cU /* "Link" */
#define LINK_VERSION   1U
#define LINK_INFO_SIZE 64U

struct link_half {
    uint32_t magic;
    uint16_t version;
    uint8_t kind; /* enum quoll_link_kind */
    uint8_t reserved;
    uint32_t entry_size; /* of the entries in this half */
    uint32_t capacity;
    _Atomic uint32_t life; /* of the writer when it set this half up, plus one */
    _Atomic uint32_t seen; /* of the peer then, plus one */
    uint32_t reserved2[10];
    struct queue_consumer_half consume;
    _Atomic uint32_t generation; /* of info: odd while it is being written */
    uint32_t reserved3[15];
    uint8_t info[LINK_INFO_SIZE];
    struct queue_producer_half produce;
};

static_assert(offsetof(struct link_half, consume) == 64, "ABI");
static_assert(offsetof(struct link_half, info) == 192, "ABI");
static_assert(offsetof(struct link_half, produce) == 256, "ABI");
static_assert(sizeof(struct link_half) == 320, "ABI");

/** Bytes of a half whose writer produces `capacity` entries of `entry_size` bytes. */
#define LINK_HALF_SIZE(capacity, entry_size)                                                       \
    (sizeof(struct link_half) + (uint64_t)(capacity) * (entry_size))

struct link {
    const struct quoll_link_config *config; /* NULL: not opened */
    struct link_half *mine;
    const struct link_half *peer;
    uint64_t *counters;           /* by enum quoll_link_counter */
    const _Atomic uint32_t *life; /* the peer's current one */
    uint64_t up_in;               /* the life of the peer in which the link is up, or LINK_NEVER */
    uint32_t peer_life;           /* that this side was set up for */
    uint8_t channel;              /* to the peer */
    bool up;
    struct queue_blame blame;
    struct queue_producer out;
    struct queue_consumer in;
};

#define LINK_NEVER UINT64_MAX /* no life */

enum link_state {
    LINK_DOWN,    /* the peer is not there (yet, or any more): use no queue */
    LINK_CAME_UP, /* up since this very call: both queues are empty, ledgers start anew */
    LINK_UP,
};

/**
 * Open the link that `config` describes and tell the peer. Once per link, from
 * pd_start(); the link comes up when the peer has done the same.
 *
 * @param out_size  bytes of an entry that this side produces
 */
void link_open(struct link *link, const struct quoll_link_config *config, uint32_t out_size);

/* The slow path of link_check(). */
enum link_state link_renew(struct link *link);

/** The peer's current life. */
static inline uint32_t link_peer_life(const struct link *link)
{
    return atomic_load_explicit(link->life, memory_order_acquire);
}

/** Whether an opened link is up, and the peer still in the life that it is up for. */
static inline bool link_still_up(const struct link *link)
{
    uint64_t up_in = link->up_in;

    return link_peer_life(link) == up_in;
}

/**
 * The state of the link now; to be called at each wake-up before its queues are
 * looked at. LINK_CAME_UP is answered once per life of the peer: what was
 * outstanding with its old life is lost then and is the caller's to issue again.
 */
static inline enum link_state link_check(struct link *link)
{
    return link->life != NULL && link_still_up(link) ? LINK_UP : link_renew(link);
}

static inline void link_count(struct link *link, enum quoll_link_counter which, uint64_t by)
{
    link->counters[which] += by;
}

/** Notify the peer. */
static inline void link_signal(const struct link *link)
{
    quoll_signal(link->channel);
}

/*
 * The steps of publishing, giving back and going to sleep, counted, for who does several
 * of them at once: all that show, then one queue_fence(), then all that wake (queue.h).
 */
static inline uint32_t link_show_tail(struct link *link)
{
    uint32_t fresh = queue_show_tail(&link->out);

    link_count(link, COUNT_PUT, fresh);
    return fresh;
}

static inline uint32_t link_show_head(struct link *link)
{
    uint32_t fresh = queue_show_head(&link->in);

    link_count(link, COUNT_TAKEN, fresh);
    return fresh;
}

/** Whether so much was taken that link_show_head_by_batch() shows it. */
static inline bool link_took_many(const struct link *link)
{
    return link->in.head - link->in.released > link->in.capacity / 8U;
}

/**
 * As link_show_head(), but only when over an eighth of the queue was taken since. Whoever
 * waits for room meanwhile has a queue that is nearly all still to be taken, and is told then.
 */
static inline uint32_t link_show_head_by_batch(struct link *link)
{
    return link_took_many(link) ? link_show_head(link) : 0;
}

static inline void link_wake(struct link *link, uint32_t fresh_entries, uint32_t fresh_room)
{
    if ((fresh_entries != 0 && queue_entries_awaited(&link->out, fresh_entries)) ||
        (fresh_room != 0 && queue_room_awaited(&link->in, fresh_room))) {
        link_signal(link);
    }
}

/** Publish what was put, and notify the peer if it waits for it. */
static inline void link_publish(struct link *link)
{
    link_count(link, COUNT_PUT, link->out.tail - link->out.published);
    if (queue_publish(&link->out)) {
        link_signal(link);
    }
}

/** link_publish() for who has put one entry since the last time, without working that out. */
static inline void link_publish_one(struct link *link)
{
    const struct queue_consumer_half *peer = link->out.peer;
    uint32_t tail = link->out.tail;

    link_count(link, COUNT_PUT, 1);
    (void)queue_show_tail(&link->out);
    queue_fence();
    if (queue_entries_awaited_from(peer, tail, 1)) {
        link_signal(link);
    }
}

/** Give back what was taken, and notify the peer if it waits for room. */
static inline void link_release(struct link *link)
{
    link_count(link, COUNT_TAKEN, link->in.head - link->in.released);
    if (queue_release(&link->in)) {
        link_signal(link);
    }
}

/** Release, then queue_sleep(), with one fence: true if nothing is left to take. */
__attribute__((warn_unused_result)) static inline bool link_sleep(struct link *link)
{
    bool wanted;

    link_count(link, COUNT_TAKEN, link->in.head - link->in.released);
    bool asleep = queue_release_and_sleep(&link->in, &wanted);

    if (wanted) {
        link_signal(link);
    }
    return asleep;
}

/** link_sleep() with link_show_head_by_batch(). */
__attribute__((warn_unused_result, always_inline)) static inline bool link_sleep_by_batch(
    struct link *link)
{
    if (link_took_many(link)) {
        return link_sleep(link);
    }
    return queue_sleep(&link->in);
}

/**
 * Show the peer `size` bytes (at most LINK_INFO_SIZE) of class-specific
 * information and notify it. Allowed at any time after link_open().
 */
void link_tell(struct link *link, const void *info, size_t size);

/**
 * Which information the peer shows: odd while it is writing, another number for another.
 * What link_told() reads afterwards is not older.
 */
static inline uint32_t link_generation(const struct link *link)
{
    return queue_read(&link->peer->generation);
}

/**
 * Read the peer's information in one piece.
 *
 * @return false if the peer is writing it just now (it will notify when done) or
 *         the link is down; *info is then zeroed
 */
bool link_told(const struct link *link, void *info, size_t size);

/**
 * Whether the peer has broken a queue (COUNT_BROKEN says how often). It is silent until the
 * peer begins a new life.
 */
static inline bool link_broken(const struct link *link)
{
    return link->out.broken || link->in.broken;
}

#endif
