/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The partition table, read through the driver like anybody's data, into memory
 * of the virtualiser's own; and what it means for the clients. No client hears
 * that its disk is ready before its partition was found in a good table.
 */
#include <quoll/dma.h>
#include <quoll/log.h>

#include "virt.h"

static void *memory(void)
{
    return (void *)(uintptr_t)quoll_config.own.vaddr;
}

/* Order of the CPU's own accesses to what the device writes. */
static void before_and_after_device(const struct virt *virt, const struct gpt_read *read)
{
    if (quoll_config.own.coherent == 0) {
        cache_invalidate((const uint8_t *)memory() + read->offset,
                         (size_t)read->count * virt->disk.block_size);
    }
}

static void ask(struct virt *virt)
{
    struct gpt_read read;

    if (!gpt_reader_wants(&virt->reader, &read)) {
        return;
    }
    struct block_request request = {
        .operation = BLOCK_READ,
        .count = read.count,
        .block = read.block,
        .data = quoll_io_address(&quoll_config.own) + read.offset,
    };

    before_and_after_device(virt, &read);
    ledger_enter(&virt->ledger, LEDGER_TABLE, &request, read.count * virt->disk.block_size, 0);
}

/* The names of all partitions, for the log, as many as fit. */
static void list(const struct gpt *gpt, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < gpt->partitions && length < size - 1U; i++) {
        length += quoll_format(text + length, size - length, " '%s'", gpt->partition[i].name);
    }
}

static void log_missing(const struct virt *virt, const struct virt_client *client,
                        const char *wanted, enum quoll_error error)
{
    char names[100];

    if (error == QUOLL_ECORRUPT) {
        quoll_log("%s: several partitions are called '%s'; refused", client->name, wanted);
        return;
    }
    list(&virt->reader.gpt, names, sizeof names);
    quoll_log("%s: no partition '%s'; the disk has%s", client->name, wanted,
              names[0] == '\0' ? " none" : names);
}

static void assign(struct virt *virt, struct virt_client *client)
{
    const struct quoll_block_settings *settings = &client->link.config->settings.block;
    const struct gpt_partition *partition;
    char wanted[sizeof settings->partition + 1] = {0};

    for (unsigned i = 0; i < sizeof settings->partition; i++) {
        wanted[i] = settings->partition[i];
    }
    enum quoll_error error = gpt_find(&virt->reader.gpt, wanted, &partition);

    client->found = error == QUOLL_OK;
    client->info = (struct block_info){.error = (int8_t)error};
    if (client->found) {
        client->first = partition->first;
        client->info = virt->disk;
        client->info.blocks = partition->last - partition->first + 1U;
        client->info.writable = virt->disk.writable && settings->writable;
    } else {
        log_missing(virt, client, wanted, error);
    }
    link_tell(&client->link, &client->info, sizeof client->info);
}

static void good(struct virt *virt)
{
    if (virt->reader.primary != NULL) {
        quoll_log("GPT: primary: %s; the backup is good and is used", virt->reader.primary);
    }
    virt->state = VIRT_SERVING;
    for (uint32_t i = 0; i < virt->clients; i++) {
        assign(virt, &virt->client[i]);
    }
}

static void bad(struct virt *virt)
{
    quoll_log("GPT: primary: %s", virt->reader.primary);
    if (virt->reader.backup != NULL) {
        quoll_log("GPT: backup: %s", virt->reader.backup);
    }
    virt->state = VIRT_DOWN;
    virt_client_all_down(virt, virt->reader.error);
}

static void next(struct virt *virt)
{
    switch (virt->reader.stage) {
    case GPT_DONE:
        good(virt);
        break;
    case GPT_FAILED:
        bad(virt);
        break;
    default:
        ask(virt);
        break;
    }
}

/* One read is outstanding at most: if the disk changes meanwhile, its answer is awaited first. */
void virt_table_read(struct virt *virt)
{
    struct gpt_disk disk = {.blocks = virt->disk.blocks, .block_size = virt->disk.block_size};

    virt->state = VIRT_READING;
    virt_client_all_down(virt, QUOLL_OK);
    virt->read_again = (virt->ledger.used & LEDGER_BIT(LEDGER_TABLE)) != 0;
    if (!virt->read_again) {
        gpt_reader_start(&virt->reader, &disk, virt->disk.max_count, memory());
        next(virt);
    }
}

void virt_table_answer(struct virt *virt, enum quoll_error status)
{
    struct gpt_read read;

    ledger_remove(&virt->ledger, LEDGER_TABLE);
    if (virt->state != VIRT_READING) {
        return;
    }
    if (virt->read_again) {
        virt_table_read(virt);
        return;
    }
    if (gpt_reader_wants(&virt->reader, &read)) {
        before_and_after_device(virt, &read);
    }
    gpt_reader_got(&virt->reader, status);
    next(virt);
}
