/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both sides of a queue in one program: what an entry costs to put and to take, with all
 * checks and fences, but without a wake-up. Each side is a function that is not inlined,
 * so that neither sees what the other does, as in two protection domains.
 *
 * Each batch is published, taken and released once, and each time the consumer asks to be
 * woken and looks once more; there it finds the next batch, since the producer is one
 * ahead, and so nobody has to be notified. The producer looks for room when what it knows
 * of is used up.
 */
#include <string.h>

#include <quoll/microkit.h>
#include <quoll/panic.h>
#include <quoll/pd.h>
#include <quoll/queue_entries.h>

#include "count.h"
#include "plan.h"

#define QUEUE_BATCH 256U

struct small {
    uint32_t offset;
    uint16_t length, reserved;
};
struct medium {
    uint64_t address;
    uint32_t length, id;
};
struct large {
    uint64_t word[4];
};
QUEUE_OF(small, struct small);
QUEUE_OF(medium, struct medium);
QUEUE_OF(large, struct large);

static struct queue_producer_half *producer_half;
static _Alignas(64) unsigned char memory[sizeof(struct queue_producer_half) +
                                         QUEUE_CAPACITY * sizeof(struct large)];
static struct queue_consumer_half consumer_half;
static struct queue_producer producer;
static struct queue_consumer consumer;

/* A type's sides, and the run of one case. */
#define SIDES(name)                                                                                \
    static struct name name##_in[QUEUE_BATCH], name##_out[QUEUE_BATCH];                            \
    __attribute__((noinline)) static bool name##_produce(uint32_t batch)                           \
    {                                                                                              \
        (void)name##_put_many(&producer, name##_in, batch);                                        \
        return queue_publish(&producer);                                                           \
    }                                                                                              \
    __attribute__((noinline)) static bool name##_consume(void)                                     \
    {                                                                                              \
        bool wanted;                                                                               \
                                                                                                   \
        (void)name##_take_many(&consumer, name##_out, QUEUE_BATCH);                                \
        (void)!queue_release_and_sleep(&consumer, &wanted);                                        \
        return wanted;                                                                             \
    }                                                                                              \
    static void name##_run(uint32_t batch)                                                         \
    {                                                                                              \
        uint32_t notifications = 0, head = consumer.head;                                          \
        for (uint32_t i = 0; i < QUEUE_ENTRIES; i += batch) {                                      \
            notifications += name##_produce(batch);                                                \
            notifications += name##_consume();                                                     \
        }                                                                                          \
        QUOLL_INVARIANT(consumer.head - head == QUEUE_ENTRIES && notifications <= 1);              \
    }                                                                                              \
    static void name##_check(uint32_t batch)                                                       \
    {                                                                                              \
        memset(name##_in, 0x5a, sizeof name##_in);                                                 \
        memset(name##_out, 0, sizeof name##_out);                                                  \
        (void)!name##_produce(batch);                                                              \
        queue_look(&consumer);                                                                     \
        name##_run(batch);                                                                         \
        QUOLL_INVARIANT(memcmp(name##_in, name##_out, batch * sizeof(struct name)) == 0);          \
    }

SIDES(small)
SIDES(medium)
SIDES(large)

static void (*const check[])(uint32_t) = {small_check, medium_check, large_check};
static void (*const run[])(uint32_t) = {small_run, medium_run, large_run};

static void reset(void)
{
    producer_half = (struct queue_producer_half *)memory;
    producer = (struct queue_producer){
        .mine = producer_half, .peer = &consumer_half, .capacity = QUEUE_CAPACITY};
    consumer = (struct queue_consumer){
        .mine = &consumer_half, .peer = producer_half, .capacity = QUEUE_CAPACITY};
    queue_producer_reset(&producer);
    queue_consumer_reset(&consumer);
}

void pd_start(void)
{
    for (unsigned s = 0; s < PLAN_LENGTH(queue_sizes); s++) {
        for (unsigned b = 0; b < PLAN_LENGTH(queue_batches); b++) {
            reset();
            check[s](queue_batches[b]);
            BENCH_MARK();
            run[s](queue_batches[b]);
            BENCH_MARK();
        }
    }
}

void pd_wake(microkit_channel channel)
{
    (void)channel;
}
