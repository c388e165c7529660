/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtualiser's ledger: every request that it has accepted and not yet answered,
 * whole, so that it can be issued again when the driver begins a new life. It lives
 * in the virtualiser's private memory; neither driver nor client can touch it.
 *
 * A request's slot is its id on the device link. Sets of slots are words of bits.
 */
#ifndef BLOCK_LEDGER_H
#define BLOCK_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/block.h>

#define LEDGER_SLOTS 64U
#define LEDGER_TABLE 0U /* the slot kept free for reads of the partition table */

/*
 * How many lives of the driver a request may see the end of. One that takes the
 * driver with it each time is then given up, so that the others are served.
 */
#define LEDGER_LIVES 2U

struct ledger_slot {
    struct block_request request; /* as the driver gets it */
    uint32_t id;                  /* the client's own */
    uint32_t length;              /* of its data, bytes */
    uint8_t owner;                /* the client's number */
    uint8_t lives;                /* of the driver that ended while it was outstanding */
};

struct ledger {
    uint64_t usable; /* by clients: as many as fit into the device link's queues */
    uint64_t used;
    uint64_t unsent; /* of these, not (or no longer) with the driver */
    struct ledger_slot slot[LEDGER_SLOTS];
};

#define LEDGER_BIT(slot) (1ULL << (slot))

/* The lowest slot of a set that is not empty. */
static inline uint32_t ledger_first(uint64_t set)
{
    return (uint32_t)__builtin_ctzll(set);
}

/* For each slot of a set, which may change meanwhile. */
#define LEDGER_EACH(slot, set)                                                                     \
    uint64_t slot##_left = (set), slot = 0;                                                        \
    slot##_left != 0 && (slot = ledger_first(slot##_left), true);                                  \
    slot##_left &= slot##_left - 1U

/** The slots that a client's request may be entered into. */
static inline uint64_t ledger_free(const struct ledger *ledger)
{
    return ledger->usable & ~ledger->used;
}

/** Enter a request, to be sent, into a free slot. */
static inline void ledger_enter(struct ledger *ledger, uint32_t slot,
                                const struct block_request *request, uint32_t length, uint8_t owner)
{
    struct ledger_slot *entry = &ledger->slot[slot];

    entry->request = *request;
    entry->request.id = slot;
    entry->id = request->id;
    entry->length = length;
    entry->owner = owner;
    entry->lives = 0;
    ledger->used |= LEDGER_BIT(slot);
    ledger->unsent |= LEDGER_BIT(slot);
}

/** Whether the driver holds a request of this id, which may be any number. */
static inline bool ledger_sent(const struct ledger *ledger, uint32_t id)
{
    return id < LEDGER_SLOTS && ((ledger->used & ~ledger->unsent) & LEDGER_BIT(id)) != 0;
}

static inline void ledger_remove(struct ledger *ledger, uint32_t slot)
{
    ledger->used &= ~LEDGER_BIT(slot);
    ledger->unsent &= ~LEDGER_BIT(slot);
}

/** The driver lost this request: send it again. False if that has been too often. */
static inline bool ledger_again(struct ledger *ledger, uint32_t slot)
{
    ledger->unsent |= LEDGER_BIT(slot);
    ledger->slot[slot].lives += 1U;
    return ledger->slot[slot].lives <= LEDGER_LIVES;
}

#endif
