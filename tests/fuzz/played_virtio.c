/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "played_virtio.h"

#include "bus/virtio/registers.h"
#include "fake_pd.h"
#include "peer.h"

#include <quoll/hook.h>
#include <quoll/time.h>
#include <quoll/virtqueue.h>

#define QUEUES 2U
#define LIES   4U

#define REG(name) offsetof(struct virtio_registers, name)

static struct {
    bool lies; /* or did */
    uint16_t queue_max;
    uint64_t offers;
    uint32_t id, features_select, queue_select, status, interrupts, generation;
    unsigned resets;
    struct {
        uint32_t size, ready;
        uint64_t part[3]; /* descriptors, available, used */
        uint16_t seen, used;
    } queue[QUEUES];
    struct {
        size_t at;
        uint32_t value;
        unsigned left; /* reads for which this is the answer */
    } lie[LIES];
    uint8_t config[VIRTIO_DRIVER_REGISTERS - sizeof(struct virtio_registers)];
    unsigned char *registers, *dma;
} device;

void played_begin(uint32_t id, uint16_t queue_size, uint64_t offers, bool lies)
{
    memset(&device, 0, sizeof device);
    device.id = id;
    device.queue_max = queue_size;
    device.offers = offers;
    device.lies = lies;
    device.registers = fake_region(&fake_config.device.registers[0], VIRTIO_DRIVER_REGISTERS, 0);
    device.dma = fake_region(&fake_config.device.dma, PLAYED_DMA_SIZE, PLAYED_DMA_IO);
    fuzz_interrupt(PLAYED_INTERRUPT);
    fake_step = QUOLL_MS(5); /* a device that never answers is waited for in few steps */
    fuzz_share(device.dma, PLAYED_DMA_SIZE);
}

uint8_t *played_config(void)
{
    return device.config;
}

bool played_running(void)
{
    return (device.status & VIRTIO_STATUS_DRIVER_OK) != 0;
}

unsigned played_resets(void)
{
    return device.resets;
}

void played_behave(void)
{
    memset(device.lie, 0, sizeof device.lie);
    if (device.lies && played_running()) {
        device.status |= VIRTIO_STATUS_NEEDS_RESET;
        device.interrupts |= VIRTIO_INTERRUPT_CONFIG;
    }
}

void *played_dma(uint64_t io, uint32_t size)
{
    uint64_t offset = io - PLAYED_DMA_IO;

    return offset <= PLAYED_DMA_SIZE && size <= PLAYED_DMA_SIZE - offset ? device.dma + offset
                                                                         : NULL;
}

void played_interrupt(uint64_t most)
{
    fuzz_run(most, notified(PLAYED_INTERRUPT));
}

/* ---- Registers (4.2.2) ---- */

static unsigned selected(void)
{
    return device.queue_select < QUEUES ? device.queue_select : QUEUES - 1U;
}

static uint32_t honest_read(size_t at)
{
    switch (at) {
    case REG(magic):
        return VIRTIO_MAGIC;
    case REG(version):
        return VIRTIO_VERSION;
    case REG(device_id):
        return device.id;
    case REG(device_features):
        return (uint32_t)(device.offers >> (device.features_select == 0 ? 0 : 32));
    case REG(queue_size_max):
        return device.queue_max;
    case REG(queue_ready):
        return device.queue[selected()].ready;
    case REG(interrupt_status):
        return device.interrupts;
    case REG(status):
        return device.status;
    case REG(config_generation):
        return device.generation;
    default:
        return 0;
    }
}

uint64_t sim_mmio_read(const volatile void *at, unsigned size)
{
    size_t offset = (size_t)((const volatile unsigned char *)at - device.registers);
    uint64_t value = 0;

    FUZZ_CHECK(offset <= VIRTIO_DRIVER_REGISTERS - size && offset % size == 0);
    for (unsigned i = 0; i < LIES; i++) {
        if (device.lie[i].left > 0 && device.lie[i].at == offset) {
            device.lie[i].left -= 1;
            return device.lie[i].value & (UINT64_MAX >> (64 - 8 * size));
        }
    }
    if (offset >= sizeof(struct virtio_registers)) {
        memcpy(&value, device.config + offset - sizeof(struct virtio_registers), size);
        return value;
    }
    FUZZ_CHECK(size == 4);
    return honest_read(offset);
}

static void set_part(unsigned part, size_t half, uint64_t value)
{
    uint64_t *address = &device.queue[selected()].part[part];
    unsigned shift = half == 0 ? 0 : 32;

    *address = (*address & ~(UINT64_C(0xffffffff) << shift)) | value << shift;
}

static void reset(void)
{
    device.resets += 1;
    device.interrupts = 0;
    memset(device.queue, 0, sizeof device.queue);
}

void sim_mmio_write(volatile void *at, uint64_t value, unsigned size)
{
    size_t offset = (size_t)((volatile unsigned char *)at - device.registers);

    FUZZ_CHECK(size == 4 && offset < sizeof(struct virtio_registers) && offset % 4 == 0);
    switch (offset) {
    case REG(device_features_select):
        device.features_select = (uint32_t)value;
        break;
    case REG(queue_select):
        device.queue_select = (uint32_t)value;
        break;
    case REG(queue_size):
        FUZZ_CHECK(value <= VIRTQUEUE_MAX && (value & (value - 1U)) == 0);
        device.queue[selected()].size = (uint32_t)value;
        break;
    case REG(queue_ready):
        device.queue[selected()].ready = (uint32_t)value;
        break;
    case REG(interrupt_acknowledge):
        device.interrupts &= ~(uint32_t)value;
        break;
    case REG(status):
        device.status = (uint32_t)value;
        if (value == 0) {
            reset();
        }
        break;
    case REG(queue_descriptors):
    case REG(queue_descriptors) + 4:
        set_part(0, offset - REG(queue_descriptors), value);
        break;
    case REG(queue_available):
    case REG(queue_available) + 4:
        set_part(1, offset - REG(queue_available), value);
        break;
    case REG(queue_used):
    case REG(queue_used) + 4:
        set_part(2, offset - REG(queue_used), value);
        break;
    default:
        break;
    }
}

