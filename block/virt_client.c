/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clients' side of the block virtualiser: check what they ask for, enter it
 * into the ledger, answer.
 *
 * A request is taken only while there is room for its response in the client's
 * queue, counting those that are still to come, and while the client leaves as many slots
 * of the ledger to the others as it has, or has less than its share. So no response ever
 * finds its queue full, one who is alone has half of the ledger, one who wakes up finds no
 * less than its share, and a client that reads no responses or floods us waits for itself
 * alone.
 *
 * A client's new life. What its old life asked for is still with the device, which
 * may read and write the client's data region until it is answered. Our half of the
 * link is set up for the new life only then; until then the link is down, for both.
 */
#include <quoll/dma.h>
#include <quoll/log.h>
#include <quoll/panic.h>
#include <quoll/turn.h>

#include "virt.h"

#define CLIENT_BIT(client) (1ULL << (client)->number)

static const struct quoll_region_config *region(const struct virt_client *client)
{
    return &client->link.config->data;
}

static const struct quoll_block_settings *settings(const struct virt_client *client)
{
    return &client->link.config->settings.block;
}

void virt_client_open(struct virt *virt, const struct quoll_link_config *config)
{
    struct virt_client *client = &virt->client[virt->clients];

    if (config->data.io == QUOLL_NO_IO) {
        quoll_panic("client '%s' has no data region for DMA", config->name);
    }
    if (config->data.coherent == 0 && config->data.vaddr == 0) {
        quoll_panic("the device does not see the CPU's caches, so the data region of client '%s' "
                    "must be mapped here",
                    config->name);
    }
    client->name = config->name;
    client->number = (uint8_t)virt->clients;
    virt->clients += 1U;
    link_open(&client->link, config, sizeof(struct block_response));
}

void virt_client_share(struct virt *virt)
{
    uint32_t slots = (uint32_t)__builtin_popcountll(virt->ledger.usable);
    uint32_t share = virt->clients == 0 ? 0 : slots / virt->clients;

    for (uint32_t i = 0; i < virt->clients; i++) {
        virt->client[i].share = share > 0 ? share : 1U;
    }
}

/* Whether the client's queues may be used. */
static bool is_up(struct virt_client *client)
{
    if (client->link.up && link_peer_life(&client->link) == client->link.peer_life) {
        return true;
    }
    client->orphaned |= client->held;
    client->held = 0;
    client->ids = 0;
    client->outstanding = 0;
    return client->orphaned == 0 && link_check(&client->link) != LINK_DOWN;
}

/* ---- Checks: of copies, in an order that serves the contract's errors ---- */

static bool in_partition(const struct virt_client *client, const struct block_request *r)
{
    return r->count >= 1U && r->count <= client->info.max_count && r->block < client->info.blocks &&
           r->count <= client->info.blocks - r->block;
}

static bool in_region(const struct virt_client *client, const struct block_request *r)
{
    uint64_t size = region(client)->size;
    uint64_t length = (uint64_t)r->count * client->info.block_size;

    return r->data % BLOCK_ALIGN == 0 && r->data <= size && length <= size - r->data;
}

/* A client that numbers its requests like block/client.c has small ids; others cost more. */
static uint64_t id_bit(uint32_t id)
{
    return id < 64U ? 1ULL << id : 0;
}

static bool is_outstanding(const struct virt *virt, const struct virt_client *client, uint32_t id)
{
    if (id < 64U) {
        return (client->ids >> id & 1U) != 0;
    }
    for (LEDGER_EACH(slot, client->held)) {
        if (virt->ledger.slot[slot].id == id) {
            return true;
        }
    }
    return false;
}

static enum quoll_error check_change(const struct virt_client *client, bool can)
{
    if (!client->info.writable) {
        return QUOLL_EDENIED;
    }
    return can ? QUOLL_OK : QUOLL_EUNSUPPORTED;
}

