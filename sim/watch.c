/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lost wake-ups in links (<quoll/link.h>, <quoll/queue.h>): somebody asked to be woken
 * when an index is passed, it has been passed, nobody is awake, no signal is under way,
 * and the sleeper has neither looked nor been signalled since it was passed. Exact,
 * because checked programs show each load of an index; from other programs nothing is
 * known, and nothing concluded.
 */
#include <quoll/link.h>

#include "sim/sim.h"
#include "text.h"

#define LIFE offsetof(struct link_half, life)
#define HEAD (offsetof(struct link_half, consume) + offsetof(struct queue_consumer_half, head))
#define TAIL (offsetof(struct link_half, produce) + offsetof(struct queue_producer_half, tail))

/* One direction: what `producer` writes in its half, `consumer` answers in its own. */
struct queue {
    struct sim_pd *producer, *consumer;
    struct sim_region *produced, *consumed;
    const struct quoll_link_config *config; /* the producer's end */
};

static struct queue *queues;
size_t sim_queue_count;

static struct sim_pd *peer_of(const struct sim_pd *pd, const struct quoll_link_config *link)
{
    return link->channel < SIM_MAX_CHANNELS ? pd->channel[link->channel].peer : NULL;
}

static void add_end(struct sim_pd *pd, const struct quoll_link_config *link)
{
    struct sim_pd *peer = peer_of(pd, link), *owner;
    const struct sim_view *mine = memory_view(link->mine, &owner);
    const struct sim_view *theirs = memory_view(link->peer, &owner);

    if (link->kind == LINK_NONE || peer == NULL || mine == NULL || theirs == NULL) {
        return;
    }
    queues = text_grow(queues, sim_queue_count + 1, sizeof *queues);
    unsigned channel = pd->channel[link->channel].channel;
    mine->region->produces = theirs->region->consumes = (uint16_t)(sim_queue_count + 1);
    pd->channel[link->channel].produces = (uint16_t)(sim_queue_count + 1);
    peer->channel[channel].consumes = (uint16_t)(sim_queue_count + 1);
    queues[sim_queue_count++] = (struct queue){.producer = pd,
                                               .consumer = peer,
                                               .produced = mine->region,
                                               .consumed = theirs->region,
                                               .config = link};
}

void watch_create(void)
{
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd *pd = &sim_system.pds[i];
        for (unsigned j = 0; pd->config != NULL && j < pd->config->links; j++) {
            add_end(pd, &pd->config->link[j]);
        }
    }
    if (sim_queue_count > SIM_MAX_QUEUES) {
        sim_queue_count = SIM_MAX_QUEUES;
    }
}

static uint32_t tail_of(unsigned number)
{
    return ((const struct link_half *)memory_at(queues[number - 1].produced))->produce.tail;
}

static uint32_t head_of(unsigned number)
{
    return ((const struct link_half *)memory_at(queues[number - 1].consumed))->consume.head;
}

static struct sim_watch *watch_of(unsigned number)
{
    static struct sim_watch unwatched;

    return number != 0 && number <= sim_queue_count ? &sim_machine.watch[number - 1] : &unwatched;
}

void watch_access(const struct sim_view *view, uintptr_t address, bool write)
{
    uint64_t offset = address - view->address;
    unsigned produces = view->region->produces, consumes = view->region->consumes;

    if (offset == TAIL && produces != 0 && !write) {
        watch_of(produces)->tail_known = tail_of(produces);
    } else if (offset == HEAD && consumes != 0 && !write) {
        watch_of(consumes)->head_known = head_of(consumes);
    } else if (offset == LIFE && write) { /* the link starts anew */
        watch_of(produces)->tail_known = 0;
        watch_of(consumes)->head_known = 0;
    }
}

void watch_signal(const struct sim_pd *pd, unsigned channel)
{
    unsigned produces = pd->channel[channel].produces, consumes = pd->channel[channel].consumes;

    if (produces != 0) {
        watch_of(produces)->tail_known = tail_of(produces);
    }
    if (consumes != 0) {
        watch_of(consumes)->head_known = head_of(consumes);
    }
}

static uint32_t life_of(const struct queue *q, const struct sim_pd *pd)
{
    struct sim_pd *owner;
    const struct sim_view *lives = memory_view(q->producer->config->lives, &owner);

    return lives == NULL ? 0 : ((const uint32_t *)memory_at(lives->region))[pd->config->pd];
}

/* Both ends have set the link up for each other's present life. */
static bool is_up(const struct queue *q)
{
    const struct link_half *p = memory_at(q->produced), *c = memory_at(q->consumed);
    uint32_t producer = life_of(q, q->producer) + 1U, consumer = life_of(q, q->consumer) + 1U;

    return q->producer->checked && q->consumer->checked && p->magic == LINK_MAGIC &&
           c->magic == LINK_MAGIC && p->life == producer && p->seen == consumer &&
           c->life == consumer && c->seen == producer &&
           state_of(q->producer)->status == SIM_WAITING &&
           state_of(q->consumer)->status == SIM_WAITING;
}

/* `now` is past `asked`, by at most the queue's capacity, and `known` is not. */
static bool is_lost(uint32_t asked, uint32_t now, uint32_t known, uint32_t capacity)
{
    return now - asked - 1U < capacity && (int32_t)(known - asked) <= 0;
}

void watch_check(void)
{
    for (size_t i = 0; i < sim_queue_count; i++) {
        const struct queue *q = &queues[i];
        const struct sim_watch *watch = &sim_machine.watch[i];
        const struct link_half *p = memory_at(q->produced), *c = memory_at(q->consumed);
        uint32_t capacity = q->config->produce_capacity;
        uint32_t tail = p->produce.tail, head = c->consume.head;
        if (!is_up(q)) {
            continue;
        }
        if (c->consume.wake_at == head && is_lost(head, tail, watch->tail_known, capacity)) {
            run_note_failure("lost wake-up: %s sleeps, and does not know of %u entries in '%s' "
                             "from %s",
                             q->consumer->name, tail - head, q->produced->name, q->producer->name);
        }
        uint32_t full = tail - capacity;
        if (p->produce.room_at == full && is_lost(full, head, watch->head_known, capacity)) {
            run_note_failure("lost wake-up: %s sleeps, and does not know of room for %u entries "
                             "in '%s' to %s",
                             q->producer->name, head - full, q->produced->name, q->consumer->name);
        }
    }
}