/* ---- Rings (2.7): what the driver wrote is checked, unless the device has spoiled it ---- */

static void *part_of(unsigned queue, unsigned part, size_t size)
{
    return played_dma(device.queue[queue].part[part], (uint32_t)size);
}

bool played_next(unsigned queue, struct played_chain *chain)
{
    uint32_t size = device.queue[queue].size;
    const struct virtq_descriptor *descriptors = part_of(queue, 0, 16U * size);
    const struct virtq_available *available = part_of(queue, 1, 8U + 2U * size);

    if (!played_running() || device.queue[queue].ready != 1) {
        return false;
    }
    FUZZ_CHECK(descriptors != NULL && available != NULL && size > 0);
    if (available->index == device.queue[queue].seen) {
        return false;
    }
    uint16_t index = available->ring[device.queue[queue].seen++ & (size - 1U)];

    chain->head = index;
    chain->count = 0;
    for (;;) {
        if (index >= size || chain->count == PLAYED_PARTS) {
            FUZZ_CHECK(device.lies);
            return false;
        }
        const struct virtq_descriptor *d = &descriptors[index];

        chain->part[chain->count++] = (struct played_part){d->address, d->length, d->flags};
        index = d->next;
        if ((d->flags & VIRTQ_NEXT) == 0) {
            return true;
        }
    }
}

void played_use(unsigned queue, uint16_t head, uint32_t length)
{
    uint32_t size = device.queue[queue].size;
    struct virtq_used *used = part_of(queue, 2, 8U + 8U * size);

    if (used == NULL || size == 0) {
        return;
    }
    used->ring[device.queue[queue].used & (size - 1U)] = (struct virtq_used_entry){head, length};
    device.queue[queue].used += 1;
    used->index = device.queue[queue].used;
    device.interrupts |= VIRTIO_INTERRUPT_USED;
}

/* ---- Lies ---- */

static void lie_in_register(void)
{
    static const size_t places[] = {
        REG(magic),           REG(version),          REG(device_id),
        REG(device_features), REG(queue_ready),      REG(queue_size_max),
        REG(status),          REG(interrupt_status), REG(config_generation),
    };
    uint8_t which = fuzz8();
    size_t at = which < 128 ? places[which % 9U]
                            : sizeof(struct virtio_registers) + (which - 128U) % 64U * 2U;

    device.lie[fuzz_below(LIES)].at = at;
    device.lie[fuzz_below(LIES)].value = (uint32_t)fuzz_odd(device.status, VIRTQUEUE_MAX);
    device.lie[fuzz_below(LIES)].left = fuzz8() < 240 ? 1U + fuzz_below(8) : 1000000U;
}

/* Somewhere in a used ring: index, an entry, what follows the ring. */
static void lie_in_ring(uint8_t when)
{
    unsigned queue = fuzz_below(QUEUES);
    uint32_t size = device.queue[queue].size;
    unsigned char *used = part_of(queue, 2, 8U + 8U * size);
    uint8_t kind = fuzz8();
    uint16_t index = device.queue[queue].used;

    if (used == NULL || size == 0) {
        return;
    }
    unsigned char *entry = used + 4 + (index & (size - 1U)) * 8U;
    unsigned char *place = kind % 4U == 0   ? used + 2
                           : kind % 4U == 1 ? entry
                           : kind % 4U == 2 ? entry + 4
                                            : used + (fuzz8() % 2U == 0 ? 0 : 4U + 8U * size);
    uint32_t value = (uint32_t)fuzz_odd(kind % 4U == 0 ? index + 1U : fuzz8() % size, size);
    size_t bytes = kind % 4U == 1 || kind % 4U == 2 ? 4 : 2;

    if (when == 0) {
        memcpy(place, &value, bytes);
    } else {
        fuzz_race(when, place, bytes, value);
    }
}

/* Says that it is done with a chain that it has, or one near to it, having written anything. */
static void lie_about_chain(void)
{
    unsigned queue = fuzz_below(QUEUES);
    struct played_chain chain;

    if (played_next(queue, &chain)) {
        uint16_t head = fuzz8() < 192 ? chain.head : (uint16_t)fuzz_odd(chain.head, VIRTQUEUE_MAX);

        played_use(queue, head, (uint32_t)fuzz_odd(chain.part[0].length, 2048));
    }
}

void played_hurt(void)
{
    uint8_t act = fuzz8();
    uint8_t when = act & 0x80U ? 1U + (act >> 3 & 15U) : 0;
    uint32_t value;

    switch (act & 7U) {
    case 0:
    case 1:
        lie_in_register();
        break;
    case 2:
    case 3:
        lie_in_ring(when);
        break;
    case 4:
        lie_about_chain();
        break;
    case 5:
        device.interrupts = (uint32_t)fuzz_odd(VIRTIO_INTERRUPT_CONFIG, 3);
        break;
    case 6:
        value = (uint32_t)fuzz_odd(0, 0);
        memcpy(device.dma + fuzz_below(PLAYED_DMA_SIZE / 4U) * 4U, &value, 4);
        break;
    default:
        value = (uint32_t)fuzz_odd(0, 0);
        memcpy(device.config + fuzz_below(64) * 2U, &value, 4);
        device.generation += fuzz8() % 2U;
        device.interrupts |= VIRTIO_INTERRUPT_CONFIG;
        break;
    }
}
