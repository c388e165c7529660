/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer virtualiser: many timeouts of many clients on one deadline of the
 * driver. The contract is in <quoll/timer.h>.
 *
 * Each client has TIMER_IDS timeouts here, whether it uses them or not; so nothing a
 * client does takes memory from another, and every request but a malformed one can
 * be served at once. They are in our own memory, of which the composer gives us as much
 * as there are clients for; it is not zeroed when we are started anew. Running timeouts
 * are in a heap. What has expired and found no room in its client's queue is remembered
 * as a number per timeout, and told in turn as the client makes room; the client loses
 * nothing and costs nobody else.
 *
 * The driver is asked only when the earliest time is another than the one it has.
 * It is believed in nothing: whenever we wake, for whatever reason, the clock
 * decides what has expired.
 */
#include <quoll/error.h>
#include <quoll/link.h>
#include <quoll/panic.h>
#include <quoll/pd.h>
#include <quoll/time.h>
#include <quoll/timer.h>

#include "heap.h"

#define BATCH       8U  /* requests of a client before it is the next one's turn */
#define ROUNDS      16U /* of turns before we look after all clients */
#define NEVER       UINT64_MAX
#define MAX_CLIENTS (QUOLL_MAX_LINKS - 1U)

struct timeout {
    struct heap_node node; /* in the heap while it runs */
    uint64_t period;
    uint64_t expired; /* times, not yet told */
    uint8_t client;
};

struct client {
    struct link link;
    uint64_t untold;         /* a bit per timeout that has expired */
    uint32_t turn;           /* the timeout to be told first */
    struct timeout *timeout; /* TIMER_IDS of them */
};

static_assert(TIMER_IDS == 64U, "a bit per timeout");
static_assert(MAX_CLIENTS <= 64U, "a bit per client");
static_assert(TIMER_IDS * (sizeof(struct timeout) + sizeof(struct heap_node *)) ==
                  TIMER_CLIENT_MEMORY,
              "what the composer gives for each");

#define CLIENT_BIT(number) (UINT64_C(1) << (number))

static struct {
    struct link device;
    uint64_t armed; /* what the driver has been asked for, or NEVER */
    struct heap heap;
    unsigned clients;
    uint64_t active; /* clients that this wake-up is about: their links have been checked */
    struct client client[MAX_CLIENTS];
} virt;

static uint64_t add(uint64_t a, uint64_t b)
{
    return b > NEVER - a ? NEVER : a + b;
}

/* ---- Requests ---- */

static void forget(struct client *client, uint32_t id)
{
    struct timeout *timeout = &client->timeout[id];

    heap_remove(&virt.heap, &timeout->node);
    timeout->expired = 0;
    client->untold &= ~(UINT64_C(1) << id);
}

static void forget_all(struct client *client)
{
    for (uint32_t id = 0; id < TIMER_IDS; id++) {
        forget(client, id);
    }
}

static bool well_formed(const struct timer_request *request)
{
    if (request->id >= TIMER_IDS) {
        return false;
    }
    switch (request->operation) {
    case TIMER_AT:
    case TIMER_AFTER:
        return request->period == 0 || request->period >= TIMER_PERIOD_MIN;
    case TIMER_CANCEL:
        return true;
    default:
        return false;
    }
}

/* Say so if there is room; a client that leaves none is not owed an answer. */
static void refuse(struct client *client, const struct timer_request *request)
{
    const struct timer_expiry answer = {.id = request->id, .status = QUOLL_EINVALID};

    link_count(&client->link, COUNT_REFUSED, 1);
    (void)queue_look_for_room(&client->link.out);
    if (!timer_expiries_put(&client->link.out, &answer)) {
        link_count(&client->link, COUNT_DROPPED, 1);
    }
}

static void serve(struct client *client, const struct timer_request *request)
{
    if (!well_formed(request)) {
        refuse(client, request);
        return;
    }
    uint64_t base = request->operation == TIMER_AFTER ? quoll_now() : 0;
    struct timeout *timeout = &client->timeout[request->id];

    forget(client, request->id);
    if (request->operation != TIMER_CANCEL) {
        timeout->period = request->period;
        heap_put(&virt.heap, &timeout->node, add(base, request->when));
    }
}

