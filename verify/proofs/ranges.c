/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by WP: what a client's request or frame may reach, whatever it says. What is let
 * through lies in the client's region and partition, and no sum on the way overflows.
 */
#include "trusted.h"

#include "block/virt_client.c"

/*@ requires \valid_read(client);
    assigns \nothing;
    ensures \result == &client->link.config->data; */
static const struct quoll_region_config *region(const struct virt_client *client);

/*@ requires \valid_read(client);
    assigns \nothing;
    ensures \result == QUOLL_OK ==> client->info.writable != 0; */
static enum quoll_error check_change(const struct virt_client *client, bool can);

/*@ requires \valid_read(client) && \valid_read(r);
    assigns \nothing;
    ensures \result <==> 1 <= r->count <= client->info.max_count &&
                         r->block + r->count <= client->info.blocks; */
static bool in_partition(const struct virt_client *client, const struct block_request *r);

/*@ requires \valid_read(client) && \valid_read(client->link.config) && \valid_read(r);
    assigns \nothing;
    ensures \result <==> r->data % BLOCK_ALIGN == 0 &&
                         r->data + r->count * client->info.block_size <= client->link.config->data.size; */
static bool in_region(const struct virt_client *client, const struct block_request *r);

/*@ requires \valid_read(client) && \valid_read(client->link.config) && \valid_read(r);
    assigns \nothing;
    ensures \result == QUOLL_OK && (r->operation == BLOCK_READ || r->operation == BLOCK_WRITE) ==>
                r->data + r->count * client->info.block_size <= client->link.config->data.size;
    ensures \result == QUOLL_OK && r->operation != BLOCK_FLUSH ==>
                r->count >= 1 && r->block + r->count <= client->info.blocks;
    ensures \result == QUOLL_OK && r->operation != BLOCK_READ && r->operation != BLOCK_FLUSH ==>
                client->info.writable != 0; */
static enum quoll_error check_operation(const struct virt_client *client,
                                        const struct block_request *r);
