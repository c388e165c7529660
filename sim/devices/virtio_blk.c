/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Simulated virtio block device.
 *
 * Source: VIRTIO 1.2, 5.2; section numbers are its own. The disk is a file. What is
 * written stays with this run, unless `write` says that it shall reach the file; so a
 * run can be repeated.
 *
 * Requests are served one after the other, or, misbehaving, late and in any order.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "virtio.h"

#define SECTOR 512U

/* 5.2.3 */
#define F_SIZE_MAX     1U
#define F_SEG_MAX      2U
#define F_RO           5U
#define F_BLK_SIZE     6U
#define F_FLUSH        9U
#define F_DISCARD      13U
#define F_WRITE_ZEROES 14U
static const struct virtio_feature names[] = {{"size_max", F_SIZE_MAX},
                                              {"seg_max", F_SEG_MAX},
                                              {"blk_size", F_BLK_SIZE},
                                              {"flush", F_FLUSH},
                                              {"discard", F_DISCARD},
                                              {"write_zeroes", F_WRITE_ZEROES},
                                              {NULL, 0}};

/* 5.2.4 */
struct config {
    uint64_t capacity;
    uint32_t size_max, seg_max;
    uint32_t geometry;
    uint32_t blk_size;
    uint32_t topology[2];
    uint32_t writeback_and_queues;
    uint32_t max_discard_sectors, max_discard_seg, discard_sector_alignment;
    uint32_t max_write_zeroes_sectors, max_write_zeroes_seg;
};

/* 5.2.6 */
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };

struct header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

struct range {
    uint64_t sector;
    uint32_t sectors;
    uint32_t flags;
};

#define MOST_SECTORS 8192U /* of a discard */
#define PENDING      16U   /* kept back by a device that is late */

struct blk {
    struct virtio virtio;
    bool readonly;
    uint32_t pending;
    uint16_t head[PENDING]; /* of chains kept back */
};

struct disk {
    unsigned char *at;
    uint64_t sectors;
};

static struct blk *blk_of(const struct sim_device *device)
{
    return device->state;
}

static struct config *config_of(const struct sim_device *device)
{
    return (struct config *)(void *)blk_of(device)->virtio.config;
}

/* ---- Requests ---- */

static bool on_disk(const struct sim_device *device, uint64_t sector, uint64_t bytes)
{
    const struct disk *disk = device->host;

    return bytes % SECTOR == 0 && sector <= disk->sectors &&
           bytes / SECTOR <= disk->sectors - sector;
}

static void check_parts(struct sim_device *device, const struct virtio_chain *chain)
{
    const struct config *config = config_of(device);

    for (unsigned i = 0; i < chain->parts; i++) {
        if (virtio_has(device, F_SIZE_MAX) && chain->part[i].size > config->size_max) {
            sim_violation(device, "a segment of %u bytes, size_max is %u (5.2.6.1)",
                          chain->part[i].size, config->size_max);
        }
    }
    if (virtio_has(device, F_SEG_MAX) && chain->parts > config->seg_max + 2U) {
        sim_violation(device, "%u segments, seg_max is %u (5.2.6.1)", chain->parts - 2U,
                      config->seg_max);
    }
}

static uint8_t read_blocks(struct sim_device *device, const struct virtio_chain *chain,
                           uint64_t sector, uint32_t *written)
{
    const struct disk *disk = device->host;
    uint32_t size = chain->writable - 1U;

    if (!on_disk(device, sector, size)) {
        return S_IOERR;
    }
    *written += (uint32_t)virtio_scatter(chain, 0, disk->at + sector * SECTOR, size);
    return S_OK;
}

static uint8_t write_blocks(struct sim_device *device, const struct virtio_chain *chain,
                            uint64_t sector)
{
    const struct disk *disk = device->host;
    uint32_t size = chain->readable - (uint32_t)sizeof(struct header);

    if (blk_of(device)->readonly) {
        sim_violation(device, "a write to a device that is read-only (5.2.6.1)");
        return S_IOERR;
    }
    if (!on_disk(device, sector, size)) {
        return S_IOERR;
    }
    (void)virtio_gather(chain, sizeof(struct header), disk->at + sector * SECTOR, size);
    return S_OK;
}

