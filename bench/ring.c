/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring: the queue on this machine, beside DPDK's rte_ring, as text for the bench tool:
 *
 *     CASE<tab>PART<tab>VALUE
 *
 * Same guarantees: one producer, one consumer, no locks, bounded, batches, 16-byte
 * entries copied in and out, all or nothing not asked for. Different: rte_ring trusts the
 * other side's index and wakes nobody; the queue checks it, keeps both halves in pages of
 * their own, fetches each word once, and looks whether the other side sleeps, which takes
 * a full fence per batch and side.
 *
 * On two cores, a thread each puts and takes as fast as it can; on one, a thread puts and
 * takes batch by batch while the ring stays filled to a given part.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <quoll/queue_entries.h>

#define ENTRIES  262144U
#define TRIES    7U
#define CAPACITY 4096U /* at most */
#define BATCH    256U  /* at most */

struct entry {
    uint64_t address, more;
};
QUEUE_OF(entries, struct entry);

/* A ring of either kind: how many were put, or taken. */
struct ring {
    const char *name;
    void (*make)(uint32_t capacity);
    uint32_t (*put)(const struct entry *from, uint32_t count);
    uint32_t (*take)(struct entry *to, uint32_t most);
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- Quoll's ---- */

static _Alignas(4096) unsigned char producer_page[sizeof(struct queue_producer_half) +
                                                  CAPACITY * sizeof(struct entry)];
static _Alignas(4096) struct queue_consumer_half consumer_page;
static _Alignas(64) struct queue_producer producer;
static _Alignas(64) struct queue_consumer consumer;
static _Alignas(64) unsigned wakeups;

static void queue_make(uint32_t capacity)
{
    struct queue_producer_half *half = (struct queue_producer_half *)producer_page;

    producer = (struct queue_producer){.mine = half, .peer = &consumer_page, .capacity = capacity};
    consumer = (struct queue_consumer){.mine = &consumer_page, .peer = half, .capacity = capacity};
    queue_producer_reset(&producer);
    queue_consumer_reset(&consumer);
}

static uint32_t queue_put(const struct entry *from, uint32_t count)
{
    uint32_t done = entries_put_many(&producer, from, count);

    wakeups += queue_publish(&producer);
    return done;
}

static uint32_t queue_take(struct entry *to, uint32_t most)
{
    if (consumer.ready == 0 && queue_look(&consumer) == 0) {
        return 0;
    }
    uint32_t done = entries_take_many(&consumer, to, most);

    (void)!queue_release(&consumer);
    return done;
}

/* ---- DPDK's ---- */

static struct rte_ring *dpdk;

static void dpdk_make(uint32_t capacity)
{
    free(dpdk);
    dpdk = aligned_alloc(4096, 1U << 20);
    if (dpdk == NULL || rte_ring_init(dpdk, "ring", capacity, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0) {
        fprintf(stderr, "ring: no rte_ring of %u\n", capacity);
        exit(1);
    }
}

static uint32_t dpdk_put(const struct entry *from, uint32_t count)
{
    return rte_ring_sp_enqueue_burst_elem(dpdk, from, sizeof *from, count, NULL);
}

static uint32_t dpdk_take(struct entry *to, uint32_t most)
{
    return rte_ring_sc_dequeue_burst_elem(dpdk, to, sizeof *to, most, NULL);
}

static const struct ring rings[] = {
    {"queue", queue_make, queue_put, queue_take},
    {"rte_ring", dpdk_make, dpdk_put, dpdk_take},
};

/* ---- Two cores ---- */

static struct side {
    const struct ring *ring;
    uint32_t batch;
    uint64_t calls; /* of take that found something */
    bool good;
} side;

static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

static void *produce(void *unused)
{
    struct entry batch[BATCH];
    uint64_t put = 0;

    pin(0);
    for (uint32_t i = 0; i < BATCH; i++) {
        batch[i] = (struct entry){i, 1};
    }
    while (put < ENTRIES) {
        put += side.ring->put(batch, side.batch);
    }
    return unused;
}

static double two_cores(const struct ring *ring, uint32_t capacity, uint32_t batch)
{
    struct entry taken[BATCH];
    uint64_t got = 0, ones = 0;
    pthread_t thread;

    ring->make(capacity);
    side = (struct side){.ring = ring, .batch = batch};
    double start = now();

    pthread_create(&thread, NULL, produce, NULL);
    pin(1);
    while (got < ENTRIES) {
        uint32_t n = ring->take(taken, batch);

        for (uint32_t i = 0; i < n; i++) {
            ones += taken[i].more;
        }
        got += n;
        side.calls += n > 0;
    }
    double seconds = now() - start;

    pthread_join(thread, NULL);
    if (ones != got) {
        fprintf(stderr, "ring: %s lost entries\n", ring->name);
        exit(1);
    }
    return seconds;
}

/* ---- One core ---- */

static double one_core(const struct ring *ring, uint32_t capacity, uint32_t filled)
{
    enum { SOME = 16 };
    struct entry some[SOME] = {{1, 1}};

    ring->make(capacity);
    for (uint32_t i = 0; i + SOME <= filled && i + SOME < capacity - SOME; i += SOME) {
        (void)ring->put(some, SOME);
    }
    double start = now();

    for (uint32_t i = 0; i < ENTRIES; i += SOME) {
        if (ring->put(some, SOME) != SOME || ring->take(some, SOME) != SOME) {
            fprintf(stderr, "ring: %s is not as full as it should be\n", ring->name);
            exit(1);
        }
    }
    return now() - start;
}

static void report(const char *name, const char *part, double seconds)
{
    printf("%s\t%s\t%.1f\n", name, part, ENTRIES / seconds / 1e6);
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

int main(void)
{
    static const uint32_t capacities[] = {64, 512, 4096}, batches[] = {1, 16, 256};
    static const unsigned fills[] = {0, 50, 100};
    char name[64];

    for (unsigned r = 0; r < 2; r++) {
        for (unsigned c = 0; c < 3; c++) {
            for (unsigned b = 0; b < 3; b++) {
                double best = 1e9;

                if (batches[b] * 2 > capacities[c]) {
                    continue;
                }
                for (unsigned t = 0; t < TRIES; t++) {
                    best = least(best, two_cores(&rings[r], capacities[c], batches[b]));
                }
                snprintf(name, sizeof name, "capacity %u, batch %u", capacities[c], batches[b]);
                report(name, rings[r].name, best);
            }
        }
        for (unsigned f = 0; f < 3; f++) {
            double best = 1e9;

            for (unsigned t = 0; t < TRIES; t++) {
                best = least(best, one_core(&rings[r], 512, 512 * fills[f] / 100));
            }
            snprintf(name, sizeof name, "one core, filled %u %%", fills[f]);
            report(name, rings[r].name, best);
        }
    }
    return 0;
}
