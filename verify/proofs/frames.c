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
//@ ghost uint32_t all;

#include "net/tx_virt.c"

/*@ requires \valid_read(frame);
    assigns \nothing;
    ensures \result <==> frame->offset + frame->length <= size; */
static inline bool within(uint64_t size, const struct net_frame *frame);

/*@ requires \valid_read(client) && \valid_read(client->link.config) && \valid_read(frame);
    assigns \nothing;
    ensures \result ==> frame->offset + frame->length <= client->link.config->data.size;
    ensures \result ==> NET_FRAME_MIN <= frame->length <= virt.longest && frame->reserved == 0; */
static inline bool good(const struct client *client, const struct net_frame *frame);
