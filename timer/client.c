/* SPDX-License-Identifier: BSD-2-Clause */
#include <quoll/time.h>
#include <quoll/timer_client.h>

/* Many more than can be on their way at once: what queues and the virtualiser hold. */
#define ASTRAY_MAX 4096U

static uint64_t bit(uint32_t id)
{
    return UINT64_C(1) << id;
}

/* A time too far away to be expressed is never. */
static uint64_t later(uint64_t time, uint64_t by)
{
    return by > UINT64_MAX - time ? UINT64_MAX : time + by;
}

static struct timer_request request_for(const struct timer_client *client, uint32_t id)
{
    if (!timer_running(client, id)) {
        return (struct timer_request){.id = id, .operation = TIMER_CANCEL};
    }
    return (struct timer_request){
        .id = id,
        .operation = TIMER_AT,
        .when = client->timeout[id].when,
        .period = client->timeout[id].period,
    };
}

/* Tell the virtualiser what it does not know yet; what finds no room goes later. */
static void send(struct timer_client *client)
{
    struct link *link = &client->link;

    (void)queue_look_for_room(&link->out);
    do {
        while (client->unsent != 0) {
            uint32_t id = (uint32_t)__builtin_ctzll(client->unsent);
            struct timer_request request = request_for(client, id);

            if (!timer_requests_put(&link->out, &request)) {
                break;
            }
            client->unsent &= ~bit(id);
        }
        link_publish(link);
    } while (client->unsent != 0 && !queue_wait_for_room(&link->out));
}

/*
 * Whether the link can be used, with nothing left unsaid that could be said. A new
 * life of the virtualiser knows of no timeout.
 */
static bool ready(struct timer_client *client)
{
    enum link_state state = link_check(&client->link);

    if (state == LINK_DOWN) {
        return false;
    }
    if (state == LINK_CAME_UP) {
        client->unsent = client->running;
    }
    if (client->unsent != 0) {
        send(client);
    }
    return true;
}

static enum quoll_error change(struct timer_client *client, uint32_t id, bool running,
                               uint64_t when, uint64_t period)
{
    if (id >= TIMER_IDS) {
        return QUOLL_EINVALID;
    }
    client->timeout[id].when = when;
    client->timeout[id].period = period;
    client->running = (client->running & ~bit(id)) | (running ? bit(id) : 0);
    client->unsent |= bit(id);
    (void)ready(client);
    return QUOLL_OK;
}

enum quoll_error timer_client_open(struct timer_client *client, const char *name)
{
    const struct quoll_link_config *config = quoll_find_link(LINK_TIMER_CLIENT, name, 0);

    if (config == NULL) {
        return QUOLL_ENOTFOUND;
    }
    link_open(&client->link, config, sizeof(struct timer_request));
    return QUOLL_OK;
}

enum quoll_error timer_set(struct timer_client *client, uint32_t id, uint64_t when)
{
    return change(client, id, true, when, 0);
}

enum quoll_error timer_set_after(struct timer_client *client, uint32_t id, uint64_t delay)
{
    return change(client, id, true, later(quoll_now(), delay), 0);
}

enum quoll_error timer_set_periodic(struct timer_client *client, uint32_t id, uint64_t first,
                                    uint64_t period)
{
    return period < TIMER_PERIOD_MIN ? QUOLL_EINVALID : change(client, id, true, first, period);
}

enum quoll_error timer_cancel(struct timer_client *client, uint32_t id)
{
    return change(client, id, false, 0, 0);
}

/*
 * An expiry only makes us look: whether its timeout has expired, and how often, our
 * own record and the clock say. So one that belongs to an earlier setting is seen
 * through, and what is reported once is not reported again by one still under way.
 */
static bool accept(struct timer_client *client, struct timer_expiry *expiry)
{
    uint32_t id = expiry->id;
    uint64_t now = quoll_now();

    if (!timer_running(client, id)) {
        return false;
    }
    uint64_t when = client->timeout[id].when;
    uint64_t period = client->timeout[id].period;

    if (expiry->status == QUOLL_OK && now < when) {
        return false;
    }
    if (expiry->status != QUOLL_OK || period == 0) {
        client->running &= ~bit(id);
        return true;
    }
    expiry->count = (now - when) / period + 1U;
    client->timeout[id].when = later(now - (now - when) % period, period);
    return true;
}

/*
 * A batch of expiries, until one is good. Those that are not have crossed something on their
 * way, and only so many can be on it; a virtualiser on another core that has always one more
 * is cut off, or it would keep us for ever.
 */
static bool next_of_batch(struct timer_client *client, struct timer_expiry *expiry)
{
    struct queue_consumer *in = &client->link.in;

    while (timer_expiries_take(in, expiry)) {
        if (accept(client, expiry)) {
            client->astray = 0;
            return true;
        }
        client->astray += 1U;
        if (client->astray > ASTRAY_MAX) {
            in->ready = queue_consumer_break(in);
        }
    }
    return false;
}

bool timer_client_next(struct timer_client *client, struct timer_expiry *expiry)
{
    struct link *link = &client->link;

    if (!ready(client)) {
        return false;
    }
    if (link->in.ready == 0) {
        (void)queue_look(&link->in);
    }
    do {
        if (next_of_batch(client, expiry)) {
            count(COUNT_TIMEOUTS, 1);
            return true;
        }
    } while (!link_sleep(link));
    client->astray = 0;
    return false;
}

bool timer_client_wake(struct timer_client *client, microkit_channel channel)
{
    bool mine = client->link.config != NULL && channel == client->link.config->channel;

    (void)ready(client);
    if (mine) {
        link_count(&client->link, COUNT_WOKEN, 1);
    }
    return mine;
}