/* A batch of the client's requests; whether it has said all for now. */
static bool serve_batch(struct client *client)
{
    struct link *link = &client->link;
    struct timer_request request;

    if (link->in.ready == 0) {
        (void)queue_look(&link->in);
    }
    for (unsigned n = 0; n < BATCH && timer_requests_take(&link->in, &request); n++) {
        serve(client, &request);
    }
    return link->in.ready == 0 && link_sleep(link);
}

/* ---- Expiries ---- */

/* False if the client has left no room. */
static bool tell(struct client *client, uint32_t id, uint64_t times)
{
    const struct timer_expiry expiry = {.id = id, .status = QUOLL_OK, .count = times};

    return timer_expiries_put(&client->link.out, &expiry);
}

/*
 * The next time of a periodic timeout is the first one after now on its own grid,
 * however late we are; those in between are only counted.
 */
static void expire(struct timeout *timeout, uint64_t now)
{
    struct client *client = &virt.client[timeout->client];
    uint32_t id = (uint32_t)(timeout - client->timeout);
    uint64_t times = 1;

    if (timeout->period == 0) {
        heap_remove(&virt.heap, &timeout->node);
    } else {
        uint64_t late = now - timeout->node.when;

        times += late / timeout->period;
        heap_put(&virt.heap, &timeout->node, add(now - late % timeout->period, timeout->period));
    }
    (void)queue_look_for_room(&client->link.out);
    if (client->untold != 0 || !tell(client, id, times)) {
        timeout->expired += times;
        client->untold |= UINT64_C(1) << id;
    }
}

/* Make a client active. What its old life has set is forgotten. */
static void look_at(unsigned number)
{
    struct client *client = &virt.client[number];
    bool was_up = client->link.up;

    virt.active |= CLIENT_BIT(number);
    if (link_check(&client->link) != LINK_UP && was_up) {
        forget_all(client);
    }
}

/*
 * In the order of their times. Each expires once at most: its next time is after now. A
 * client is looked at before, since it may have a new life, of which we shall hear.
 */
static void expire_all(void)
{
    uint64_t now = quoll_now();
    struct heap_node *first;

    while ((first = heap_first(&virt.heap)) != NULL && first->when <= now && first->when != NEVER) {
        struct timeout *timeout = (struct timeout *)first;

        if ((virt.active & CLIENT_BIT(timeout->client)) != 0) {
            expire(timeout, now);
        } else {
            look_at(timeout->client);
        }
    }
}

/* One of the untold, in turn, so that a busy one among them cannot keep others back. */
static uint32_t next_untold(const struct client *client)
{
    uint32_t turn = client->turn % TIMER_IDS;
    uint64_t rotated = client->untold >> turn | client->untold << (-turn % TIMER_IDS);

    return (turn + (uint32_t)__builtin_ctzll(rotated)) % TIMER_IDS;
}

static void tell_untold(struct client *client)
{
    struct link *link = &client->link;

    (void)queue_look_for_room(&link->out);
    do {
        while (client->untold != 0) {
            uint32_t id = next_untold(client);

            if (!tell(client, id, client->timeout[id].expired)) {
                break;
            }
            client->timeout[id].expired = 0;
            client->untold &= ~(UINT64_C(1) << id);
            client->turn = id + 1U;
        }
        link_publish(link);
    } while (client->untold != 0 && !queue_wait_for_room(&link->out));
}

/* ---- The driver ---- */

/*
 * Whatever it says, it has no deadline any more; what has expired the clock will tell. False
 * if it has more to say.
 */
static bool take_expiries(void)
{
    struct timer_expiry expiry;

    if (virt.device.in.ready == 0) {
        (void)queue_look(&virt.device.in);
    }
    while (timer_expiries_take(&virt.device.in, &expiry)) {
        virt.armed = NEVER;
    }
    return link_sleep(&virt.device);
}

