/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block virtualiser: shares one disk among clients, each of which sees a
 * partition as a disk of its own (<quoll/block.h>).
 *
 *     driver <--requests, I/O addresses--- here <--requests, offsets--- clients
 *            ---responses---------------->      ---responses---------->
 *
 * Everybody else may be hostile: clients ask for what they may not have, the driver
 * answers what nobody asked, the disk's partition table contradicts itself. Data are
 * not seen here; the client's window and partition bound what a request can reach.
 *
 * Restart of the driver: what it held is in the ledger and is issued again, and the
 * clients notice nothing but time. That keeps the contract about durability: what
 * was answered before the restart is on the disk or in the disk's own cache, which
 * a restarted program does not empty, so a flush that is issued again covers it. A
 * write that was cut short is written again from the same data, which its client
 * does not own before the answer.
 *
 * Restart of the virtualiser: its first request in a new life is a read of the
 * partition table, and the driver answers it only after it has reset the device for
 * this new life. So when clients hear that their disk is ready, the device touches
 * nothing any more that the old life had given to it.
 */
#include <quoll/log.h>
#include <quoll/panic.h>
#include <quoll/pd.h>

#include "virt.h"

#define BLOCK_SIZE_MIN 512U
#define BLOCK_SIZE_MAX 4096U
#define REQUEST_MAX    (16U << 20) /* bytes; more is not asked for at once */

static struct virt virt;

/* ---- The disk ---- */

/* What the driver says, as far as it makes sense; false: it does not. */
static bool sanitise(struct block_info *info)
{
    uint32_t size = info->block_size;

    if (size < BLOCK_SIZE_MIN || size > BLOCK_SIZE_MAX || (size & (size - 1U)) != 0 ||
        info->blocks == 0 || info->blocks > UINT64_MAX / size || info->max_count == 0) {
        return false;
    }
    info->max_count = info->max_count < REQUEST_MAX / size ? info->max_count : REQUEST_MAX / size;
    info->writable = info->writable != 0;
    info->can_flush = info->can_flush != 0;
    info->can_discard = info->can_discard != 0;
    info->can_write_zeroes = info->can_write_zeroes != 0;
    info->ready = 1;
    info->error = QUOLL_OK;
    return true;
}

static bool same_disk(const struct block_info *a, const struct block_info *b)
{
    return a->blocks == b->blocks && a->block_size == b->block_size &&
           a->max_count == b->max_count && a->writable == b->writable &&
           a->can_flush == b->can_flush && a->can_discard == b->can_discard &&
           a->can_write_zeroes == b->can_write_zeroes;
}

static void disk_down(enum quoll_error error)
{
    if (virt.state != VIRT_DOWN) {
        quoll_log("no disk: %s", quoll_error_name(error));
    }
    virt.state = VIRT_DOWN;
    virt.disk = (struct block_info){0};
    virt_client_all_down(&virt, error);
}

/*
 * A driver that restarts is not ready for a while and then tells of the same disk:
 * that is not a change. Another disk means another table.
 */
static void look_at_disk(bool came_up)
{
    struct block_info info;
    uint32_t generation = link_generation(&virt.device);

    if (generation == virt.told && !came_up) {
        return;
    }
    if (!link_told(&virt.device, &info, sizeof info)) {
        return;
    }
    virt.told = generation;
    if (info.ready == 0 && info.error == QUOLL_OK) {
        return;
    }
    if (info.ready == 0) {
        disk_down(info.error >= QUOLL_EDOWN && info.error < 0 ? info.error : QUOLL_EIO);
        return;
    }
    if (!sanitise(&info)) {
        link_count(&virt.device, COUNT_REFUSED, 1);
        disk_down(QUOLL_EIO);
        return;
    }
    if (!same_disk(&info, &virt.disk)) {
        virt.disk = info;
        virt_table_read(&virt);
    }
}

/* ---- Answers of the driver ---- */

/* Only what the contract allows a client to be told, and the driver to know. */
static enum quoll_error sanitise_status(int32_t status)
{
    switch (status) {
    case QUOLL_OK:
    case QUOLL_EUNSUPPORTED:
    case QUOLL_ERESET:
    case QUOLL_EDOWN:
        return (enum quoll_error)status;
    default:
        return QUOLL_EIO;
    }
}

static void answer(uint32_t slot, enum quoll_error status)
{
    if (slot == LEDGER_TABLE) {
        virt_table_answer(&virt, status);
    } else {
        virt_client_answer(&virt, slot, status);
    }
}

