/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Class block: disks and partitions.
 *
 *     device <-> driver <--requests--- virtualiser <--requests--- client
 *                       ---responses->             ---responses->
 *
 * A client sees its partition as a disk of its own: block 0 is the partition's
 * first. Blocks have the size that the information says (512 to 4096 bytes, a power
 * of two). Requests may complete in any order. `id` is the client's own and comes
 * back once; using one that is outstanding is refused. Data lie in the client's data
 * region, whole blocks, aligned to BLOCK_ALIGN; until the response they belong to
 * the device.
 *
 * Durability: a write that was answered is seen by later reads; it survives a loss
 * of power once a flush that was sent after its response is answered with QUOLL_OK.
 *
 * Each request is answered exactly once with
 *     QUOLL_OK            all blocks were transferred
 *     QUOLL_EINVALID      range, alignment, operation or count break the contract
 *     QUOLL_EDENIED       a write to a read-only partition
 *     QUOLL_EBUSY         more in flight than the quota
 *     QUOLL_EIO           the device failed; blocks may have been transferred in part
 *     QUOLL_EUNSUPPORTED  the device cannot
 *     QUOLL_ERESET        the device was reset meanwhile and the request cannot be repeated
 *     QUOLL_EDOWN         no media
 */
#ifndef QUOLL_BLOCK_H
#define QUOLL_BLOCK_H

#include <stdint.h>

#include <quoll/queue_entries.h>

#define BLOCK_ALIGN 512U

enum block_operation {
    BLOCK_READ = 1,
    BLOCK_WRITE,
    BLOCK_FLUSH,        /* block, count, data unused and 0 */
    BLOCK_DISCARD,      /* data unused */
    BLOCK_WRITE_ZEROES, /* data unused */
};

struct block_request {
    uint32_t id;
    uint16_t operation; /* enum block_operation */
    uint16_t reserved;  /* 0 */
    uint32_t count;     /* blocks, 1 to the information's max_count */
    uint32_t reserved2; /* 0 */
    uint64_t block;
    uint64_t data; /* client link: offset in the data region; device link: I/O address */
};
QUEUE_OF(block_requests, struct block_request);

struct block_response {
    uint32_t id;
    int32_t status; /* enum quoll_error */
};
QUEUE_OF(block_responses, struct block_response);

/* Information: driver to virtualiser about the device, virtualiser to client about its partition.
 */
struct block_info {
    uint64_t blocks;
    uint32_t block_size; /* bytes */
    uint32_t max_count;  /* blocks per request */
    uint8_t ready;       /* 1: blocks can be read */
    uint8_t writable;
    uint8_t can_flush; /* 0: the device has no volatile cache; a flush is then answered at once */
    uint8_t can_discard;
    uint8_t can_write_zeroes;
    int8_t error; /* ready = 0: why (enum quoll_error); QUOLL_OK while starting */
};

#endif
