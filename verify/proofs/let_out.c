/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by Eva: a frame that is let out, or refused, is read within its client's region
 * only, and its head written within its own place only, whatever the client says and
 * however its memory changes meanwhile.
 */
#include "trusted.h"

#include <__fc_builtin.h>
#include <string.h>

#define __builtin_memcpy memcpy

/* The ledger's business: tx_ledger.c. */
#define in_order(ledger, heads, in_stock) (0 == 0)
#define in_books(ledger, in_stock)        (0 == 0)
#define owner_in(entry)                   (entry)
#include "places.h"
//@ ghost uint32_t all;

#include "net/tx_virt.c"

/* A little more than a frame, so that some lie where any may, and some at the end. */
#define SIZE (NET_FRAME_MAX + 10U)

static unsigned char region[SIZE], head[NET_HEAD_SIZE];
static struct tx_entry entry;

void main(void)
{
    uint32_t offset, length;
    struct client client = {.data = region, .size = SIZE, .places = first_places(SIZE)};

    virt.heads = head;
    virt.mtu = MTU_MAX;
    Frama_C_make_unknown((char *)&client.mac, sizeof client.mac);
    Frama_C_make_unknown((char *)region, SIZE);
    Frama_C_make_unknown((char *)&offset, sizeof offset);
    Frama_C_make_unknown((char *)&length, sizeof length);
    if (!good(&client, virt.mtu, offset, length)) {
        return;
    }
    //@ split offset;
    (void)let_out(&virt, &client, offset | (uint64_t)length << 32U, 0, &entry);
}