/* The driver has lost a request, with its life or its device's: once more, if not too often. */
static void lost(uint32_t slot)
{
    if (!ledger_again(&virt.ledger, slot)) {
        quoll_log("a request is given up after %u resets of the driver", LEDGER_LIVES);
        answer(slot, QUOLL_ERESET);
    }
}

static void take_answer(const struct block_response *response)
{
    enum quoll_error status = sanitise_status(response->status);

    if (!ledger_sent(&virt.ledger, response->id)) {
        link_count(&virt.device, COUNT_REFUSED, 1);
    } else if (status == QUOLL_ERESET) {
        lost(response->id);
    } else {
        answer(response->id, status);
    }
}

/*
 * At most a queue of them per wake-up: an honest driver has not more to say than it
 * was asked, and nothing is asked in between. One that has more is lying, and may wait.
 */
static void take_answers(void)
{
    uint32_t left = virt.device.in.capacity;
    struct block_response response;

    queue_look(&virt.device.in);
    do {
        while (left > 0 && block_responses_take(&virt.device.in, &response)) {
            take_answer(&response);
            left -= 1U;
        }
    } while (!link_sleep(&virt.device) && left > 0);
}

/* ---- Requests to the driver ---- */

/* There is room for the whole ledger, unless the driver gives no slots back. */
static void issue(void)
{
    struct ledger *ledger = &virt.ledger;

    while (ledger->unsent != 0) {
        uint32_t slot = ledger_first(ledger->unsent);

        if (virt.device.out.room == 0 && queue_look_for_room(&virt.device.out) == 0) {
            link_publish(&virt.device);
            if (queue_wait_for_room(&virt.device.out)) {
                return;
            }
        }
        if (block_requests_put(&virt.device.out, &ledger->slot[slot].request)) {
            ledger->unsent &= ~LEDGER_BIT(slot);
        }
    }
    link_publish(&virt.device);
}

/* The driver's new life: it holds nothing of ours, and has told its device to forget it. */
static void issue_again(void)
{
    for (LEDGER_EACH(slot, virt.ledger.used & ~virt.ledger.unsent)) {
        lost((uint32_t)slot);
    }
}

/* ---- Entry points ---- */

static void work(bool driver)
{
    enum link_state state = link_check(&virt.device);

    if (state == LINK_CAME_UP) {
        issue_again();
    }
    if (state == LINK_CAME_UP || (state == LINK_UP && driver)) {
        look_at_disk(state == LINK_CAME_UP);
        take_answers();
    }
    virt_client_serve(&virt);
    if (state != LINK_DOWN) {
        issue();
    }
    virt_client_publish(&virt);
}

static void wake_client(microkit_channel channel)
{
    for (uint32_t i = 0; i < virt.clients; i++) {
        if (virt.client[i].link.config->channel == channel) {
            link_count(&virt.client[i].link, COUNT_WOKEN, 1);
            virt.active |= 1ULL << i;
            return;
        }
    }
}

void pd_wake(microkit_channel channel)
{
    bool driver = channel == virt.device.config->channel;

    if (driver) {
        link_count(&virt.device, COUNT_WOKEN, 1);
    } else {
        wake_client(channel);
    }
    work(driver);
}

static void open_device(void)
{
    const struct quoll_link_config *config = quoll_find_link(LINK_BLOCK_DEVICE, NULL, 0);

    if (config == NULL) {
        quoll_panic("no driver");
    }
    uint32_t slots = config->produce_capacity < config->consume_capacity ? config->produce_capacity
                                                                         : config->consume_capacity;

    if (slots < 2U) {
        quoll_panic("the link to the driver is too small");
    }
    virt.ledger.usable = slots < LEDGER_SLOTS ? LEDGER_BIT(slots) - 1U : UINT64_MAX;
    virt.ledger.usable &= ~LEDGER_BIT(LEDGER_TABLE);
    link_open(&virt.device, config, sizeof(struct block_request));
}

void pd_start(void)
{
    const struct quoll_link_config *config;

    if (quoll_config.own.vaddr == 0 || quoll_config.own.size < GPT_READER_MEMORY ||
        quoll_config.own.io == QUOLL_NO_IO) {
        quoll_panic("needs %u bytes of its own for DMA", GPT_READER_MEMORY);
    }
    open_device();
    for (unsigned n = 0; (config = quoll_find_link(LINK_BLOCK_CLIENT, NULL, n)) != NULL; n++) {
        virt_client_open(&virt, config);
        virt.active |= 1ULL << n;
    }
    virt_client_share(&virt);
    work(true);
}
