/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport: a virtio device behind memory-mapped registers, from finding it to
 * letting it run. See <quoll/virtio.h>; section numbers are VIRTIO 1.2's.
 */
#include <string.h>

#include <quoll/counters.h>
#include <quoll/log.h>
#include <quoll/mmio.h>
#include <quoll/virtio.h>

#include "registers.h"

#define RESET_TIMEOUT QUOLL_MS(100)
#define CONFIG_TRIES  16U /* how often the configuration may change under our eyes */

/* 4.2.3.1.1: first the magic value and the version, then the kind. */
enum quoll_error virtio_find(struct virtio_device *device, enum virtio_device_id id,
                             const char *what)
{
    const struct quoll_device_config *config = &quoll_config.device;
    struct virtio_registers *regs =
        (struct virtio_registers *)(uintptr_t)config->registers[0].vaddr;

    if (regs == NULL || config->registers[0].size < sizeof *regs ||
        mmio_read32(&regs->magic) != VIRTIO_MAGIC) {
        quoll_log("there is no virtio device at its place");
        return QUOLL_ENOTFOUND;
    }
    uint32_t version = mmio_read32(&regs->version);
    uint32_t found = mmio_read32(&regs->device_id);

    if (version != VIRTIO_VERSION) {
        quoll_log("virtio-mmio version %u: only version 2 is supported, not legacy devices%s",
                  version, version == 1 ? " (QEMU: -global virtio-mmio.force-legacy=false)" : "");
        return QUOLL_EUNSUPPORTED;
    }
    if (found != id) {
        quoll_log("virtio device of type %u where %s (type %u) should be%s", found, what,
                  (unsigned)id, found == 0 ? ": nothing is plugged in" : "");
        return QUOLL_ENOTFOUND;
    }
    *device = (struct virtio_device){
        .registers = regs,
        .config_size = config->registers[0].size - sizeof *regs,
        .dma = (unsigned char *)(uintptr_t)config->dma.vaddr,
        .dma_io = quoll_io_address(&config->dma),
        .dma_size = config->dma.size,
    };
    return QUOLL_OK;
}

static void tell_of_fault(const struct virtio_device *device)
{
    static const char *const how[] = {
        [VIRTQUEUE_TOO_MANY] = "used more than it has",
        [VIRTQUEUE_NOT_ITS_CHAIN] = "used a chain that it does not have",
        [VIRTQUEUE_TOO_LONG] = "wrote more than it may",
    };

    if (device->fault != VIRTQUEUE_NO_FAULT) {
        count(COUNT_DEVICE_ERRORS, 1);
        quoll_log("queue %u is broken: the device %s", device->fault_queue, how[device->fault]);
    }
}

/* 2.4.2: the reset is complete when the status reads 0. */
enum quoll_error virtio_reset(struct virtio_device *device)
{
    tell_of_fault(device);
    count(COUNT_RESETS, 1);
    mmio_write32(&device->registers->status, 0);
    if (!mmio_wait32(&device->registers->status, UINT32_MAX, 0, RESET_TIMEOUT)) {
        quoll_log("the device does not finish its reset");
        return QUOLL_ETIMEDOUT;
    }
    device->dma_used = 0;
    device->features.set = 0;
    device->failed = false;
    device->fault = VIRTQUEUE_NO_FAULT;
    return QUOLL_OK;
}

static void add_status(const struct virtio_device *device, uint32_t bit)
{
    mmio_change32(&device->registers->status, bit, bit);
}

static struct virtio_features offered(struct virtio_registers *regs)
{
    mmio_write32(&regs->device_features_select, 1);
    uint64_t high = mmio_read32(&regs->device_features);
    mmio_write32(&regs->device_features_select, 0);
    return (struct virtio_features){high << 32 | mmio_read32(&regs->device_features)};
}

static void accept(struct virtio_registers *regs, struct virtio_features features)
{
    mmio_write32(&regs->driver_features_select, 0);
    mmio_write32(&regs->driver_features, (uint32_t)features.set);
    mmio_write32(&regs->driver_features_select, 1);
    mmio_write32(&regs->driver_features, (uint32_t)(features.set >> 32));
}