/* Ask for the earliest time, unless that is what the driver has. */
static void arm(void)
{
    const struct heap_node *first = heap_first(&virt.heap);
    struct timer_request request = {.operation = TIMER_CANCEL, .when = NEVER};

    if (first != NULL && first->when != NEVER) {
        request.operation = TIMER_AT;
        request.when = first->when;
    }
    if (request.when == virt.armed) {
        return;
    }
    struct queue_producer *out = &virt.device.out;

    if (queue_look_for_room(out) > 0 || !queue_wait_for_room(out)) {
        (void)timer_requests_put(out, &request);
        virt.armed = request.when;
        link_publish(&virt.device);
    }
}

/* ---- Wake-ups ---- */

/* Who is not active has nothing for us: it notifies us of requests, of room and of its lives. */
static void wake_client(microkit_channel channel)
{
    for (unsigned i = 0; i < virt.clients; i++) {
        if (virt.client[i].link.config->channel == channel) {
            link_count(&virt.client[i].link, COUNT_WOKEN, 1);
            look_at(i);
            return;
        }
    }
}

static bool is_served(unsigned number)
{
    return (virt.active & CLIENT_BIT(number)) != 0 && virt.client[number].link.up;
}

/* A batch of each active client, and what has expired meanwhile; whether all have said all. */
static bool serve_in_turn(bool driver)
{
    bool done = !driver || take_expiries();

    for (unsigned i = 0; virt.active >> i != 0; i++) {
        if (is_served(i)) {
            done = serve_batch(&virt.client[i]) && done;
        }
    }
    expire_all();
    for (unsigned i = 0; virt.active >> i != 0; i++) {
        if (is_served(i)) {
            tell_untold(&virt.client[i]);
        }
    }
    return done;
}

/*
 * A client or the driver on another core may have more for ever: now and then, all are looked
 * at, since they may have notified us. (And what has expired we see ourselves.)
 */
static void serve_all(bool driver)
{
    for (unsigned round = 1; !serve_in_turn(driver); round++) {
        for (unsigned i = 0; round % ROUNDS == 0 && i < virt.clients; i++) {
            look_at(i);
        }
    }
    virt.active = 0;
}

/* The timeouts of all clients, then the places of the heap. */
static void open_memory(void)
{
    uint32_t timeouts = virt.clients * TIMER_IDS;
    struct timeout *timeout = (void *)(uintptr_t)quoll_config.own.vaddr;

    QUOLL_INVARIANT((uint64_t)virt.clients * TIMER_CLIENT_MEMORY <= quoll_config.own.size);
    virt.heap = (struct heap){.nodes = (void *)(timeout + timeouts), .capacity = timeouts};
    for (uint32_t i = 0; i < timeouts; i++) {
        timeout[i] = (struct timeout){.client = (uint8_t)(i / TIMER_IDS)};
    }
    for (unsigned i = 0; i < virt.clients; i++) {
        virt.client[i].timeout = &timeout[i * TIMER_IDS];
    }
}

void pd_start(void)
{
    const struct quoll_link_config *config;

    virt.armed = NEVER;
    while ((config = quoll_find_link(LINK_TIMER_CLIENT, NULL, virt.clients)) != NULL) {
        link_open(&virt.client[virt.clients].link, config, sizeof(struct timer_expiry));
        virt.clients += 1;
    }
    open_memory();
    config = quoll_find_link(LINK_TIMER_DEVICE, NULL, 0);
    QUOLL_INVARIANT(config != NULL);
    link_open(&virt.device, config, sizeof(struct timer_request));
}

void pd_wake(microkit_channel channel)
{
    enum link_state device = link_check(&virt.device);

    if (device == LINK_CAME_UP) {
        virt.armed = NEVER; /* a new life of the driver knows nothing */
    }
    link_count(&virt.device, COUNT_WOKEN, channel == virt.device.config->channel);
    wake_client(channel);
    serve_all(device != LINK_DOWN);
    if (device != LINK_DOWN) {
        arm();
    }
}