static enum quoll_error check_operation(const struct virt_client *client,
                                        const struct block_request *r)
{
    const struct block_info *info = &client->info;

    switch (r->operation) {
    case BLOCK_READ:
        return in_partition(client, r) && in_region(client, r) ? QUOLL_OK : QUOLL_EINVALID;
    case BLOCK_WRITE:
        return in_partition(client, r) && in_region(client, r) ? check_change(client, true)
                                                               : QUOLL_EINVALID;
    case BLOCK_FLUSH:
        return r->block == 0 && r->count == 0 && r->data == 0 ? QUOLL_OK : QUOLL_EINVALID;
    case BLOCK_DISCARD:
        return in_partition(client, r) ? check_change(client, info->can_discard) : QUOLL_EINVALID;
    case BLOCK_WRITE_ZEROES:
        return in_partition(client, r) ? check_change(client, info->can_write_zeroes)
                                       : QUOLL_EINVALID;
    default:
        return QUOLL_EINVALID;
    }
}

static enum quoll_error check(const struct virt *virt, const struct virt_client *client,
                              const struct block_request *r)
{
    if (virt->state == VIRT_DOWN || !client->found) {
        return QUOLL_EDOWN;
    }
    if (r->reserved != 0 || r->reserved2 != 0 || is_outstanding(virt, client, r->id)) {
        return QUOLL_EINVALID;
    }
    enum quoll_error error = check_operation(client, r);

    if (error == QUOLL_OK && client->outstanding >= settings(client)->quota) {
        return QUOLL_EBUSY;
    }
    return error;
}

/* ---- Taking requests ---- */

/* Room was seen before the request was taken; a client that lies about it loses the response. */
static void respond(struct virt *virt, struct virt_client *client, uint32_t id,
                    enum quoll_error status)
{
    struct block_response response = {.id = id, .status = status};

    virt->touched |= CLIENT_BIT(client);
    if (client->link.out.room == 0) {
        queue_look_for_room(&client->link.out);
    }
    if (!block_responses_put(&client->link.out, &response)) {
        link_count(&client->link, COUNT_DROPPED, 1);
    }
}

/* So that the device sees what the CPU wrote, and no old line is written over what it writes. */
static void care_for_caches(const struct virt_client *client, const struct ledger_slot *entry)
{
    const struct quoll_region_config *data = region(client);
    uint64_t offset = entry->request.data - quoll_io_address(data);

    if (data->coherent != 0) {
        return;
    }
    if (entry->request.operation == BLOCK_WRITE) {
        cache_clean((const uint8_t *)(uintptr_t)data->vaddr + offset, entry->length);
    } else if (entry->request.operation == BLOCK_READ) {
        cache_invalidate((const uint8_t *)(uintptr_t)data->vaddr + offset, entry->length);
    }
}

static void enter(struct virt *virt, struct virt_client *client, struct block_request *request)
{
    uint32_t slot = ledger_first(ledger_free(&virt->ledger));
    bool data = request->operation == BLOCK_READ || request->operation == BLOCK_WRITE;
    uint32_t length = data ? request->count * client->info.block_size : 0;

    if (request->operation != BLOCK_FLUSH) {
        request->block += client->first;
    }
    request->data = data ? request->data + quoll_io_address(region(client)) : 0;
    ledger_enter(&virt->ledger, slot, request, length, client->number);
    care_for_caches(client, &virt->ledger.slot[slot]);
    client->held |= LEDGER_BIT(slot);
    client->ids |= id_bit(virt->ledger.slot[slot].id);
    client->outstanding += 1U;
}

static void refuse(struct virt *virt, struct virt_client *client,
                   const struct block_request *request, enum quoll_error error)
{
    link_count(&client->link, error == QUOLL_EDOWN ? COUNT_DROPPED : COUNT_REFUSED, 1);
    respond(virt, client, request->id, error);
    client->refusals += 1U;
    if (client->refusals > VIRT_REFUSALS) {
        client->link.in.ready = queue_consumer_break(&client->link.in);
    }
}

/* Whether one more would leave as many slots to the others as the client then has. */
__attribute__((noinline, cold)) static bool leaves_as_many(const struct virt *virt,
                                                           const struct virt_client *client)
{
    return client->outstanding + 2U <= (uint32_t)__builtin_popcountll(ledger_free(&virt->ledger));
}

/*
 * Whether another request may be taken. If not, the client becomes active again by
 * an answer; or, if nothing of it is outstanding, so that it is its response queue
 * that is full, when it reads its responses.
 */