/* 5.2.6.2: discarded blocks read as anything; here as what tells them from zeros. */
static uint8_t clear_blocks(struct sim_device *device, const struct virtio_chain *chain,
                            uint32_t type)
{
    const struct disk *disk = device->host;
    struct range range = {0};

    if (!virtio_has(device, type == T_DISCARD ? F_DISCARD : F_WRITE_ZEROES)) {
        return S_UNSUPP;
    }
    if (chain->readable != sizeof(struct header) + sizeof range ||
        virtio_gather(chain, sizeof(struct header), &range, sizeof range) != sizeof range ||
        (range.flags & ~1U) != 0 || range.sectors > MOST_SECTORS) {
        return S_UNSUPP;
    }
    if (blk_of(device)->readonly || !on_disk(device, range.sector, range.sectors * SECTOR)) {
        return S_IOERR;
    }
    memset(disk->at + range.sector * SECTOR, type == T_DISCARD ? 0xdd : 0,
           (size_t)range.sectors * SECTOR);
    return S_OK;
}

static uint8_t serve_one(struct sim_device *device, const struct virtio_chain *chain,
                         const struct header *header, uint32_t *written)
{
    switch (header->type) {
    case T_IN:
        return read_blocks(device, chain, header->sector, written);
    case T_OUT:
        return write_blocks(device, chain, header->sector);
    case T_FLUSH:
        if (header->sector != 0) {
            sim_violation(device, "a flush of sector %llu (5.2.6.1)",
                          (unsigned long long)header->sector);
        }
        return S_OK;
    case T_DISCARD:
    case T_WRITE_ZEROES:
        return clear_blocks(device, chain, header->type);
    default:
        return S_UNSUPP;
    }
}

static uint8_t bad_status(struct sim_device *device)
{
    static const uint8_t status[] = {S_IOERR, S_UNSUPP, 3, 0x7f, 0xff};

    return status[virtio_random(device) % (sizeof status / sizeof status[0])];
}

static void serve(struct sim_device *device, const struct virtio_chain *chain)
{
    struct header header;
    uint32_t written = 0;

    if (virtio_gather(chain, 0, &header, sizeof header) != sizeof header || chain->writable == 0) {
        sim_violation(device, "a request without header or status (5.2.6)");
        return;
    }
    check_parts(device, chain);
    uint8_t status = serve_one(device, chain, &header, &written);

    if (virtio_fault(device, VIRTIO_FAULT_DATA, "bad status")) {
        status = bad_status(device);
    }
    (void)virtio_scatter(chain, chain->writable - 1U, &status, 1);
    virtio_use(device, 0, chain, written + 1U);
}

/* Late: others are served before it. */
static bool keep_back(struct sim_device *device, const struct virtio_chain *chain)
{
    struct blk *b = blk_of(device);

    if (b->pending == PENDING || !virtio_fault(device, VIRTIO_FAULT_LATE, "kept back")) {
        return false;
    }
    b->head[b->pending++] = chain->head;
    virtio_work_in(device, 1000);
    return true;
}

static void serve_kept_back(struct sim_device *device)
{
    struct blk *b = blk_of(device);
    struct virtio_chain chain;

    while (b->pending > 0) {
        if (virtio_look_at(device, 0, b->head[--b->pending], &chain)) {
            serve(device, &chain);
        }
    }
}

static void work(struct sim_device *device)
{
    struct virtio_chain chain;

    serve_kept_back(device);
    do {
        (void)virtio_await(device, 0, false);
        while (virtio_take(device, 0, &chain)) {
            if (!keep_back(device, &chain)) {
                serve(device, &chain);
            }
        }
    } while (!virtio_await(device, 0, true));
    virtio_tell(device, 0);
}

