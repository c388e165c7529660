/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's ledger: a slot for each outstanding request, whose number is the
 * request's id on the link, so that an answer is believed only for a slot in use.
 */
#include <quoll/block_client.h>

#define SLOT(n)     (1ULL << (n))
#define REFUSED_MAX 1024U /* answers, in one life of the virtualiser */

static unsigned first_of(uint64_t set)
{
    return (unsigned)__builtin_ctzll(set);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

enum quoll_error block_client_open(struct block_client *client, const char *name)
{
    const struct quoll_link_config *config = quoll_find_link(LINK_BLOCK_CLIENT, name, 0);

    if (config == NULL) {
        return QUOLL_ENOTFOUND;
    }
    uint32_t slots = least(config->settings.block.quota,
                           least(config->produce_capacity, config->consume_capacity));

    client->busy = 0;
    client->lost = 0;
    client->quiet = false;
    client->refused = 0;
    client->slots = slots >= BLOCK_CLIENT_MAX ? UINT64_MAX : SLOT(slots) - 1U;
    link_open(&client->link, config, sizeof(struct block_request));
    return QUOLL_OK;
}

/* Whether the queues may be used; if the virtualiser has died, so has what it held. */
static bool is_up(struct block_client *client)
{
    if (client->link.up && link_peer_life(&client->link) == client->link.peer_life) {
        return true;
    }
    client->lost |= client->busy;
    client->busy = 0;
    client->quiet = false;
    client->refused = 0;
    return link_check(&client->link) != LINK_DOWN;
}

bool block_client_info(struct block_client *client, struct block_info *info)
{
    if (!is_up(client)) {
        *info = (struct block_info){0};
        return false;
    }
    return link_told(&client->link, info, sizeof *info) && info->ready == 1;
}

void *block_client_data(const struct block_client *client)
{
    return (void *)(uintptr_t)client->link.config->data.vaddr;
}

uint64_t block_client_data_size(const struct block_client *client)
{
    return client->link.config->data.size;
}

/* The queue holds a request for each slot, but the virtualiser may be slow to give it back. */
static bool has_room(struct block_client *client)
{
    struct queue_producer *out = &client->link.out;

    return out->room > 0 || queue_look_for_room(out) > 0 || !queue_wait_for_room(out);
}

static enum quoll_error ask(struct block_client *client, enum block_operation operation,
                            uint64_t block, uint32_t count, uint64_t data, uint32_t id)
{
    if (!is_up(client)) {
        return QUOLL_EDOWN;
    }
    uint64_t free = client->slots & ~(client->busy | client->lost);

    if (free == 0 || !has_room(client)) {
        return QUOLL_EBUSY;
    }
    unsigned slot = first_of(free);
    struct block_request request = {
        .id = slot,
        .operation = (uint16_t)operation,
        .count = count,
        .block = block,
        .data = data,
    };

    (void)block_requests_put(&client->link.out, &request);
    client->id[slot] = id;
    client->busy |= SLOT(slot);
    return QUOLL_OK;
}

enum quoll_error block_read(struct block_client *client, uint64_t block, uint32_t count,
                            uint64_t data, uint32_t id)
{
    return ask(client, BLOCK_READ, block, count, data, id);
}

enum quoll_error block_write(struct block_client *client, uint64_t block, uint32_t count,
                             uint64_t data, uint32_t id)
{
    return ask(client, BLOCK_WRITE, block, count, data, id);
}

enum quoll_error block_flush(struct block_client *client, uint32_t id)
{
    return ask(client, BLOCK_FLUSH, 0, 0, 0, id);
}

enum quoll_error block_discard(struct block_client *client, uint64_t block, uint32_t count,
                               uint32_t id)
{
    return ask(client, BLOCK_DISCARD, block, count, 0, id);
}

enum quoll_error block_write_zeroes(struct block_client *client, uint64_t block, uint32_t count,
                                    uint32_t id)
{
    return ask(client, BLOCK_WRITE_ZEROES, block, count, 0, id);
}

unsigned block_client_room(struct block_client *client)
{
    if (!is_up(client)) {
        return 0;
    }
    uint32_t room = queue_look_for_room(&client->link.out);
    uint32_t free = (uint32_t)__builtin_popcountll(client->slots & ~(client->busy | client->lost));

    return least(room, free);
}

void block_client_publish(struct block_client *client)
{
    if (is_up(client)) {
        link_publish(&client->link);
    }
}

/*
 * The virtualiser's new life says that the disk is ready, or why not, only after the
 * driver has reset the device for it: from then on no old request touches our data.
 */
static bool is_quiet(struct block_client *client)
{
    struct block_info info;

    if (!client->quiet && link_told(&client->link, &info, sizeof info)) {
        client->quiet = info.ready != 0 || info.error != QUOLL_OK;
    }
    return client->quiet;
}

static bool next_lost(struct block_client *client, struct block_response *done)
{
    if (client->lost == 0 || !is_quiet(client)) {
        return false;
    }
    unsigned slot = first_of(client->lost);

    client->lost &= ~SLOT(slot);
    *done = (struct block_response){.id = client->id[slot], .status = QUOLL_ERESET};
    return true;
}

/*
 * An answer to what was not asked is skipped. No honest virtualiser gives one; on another
 * core it could always have one more, and keep who reads until there are none: it is cut off.
 */
static bool next_answer(struct block_client *client, struct block_response *done)
{
    struct queue_consumer *in = &client->link.in;

    if (in->ready == 0) {
        queue_look(in);
    }
    while (block_responses_take(in, done)) {
        if (done->id < BLOCK_CLIENT_MAX && (client->busy & SLOT(done->id)) != 0) {
            client->busy &= ~SLOT(done->id);
            done->id = client->id[done->id];
            return true;
        }
        link_count(&client->link, COUNT_REFUSED, 1);
        client->refused += 1U;
        if (client->refused > REFUSED_MAX) {
            in->ready = queue_consumer_break(in);
        }
    }
    return false;
}

bool block_client_next(struct block_client *client, struct block_response *done)
{
    return is_up(client) && (next_lost(client, done) || next_answer(client, done));
}

bool block_client_wake(struct block_client *client, microkit_channel channel)
{
    if (client->link.config == NULL || client->link.config->channel != channel) {
        return false;
    }
    link_count(&client->link, COUNT_WOKEN, 1);
    (void)is_up(client);
    return true;
}

bool block_client_sleep(struct block_client *client)
{
    if (!is_up(client)) {
        return true;
    }
    return link_sleep(&client->link);
}