static bool may_take(struct virt *virt, struct virt_client *client)
{
    if (client->outstanding >= client->share && !leaves_as_many(virt, client)) {
        return false;
    }
    if (ledger_free(&virt->ledger) == 0) {
        virt->starved |= CLIENT_BIT(client);
        return false;
    }
    if (client->link.out.room > client->outstanding ||
        queue_look_for_room(&client->link.out) > client->outstanding) {
        return true;
    }
    link_publish(&client->link);
    return !queue_wait_for_room(&client->link.out) && client->link.out.room > client->outstanding;
}

/* The next request; once the batch seen last is used up, look again, and ask to be woken. */
static bool take(struct virt_client *client, struct block_request *request)
{
    struct queue_consumer *in = &client->link.in;

    if (in->ready == 0 && queue_look(in) == 0 && link_sleep(&client->link)) {
        return false;
    }
    return block_requests_take(in, request);
}

/* One turn. True: there may be more, but the turn is over. */
static bool serve(struct virt *virt, struct virt_client *client)
{
    struct block_request request;
    unsigned taken = 0;

    while (taken < VIRT_BATCH && may_take(virt, client) && take(client, &request)) {
        enum quoll_error error = check(virt, client, &request);

        if (error == QUOLL_OK) {
            enter(virt, client, &request);
        } else {
            refuse(virt, client, &request, error);
        }
        taken += 1U;
    }
    link_release(&client->link);
    return taken == VIRT_BATCH;
}

/* Ends, since each turn that is not a client's last enters or refuses VIRT_BATCH requests. */
void virt_client_serve(struct virt *virt)
{
    uint64_t turns = 0;

    for (LEDGER_EACH(number, virt->active)) {
        virt->client[number].refusals = 0;
        turns |= is_up(&virt->client[number]) ? LEDGER_BIT(number) : 0;
    }
    if (virt->state != VIRT_SERVING && virt->state != VIRT_DOWN) {
        return; /* all stay active until it is known what there is */
    }
    virt->active = 0;
    while (turns != 0) {
        for (LEDGER_EACH(number, turns)) {
            if (!serve(virt, &virt->client[number])) {
                turns &= ~LEDGER_BIT(number);
            }
        }
    }
}

/* ---- Answers ---- */

void virt_client_answer(struct virt *virt, uint32_t slot, enum quoll_error status)
{
    struct ledger_slot *entry = &virt->ledger.slot[slot];
    struct virt_client *client = &virt->client[entry->owner];
    bool up = is_up(client) && (client->held & LEDGER_BIT(slot)) != 0;

    ledger_remove(&virt->ledger, slot);
    virt->active |= CLIENT_BIT(client) | virt->starved;
    virt->starved = 0;
    client->orphaned &= ~LEDGER_BIT(slot);
    if (!up) {
        return;
    }
    client->held &= ~LEDGER_BIT(slot);
    client->ids &= ~id_bit(entry->id);
    client->outstanding -= 1U;
    if (status == QUOLL_OK) {
        link_count(&client->link, COUNT_BYTES, entry->length);
    }
    if (entry->request.operation == BLOCK_READ) {
        care_for_caches(client, entry);
    }
    respond(virt, client, entry->id, status);
}

static void publish_to(struct virt *virt, uint64_t clients)
{
    for (LEDGER_EACH(number, clients)) {
        link_publish(&virt->client[number].link);
    }
}

/* Of several any one comes first (quoll/turn.h): answers come in steps of their own. */
void virt_client_publish(struct virt *virt)
{
    uint64_t first = UINT64_MAX;

    if ((virt->touched & (virt->touched - 1U)) != 0) {
        first <<= turn_draw(&virt->turn, virt->clients);
    }
    publish_to(virt, virt->touched & first);
    publish_to(virt, virt->touched & ~first);
    virt->touched = 0;
}

void virt_client_all_down(struct virt *virt, enum quoll_error error)
{
    for (uint32_t i = 0; i < virt->clients; i++) {
        struct virt_client *client = &virt->client[i];

        client->found = false;
        client->info = (struct block_info){.error = (int8_t)error};
        link_tell(&client->link, &client->info, sizeof client->info);
    }
}
