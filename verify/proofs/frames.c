/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by WP: what a client's frame may name, whatever it says: bytes of the client's own
 * region, of a length that frames have, and no sum on the way overflows.
 */
#include "trusted.h"

#include "places.h"

/* The ledger's business: tx_ledger.c. */
#define in_order(ledger, heads, in_stock) (0 == 0)
#define in_books(ledger, in_stock)        (0 == 0)
#define owner_in(entry)                   (entry)
//@ ghost uint32_t all;

#include "net/tx_virt.c"

/*@ requires \valid_read(frame);
    assigns \nothing;
    ensures \result <==> frame->offset + frame->length <= size; */
static inline bool within(uint64_t size, const struct net_frame *frame);

//@ predicate places(integer below, integer size) = below > 0 ==> below - 1 + NET_FRAME_MAX <= size;

/*@ assigns \nothing;
    ensures places(\result, size); */
static inline uint64_t first_places(uint64_t size);

/*@ requires \valid_read(client);
    requires places(client->places, client->size) && mtu <= MTU_MAX;
    assigns \nothing;
    ensures \result ==> offset + length <= client->size;
    ensures \result ==> NET_FRAME_MIN <= length <= mtu + NET_FRAME_MIN; */
static inline bool good(const struct client *client, uint32_t mtu, uint32_t offset,
                        uint32_t length);