/* Take a feature into the choice if it is offered; false if it is missing and required. */
static bool choose(struct virtio_features *chosen, struct virtio_features offer,
                   const struct virtio_wish *wish)
{
    if (virtio_has(offer, wish->bit)) {
        chosen->set |= UINT64_C(1) << wish->bit;
        return true;
    }
    if (wish->required) {
        quoll_log("the device lacks the feature %s", wish->name);
    }
    return !wish->required;
}

static bool choose_all(struct virtio_features *chosen, struct virtio_features offer,
                       const struct virtio_wish *wishes, size_t number)
{
    bool ok = true;

    for (size_t i = 0; i < number; i++) {
        ok = choose(chosen, offer, &wishes[i]) && ok;
    }
    return ok;
}

/* 3.1.1, steps 2 to 6. */
enum quoll_error virtio_begin(struct virtio_device *device, const struct virtio_wish *wishes,
                              size_t number)
{
    static const struct virtio_wish always[] = {
        VIRTIO_REQUIRE(VIRTIO_F_VERSION_1),
        VIRTIO_ACCEPT(VIRTIO_F_EVENT_IDX),
    };
    struct virtio_registers *regs = device->registers;
    struct virtio_features chosen = {0};

    add_status(device, VIRTIO_STATUS_ACKNOWLEDGE);
    add_status(device, VIRTIO_STATUS_DRIVER);
    struct virtio_features offer = offered(regs);

    if (!choose_all(&chosen, offer, always, sizeof always / sizeof always[0]) ||
        !choose_all(&chosen, offer, wishes, number)) {
        virtio_give_up(device);
        return QUOLL_EUNSUPPORTED;
    }
    accept(regs, chosen);
    add_status(device, VIRTIO_STATUS_FEATURES_OK);
    if ((mmio_read32(&regs->status) & VIRTIO_STATUS_FEATURES_OK) == 0) {
        quoll_log("the device does not accept the features %lx", (unsigned long)chosen.set);
        virtio_give_up(device);
        return QUOLL_EUNSUPPORTED;
    }
    device->features = chosen;
    return QUOLL_OK;
}

void virtio_run(struct virtio_device *device)
{
    add_status(device, VIRTIO_STATUS_DRIVER_OK);
}

void virtio_give_up(struct virtio_device *device)
{
    add_status(device, VIRTIO_STATUS_FAILED);
}

/* 4.2.2.2: fields of the configuration are read in their own width. */
static void read_field(const unsigned char *from, unsigned char *to, unsigned width)
{
    uint32_t value = width == 1   ? mmio_read8(from)
                     : width == 2 ? mmio_read16((const uint16_t *)(const void *)from)
                                  : mmio_read32((const uint32_t *)(const void *)from);

    memcpy(to, &value, width);
}

/* 2.5.1: the generation is the same before and after, or what was read may be torn. */
bool virtio_read_config(const struct virtio_device *device, size_t offset, void *to, size_t size,
                        unsigned width)
{
    const struct virtio_registers *regs = device->registers;
    bool mapped = offset <= device->config_size && size <= device->config_size - offset;

    for (unsigned n = 0; mapped && n < CONFIG_TRIES; n++) {
        uint32_t before = mmio_read32(&regs->config_generation);

        for (size_t at = 0; at + width <= size; at += width) {
            read_field(&regs->config[offset + at], (unsigned char *)to + at, width);
        }
        if (mmio_read32(&regs->config_generation) == before) {
            return true;
        }
    }
    memset(to, 0, size);
    return false;
}

uint32_t virtio_interrupted(const struct virtio_device *device)
{
    struct virtio_registers *regs = device->registers;
    uint32_t why = mmio_read32(&regs->interrupt_status);

    mmio_write32(&regs->interrupt_acknowledge, why);
    return why;
}

bool virtio_needs_reset(const struct virtio_device *device)
{
    return (mmio_read32(&device->registers->status) & VIRTIO_STATUS_NEEDS_RESET) != 0;
}

/* Zeroed by words: the memory may be uncached. */
void *virtio_dma(struct virtio_device *device, size_t size, size_t align, uint64_t *io)
{
    size_t start = (device->dma_used + align - 1U) & ~(align - 1U);

    if (start > device->dma_size || size > device->dma_size - start) {
        return NULL;
    }
    volatile uint32_t *word = (volatile uint32_t *)(void *)(device->dma + start);

    for (size_t n = size / sizeof *word; n > 0; n--) {
        *word++ = 0;
    }
    device->dma_used = start + size;
    *io = device->dma_io + start;
    return device->dma + start;
}
