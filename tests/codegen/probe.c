/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Users of the queue's typed access, as tempting as they come: each looks at every
 * field several times after the copy, around a switch. test_fetch_once.py runs the
 * code that compilers make of them and watches each byte of the peer's page.
 *
 * All return a digest of the fields as they saw them.
 */
#include <quoll/block.h>
#include <quoll/net.h>
#include <quoll/queue_entries.h>
#include <quoll/serial.h>
#include <quoll/timer.h>

static inline uint64_t digest_block(struct block_request r)
{
    if (r.count > 128 || r.block > 1000000 - r.count || r.data > 4096) {
        return r.count + r.block + r.data + r.id;
    }
    switch (r.operation) {
    case BLOCK_READ:
        return r.block * 3 + r.count + r.id;
    case BLOCK_WRITE:
        return r.block * 5 + r.count * r.data + r.id;
    case BLOCK_FLUSH:
        return r.id + r.operation;
    case BLOCK_DISCARD:
        return r.id + r.block + r.operation;
    case BLOCK_WRITE_ZEROES:
        return r.id + r.count + r.operation;
    default:
        return r.operation + r.id;
    }
}

uint64_t probe_block(struct queue_consumer *q)
{
    struct block_request r;

    if (queue_look(q) == 0 || !block_requests_take(q, &r)) {
        return 0;
    }
    return digest_block(r);
}

/* The same by the way of several at once. */
uint64_t probe_many(struct queue_consumer *q)
{
    struct block_request some[2];

    if (queue_look(q) == 0 || block_requests_take_many(q, some, 2) != 1) {
        return 0;
    }
    return digest_block(some[0]);
}

uint64_t probe_timer(struct queue_consumer *q)
{
    struct timer_request r;

    if (queue_look(q) == 0 || !timer_requests_take(q, &r) || r.id >= TIMER_IDS) {
        return 0;
    }
    switch (r.operation) {
    case TIMER_AT:
        return r.when + r.period + r.id;
    case TIMER_AFTER:
        return r.when * 3 + r.period + r.id;
    case TIMER_CANCEL:
        return r.id;
    default:
        return r.operation;
    }
}

uint64_t probe_net(struct queue_consumer *q)
{
    struct net_frame f;

    if (queue_look(q) == 0 || !net_frames_take(q, &f)) {
        return 0;
    }
    if (f.offset > 4096 || f.length > 4096 - f.offset) {
        return f.offset + f.length;
    }
    return f.length < NET_FRAME_MIN ? f.length : f.offset * 7 + f.length;
}

uint64_t probe_serial(struct queue_consumer *q)
{
    uint8_t byte;

    if (queue_look(q) == 0 || !serial_bytes_take(q, &byte)) {
        return 0;
    }
    switch (byte) {
    case '\n':
        return 1000;
    case '\t':
        return 2000;
    case 0x1b:
        return byte + 3000U;
    default:
        return byte >= 0x20 && byte < 0x7f ? byte : byte + 4000U;
    }
}

/* The control: reads in place, as no one should; the test must notice. */
uint64_t probe_careless(struct queue_consumer *q)
{
    const volatile struct timer_request *r = (const void *)q->peer->entries;

    return r->id >= TIMER_IDS ? 0 : r->id + r->operation;
}

/*
 * A check and a jump table over a lone word: the compiler may want to compare the
 * word in place and then to load it for the table.
 */
QUEUE_OF(words, uint32_t);

void act(uint32_t *digest, uint32_t value);

__attribute__((noinline)) void act(uint32_t *digest, uint32_t value)
{
    *digest = *digest * 31 + value;
}

uint64_t probe_table(struct queue_consumer *q)
{
    uint32_t word, digest = 0;

    if (queue_look(q) == 0 || !words_take(q, &word)) {
        return 0;
    }
    switch (word) {
    case 0:
        act(&digest, 5);
        break;
    case 1:
        act(&digest, 17);
        act(&digest, 4);
        break;
    case 2:
        act(&digest, 2);
        act(&digest, 3);
        act(&digest, 3);
        break;
    case 3:
        act(&digest, 11);
        act(&digest, 1);
        act(&digest, 0);
        break;
    case 4:
        act(&digest, 1);
        act(&digest, 1);
        break;
    case 5:
        act(&digest, 3);
        break;
    default:
        return 7;
    }
    return digest;
}