static void reset(struct sim_device *device)
{
    blk_of(device)->pending = 0;
}

/* 5.2.4: the capacity is what changes, between half and all of the disk. */
static void change(struct sim_device *device)
{
    const struct disk *disk = device->host;
    uint64_t half = disk->sectors / 2U;

    config_of(device)->capacity = half + virtio_random(device) % (disk->sectors - half + 1U);
}

static const struct virtio_kind kind = {
    .id = 2,
    .queues = 1,
    .config_size = sizeof(struct config),
    .features = names,
    .reset = reset,
    .work = work,
    .change = change,
};

/* ---- Starting ---- */

static void map(struct sim_device *device, struct disk *disk, const char *path, bool keep)
{
    struct stat st;
    int fd = open(path, keep ? O_RDWR : O_RDONLY);

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < (off_t)SECTOR) {
        sim_refuse(device, "file=%s: %s", path, fd < 0 ? strerror(errno) : "not a disk");
    }
    disk->sectors = (uint64_t)st.st_size / SECTOR;
    disk->at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
                    keep ? MAP_SHARED : MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (disk->at == MAP_FAILED) {
        sim_refuse(device, "file=%s: %s", path, strerror(errno));
    }
}

static void map_nothing(struct sim_device *device, struct disk *disk, uint64_t sectors)
{
    disk->sectors = sectors;
    disk->at = mmap(NULL, sectors * SECTOR, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (sectors == 0 || disk->at == MAP_FAILED) {
        sim_refuse(device, "sectors=%llu: no such disk", (unsigned long long)sectors);
    }
}

static void stop(struct sim_device *device)
{
    struct disk *disk = device->host;

    if (disk != NULL) {
        (void)munmap(disk->at, disk->sectors * SECTOR);
        free(disk);
        device->host = NULL;
    }
}

static void open_disk(struct sim_device *device, const char *options)
{
    struct disk *disk = calloc(1, sizeof *disk);
    char path[1024];

    stop(device); /* of the last run */
    device->host = disk;
    if (sim_option(options, "file", path, sizeof path)) {
        map(device, disk, path, option_flag(options, "write"));
    } else {
        map_nothing(device, disk, option_number(device, options, "sectors", 2048));
    }
}

static void start(struct sim_device *device, const char *options)
{
    struct config *config = config_of(device);
    uint64_t features = 1U << F_FLUSH | 1U << F_SEG_MAX | 1U << F_DISCARD | 1U << F_WRITE_ZEROES;

    open_disk(device, options);
    blk_of(device)->readonly = option_flag(options, "readonly");
    config->capacity = ((const struct disk *)device->host)->sectors;
    config->seg_max = (uint32_t)option_number(device, options, "seg-max", 126);
    config->size_max = (uint32_t)option_number(device, options, "size-max", 0);
    config->blk_size = (uint32_t)option_number(device, options, "block-size", 0);
    config->max_discard_sectors = config->max_write_zeroes_sectors =
        (uint32_t)option_number(device, options, "discard-max", MOST_SECTORS);
    config->max_discard_seg = config->max_write_zeroes_seg = 1;
    features |= blk_of(device)->readonly ? 1U << F_RO : 0;
    features |= config->size_max > 0 ? 1U << F_SIZE_MAX : 0;
    features |= config->blk_size > 0 ? 1U << F_BLK_SIZE : 0;
    virtio_start(device, &kind, features, options);
}

static const struct sim_model model = {
    .compatible = "virtio,mmio",
    .class_name = "block",
    .state_size = sizeof(struct blk),
    .help = "file=PATH or sectors=N, write=yes (what is written stays in the file), readonly=yes, "
            "block-size=N, size-max=N, seg-max=N, discard-max=N, " VIRTIO_HELP,
    .start = start,
    .read = virtio_read,
    .write = virtio_write,
    .event = virtio_event,
    .stop = stop,
};
SIM_MODEL(model);
