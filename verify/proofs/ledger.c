/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by WP: the block virtualiser's ledger. Whatever id a driver answers, it is
 * taken for a request of ours only if that is with the driver.
 */
#include "trusted.h"

#include "block/ledger.h"

#undef LEDGER_BIT
#define LEDGER_BIT(slot) ((uint64_t)((uint64_t)1 << (slot))) /* as the logic writes it */

/*@ requires set != 0;
    assigns \nothing;
    ensures \result < LEDGER_SLOTS; */
static inline uint32_t ledger_first(uint64_t set);

/*@ requires \valid_read(ledger);
    assigns \nothing;
    ensures \result == (ledger->usable & (uint64_t)~ledger->used); */
static inline uint64_t ledger_free(const struct ledger *ledger);

/*@ requires \valid_read(ledger);
    assigns \nothing;
    ensures \result <==> id < LEDGER_SLOTS &&
        ((ledger->used & (uint64_t)~ledger->unsent) & LEDGER_BIT(id)) != 0; */
static inline bool ledger_sent(const struct ledger *ledger, uint32_t id);

/*@ requires \valid(ledger) && slot < LEDGER_SLOTS && \valid_read(request);
    requires \separated(ledger, request);
    assigns ledger->slot[slot], ledger->used, ledger->unsent;
    ensures ledger->used == (\old(ledger->used) | LEDGER_BIT(slot));
    ensures ledger->unsent == (\old(ledger->unsent) | LEDGER_BIT(slot));
    ensures ledger->slot[slot].request.id == slot;
    ensures ledger->slot[slot].id == request->id;
    ensures ledger->slot[slot].owner == owner && ledger->slot[slot].length == length;
    ensures ledger->slot[slot].lives == 0; */
static inline void ledger_enter(struct ledger *ledger, uint32_t slot,
                                const struct block_request *request, uint32_t length, uint8_t owner);

/*@ requires \valid(ledger) && slot < LEDGER_SLOTS;
    assigns ledger->used, ledger->unsent;
    ensures ledger->used == (\old(ledger->used) & (uint64_t)~LEDGER_BIT(slot));
    ensures ledger->unsent == (\old(ledger->unsent) & (uint64_t)~LEDGER_BIT(slot)); */
static inline void ledger_remove(struct ledger *ledger, uint32_t slot);

/*@ requires \valid(ledger) && slot < LEDGER_SLOTS && ledger->slot[slot].lives <= LEDGER_LIVES;
    assigns ledger->unsent, ledger->slot[slot].lives;
    ensures ledger->unsent == (\old(ledger->unsent) | LEDGER_BIT(slot));
    ensures ledger->slot[slot].lives == \old(ledger->slot[slot].lives) + 1;
    ensures \result <==> ledger->slot[slot].lives <= LEDGER_LIVES; */
static inline bool ledger_again(struct ledger *ledger, uint32_t slot);
