/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio block driver against a device played in memory: registers that only remember, rings
 * that the test reads and writes as a device would. */
#include <string.h>

#include "fake_pd.h"

#include "block/drivers/virtio_blk.c"
#include "bus/virtio/registers.h"
#include "core/pd.c"

#define DMA_IO    0x80000000U
#define DMA_SIZE  16384U
#define QUEUE_MAX 64U

#define FEATURE(bit) (1U << (bit))

static struct virtio_registers *regs;
static struct virtio_blk_config *config;
static unsigned char *dma;
static uint16_t used;
static struct block_info info;

/* Both halves of the features read the same here: bit 0 is VERSION_1 (32) in the upper one. */
static void offer(uint32_t features)
{
    regs->device_features = 1U | features;
}

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&device, 0, sizeof device);
    memset(&queue, 0, sizeof queue);
    memset(&slots, 0, sizeof slots);
    regs = fake_region(&fake_config.device.registers[0], VIRTIO_DRIVER_REGISTERS, 0);
    dma = fake_region(&fake_config.device.dma, DMA_SIZE, DMA_IO);
    regs->magic = VIRTIO_MAGIC;
    regs->version = VIRTIO_VERSION;
    regs->device_id = VIRTIO_ID_BLOCK;
    regs->queue_size_max = QUEUE_MAX;
    config = (void *)regs->config;
    config->capacity[0] = 1000;
    offer(FEATURE(VIRTIO_BLK_F_FLUSH));
    used = 0;
    info = (struct block_info){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static enum quoll_error begin(void)
{
    info = (struct block_info){0};
    regs->queue_ready = 0; /* as a reset would */
    used = 0;
    enum quoll_error error = find();

    return error != QUOLL_OK ? error : stop() != QUOLL_OK ? QUOLL_ETIMEDOUT : start(&info);
}

/* ---- The device's view ---- */

static void *at(uint64_t io, uint32_t length)
{
    assert_true(io >= DMA_IO && io + length <= DMA_IO + DMA_SIZE);
    return dma + (io - DMA_IO);
}

/* The n-th request that was published: its descriptors, in order. */
static unsigned chain(unsigned n, struct virtq_descriptor parts[CHAIN])
{
    uint16_t index = queue.available->ring[n % queue.size];
    unsigned number = 0;

    assert_true((uint16_t)(queue.available->index - n) >= 1);
    for (;; index = parts[number - 1].next) {
        assert_in_range(number, 0, CHAIN - 1);
        parts[number].address = queue.descriptors[index].address;
        parts[number].length = queue.descriptors[index].length;
        parts[number].flags = queue.descriptors[index].flags;
        parts[number].next = queue.descriptors[index].next;
        if ((parts[number++].flags & VIRTQ_NEXT) == 0) {
            return number;
        }
    }
}

static uint8_t *status_of_chain(unsigned n)
{
    struct virtq_descriptor parts[CHAIN];
    unsigned number = chain(n, parts);

    assert_int_equal(parts[number - 1].length, 1);
    assert_int_equal(parts[number - 1].flags, VIRTQ_WRITE);
    return at(parts[number - 1].address, 1);
}

static void use(unsigned n, uint32_t length)
{
    queue.used->ring[used % queue.size].id = queue.available->ring[n % queue.size];
    queue.used->ring[used % queue.size].length = length;
    used++;
    queue.used->index = used;
}

static void serve(unsigned n, uint8_t status)
{
    *status_of_chain(n) = status;
    use(n, 1);
}

static void ask(uint32_t id, enum block_operation operation, uint64_t block, uint32_t count_,
                uint64_t data)
{
    struct block_request request = {
        .id = id, .operation = (uint16_t)operation, .count = count_, .block = block, .data = data};

    assert_true(room() > 0);
    submit(&request);
    publish();
}

static void expect(uint32_t id, int32_t status)
{
    struct block_response done;

    assert_true(next(&done));
    assert_int_equal(done.id, id);
    assert_int_equal(done.status, status);
}

/* ---- Starting ---- */

static void the_device_is_described_by_its_features(void **state)
{
    (void)state;
    assert_int_equal(begin(), QUOLL_OK);
    assert_int_equal(regs->status, 15); /* ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK */
    assert_int_equal(info.blocks, 1000);
    assert_int_equal(info.block_size, 512);
    assert_int_equal(info.max_count, REQUEST_MAX / 512);
    assert_int_equal(info.writable, 1);
    assert_int_equal(info.can_flush, 1);
    assert_int_equal(info.can_discard, 0);

    /* Without their features, fields say nothing. */
    config->blk_size = 7;
    config->size_max = 1;
    config->max_discard_seg = 1;
    config->max_discard_sectors = UINT32_MAX;
    offer(0);
    assert_int_equal(begin(), QUOLL_OK);
    assert_int_equal(info.block_size, 512);
    assert_int_equal(info.can_flush, 0);
    assert_int_equal(info.can_discard, 0);

    offer(FEATURE(VIRTIO_BLK_F_RO) | FEATURE(VIRTIO_BLK_F_BLK_SIZE) |
          FEATURE(VIRTIO_BLK_F_SIZE_MAX) | FEATURE(VIRTIO_BLK_F_DISCARD));
    config->blk_size = 4096;
    config->size_max = 3 * 4096 + 4095;
    assert_int_equal(begin(), QUOLL_OK);
    assert_int_equal(info.blocks, 125);
    assert_int_equal(info.block_size, 4096);
    assert_int_equal(info.max_count, 3);
    assert_int_equal(info.writable, 0);
    assert_int_equal(info.can_discard, 1);
    config->max_discard_sectors = 23; /* 24 may be asked for */
    assert_int_equal(begin(), QUOLL_OK);
    assert_int_equal(info.can_discard, 0);
}

static void impossible_devices_are_refused(void **state)
{
    static const uint32_t sizes[] = {0, 1, 511, 513, 768, 8192, UINT32_MAX};

    (void)state;
    offer(FEATURE(VIRTIO_BLK_F_BLK_SIZE));
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        config->blk_size = sizes[i];
        assert_int_equal(begin(), QUOLL_EUNSUPPORTED);
        assert_true((regs->status & VIRTIO_STATUS_FAILED) != 0);
    }
    offer(FEATURE(VIRTIO_BLK_F_SIZE_MAX));
    config->size_max = 511;
    assert_int_equal(begin(), QUOLL_EUNSUPPORTED);
    offer(FEATURE(VIRTIO_BLK_F_SEG_MAX));
    config->seg_max = 0;
    assert_int_equal(begin(), QUOLL_EUNSUPPORTED);
    offer(0);
    regs->device_features = FEATURE(VIRTIO_BLK_F_FLUSH); /* no VERSION_1 */
    assert_int_equal(begin(), QUOLL_EUNSUPPORTED);
    offer(0);
    regs->device_id = VIRTIO_ID_NET;
    assert_int_equal(begin(), QUOLL_ENOTFOUND);
    regs->device_id = VIRTIO_ID_BLOCK;
    regs->queue_size_max = 0;
    assert_int_equal(begin(), QUOLL_ENOTFOUND);
    regs->queue_size_max = 2; /* no chain fits */
    assert_int_equal(begin(), QUOLL_EBUSY);
}

static void a_small_queue_has_fewer_slots(void **state)
{
    (void)state;
    regs->queue_size_max = 16;
    assert_int_equal(begin(), QUOLL_OK);
    for (uint32_t id = 0; id < 5; id++) {
        ask(id, BLOCK_READ, id, 1, 0x1000);
    }
    assert_int_equal(room(), 0);
    serve(3, VIRTIO_BLK_S_OK);
    expect(3, QUOLL_OK);
    assert_true(room() > 0);
}

/* ---- Requests ---- */

static void a_read_is_header_data_status(void **state)
{
    struct virtq_descriptor parts[CHAIN];
    const struct virtio_blk_header *header;

    (void)state;
    offer(FEATURE(VIRTIO_BLK_F_BLK_SIZE));
    config->blk_size = 2048;
    assert_int_equal(begin(), QUOLL_OK);
    ask(99, BLOCK_READ, 7, 3, 0xabcd000);
    assert_int_equal(chain(0, parts), 3);
    header = at(parts[0].address, parts[0].length);
    assert_int_equal(parts[0].length, 16);
    assert_int_equal(parts[0].flags, VIRTQ_NEXT);
    assert_int_equal(header->type, VIRTIO_BLK_T_IN);
    assert_int_equal(header->sector, 28);
    assert_int_equal(parts[1].address, 0xabcd000);
    assert_int_equal(parts[1].length, 6144);
    assert_int_equal(parts[1].flags, VIRTQ_NEXT | VIRTQ_WRITE);
    assert_int_equal(*status_of_chain(0), NO_STATUS);
    serve(0, VIRTIO_BLK_S_OK);
    expect(99, QUOLL_OK);
}

static void the_other_operations_too(void **state)
{
    struct virtq_descriptor parts[CHAIN];
    const struct virtio_blk_header *header;
    const struct virtio_blk_range *range;

    (void)state;
    assert_int_equal(begin(), QUOLL_OK);
    ask(0, BLOCK_WRITE, 5, 2, 0x5000);
    assert_int_equal(chain(0, parts), 3);
    header = at(parts[0].address, 16);
    assert_int_equal(header->type, VIRTIO_BLK_T_OUT);
    assert_int_equal(header->sector, 5);
    assert_int_equal(parts[1].flags, VIRTQ_NEXT); /* the device only reads it */

    ask(1, BLOCK_FLUSH, 0, 0, 0);
    assert_int_equal(chain(1, parts), 2);
    header = at(parts[0].address, 16);
    assert_int_equal(header->type, VIRTIO_BLK_T_FLUSH);
    assert_int_equal(header->sector, 0); /* 5.2.6.1 */

    ask(2, BLOCK_DISCARD, 6, 4, 0);
    assert_int_equal(chain(2, parts), 3);
    header = at(parts[0].address, 16);
    assert_int_equal(header->type, VIRTIO_BLK_T_DISCARD);
    assert_int_equal(header->sector, 0);
    assert_int_equal(parts[1].length, sizeof *range);
    assert_int_equal(parts[1].flags, VIRTQ_NEXT);
    range = at(parts[1].address, sizeof *range);
    assert_int_equal(range->sector, 6);
    assert_int_equal(range->sectors, 4);
    assert_int_equal(range->flags, 0);

    ask(3, BLOCK_WRITE_ZEROES, 6, 4, 0);
    (void)chain(3, parts);
    header = at(parts[0].address, 16);
    assert_int_equal(header->type, VIRTIO_BLK_T_WRITE_ZEROES);
}

static void only_a_status_that_the_device_wrote_counts(void **state)
{
    static const struct {
        uint8_t status;
        int32_t means;
        bool lie;
    } cases[] = {
        {VIRTIO_BLK_S_OK, QUOLL_OK, false},
        {VIRTIO_BLK_S_IOERR, QUOLL_EIO, false},
        {VIRTIO_BLK_S_UNSUPP, QUOLL_EUNSUPPORTED, false},
        {3, QUOLL_EIO, true},
        {0x80, QUOLL_EIO, true},
        {NO_STATUS, QUOLL_EIO, true},
    };
    uint64_t lies = 0;

    (void)state;
    assert_int_equal(begin(), QUOLL_OK);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(i, BLOCK_READ, 0, 1, 0);
        serve(i, cases[i].status);
        expect(i, cases[i].means);
        lies += cases[i].lie;
        assert_int_equal(fake_pd_count(COUNT_DEVICE_ERRORS), lies);
    }
    /* An old status in the slot does not pass for a new one. */
    ask(50, BLOCK_READ, 0, 1, 0);
    serve(6, VIRTIO_BLK_S_OK);
    expect(50, QUOLL_OK);
    ask(51, BLOCK_READ, 0, 1, 0);
    use(7, 0);
    expect(51, QUOLL_EIO);
    assert_false(broken());
}

static void answers_come_in_any_order(void **state)
{
    (void)state;
    assert_int_equal(begin(), QUOLL_OK);
    for (uint32_t id = 0; id < 20; id++) {
        ask(100 + id, BLOCK_READ, id, 1, 0);
    }
    for (unsigned n = 20; n-- > 0;) {
        serve(n, n % 2 == 0 ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR);
        expect(100 + n, n % 2 == 0 ? QUOLL_OK : QUOLL_EIO);
    }
    struct block_response done;
    assert_false(next(&done));
    assert_true(sleep());
}

static void a_device_that_lies_is_broken_and_what_it_held_is_named_once(void **state)
{
    struct block_response done;
    uint32_t id;
    uint64_t seen = 0;

    (void)state;
    assert_int_equal(begin(), QUOLL_OK);
    for (id = 0; id < 10; id++) {
        ask(id, BLOCK_READ, id, 1, 0);
    }
    serve(4, VIRTIO_BLK_S_OK);
    expect(4, QUOLL_OK);
    use(4, 1); /* again */
    assert_false(next(&done));
    assert_true(broken());
    assert_int_equal(room(), 0);
    assert_int_equal(stop(), QUOLL_OK);
    while (lost(&id)) {
        assert_true(id < 10 && (seen & (1U << id)) == 0);
        seen |= 1U << id;
    }
    assert_int_equal(seen, 0x3ef);
    assert_int_equal(begin(), QUOLL_OK);
    assert_false(broken());
    assert_false(lost(&id));
    assert_int_equal(slots.free, (1ULL << (QUEUE_MAX / CHAIN)) - 1U);
}

static void events(void **state)
{
    (void)state;
    assert_int_equal(begin(), QUOLL_OK);
    regs->interrupt_status = VIRTIO_INTERRUPT_USED;
    assert_int_equal(interrupted(&info), BLOCK_EVENT_NONE);
    assert_int_equal(regs->interrupt_acknowledge, VIRTIO_INTERRUPT_USED);
    regs->interrupt_status = VIRTIO_INTERRUPT_CONFIG;
    config->capacity[0] = 5;
    config->capacity[1] = 1;
    assert_int_equal(interrupted(&info), BLOCK_EVENT_CHANGED);
    assert_int_equal(info.blocks, (1ULL << 32) + 5);
    regs->status |= VIRTIO_STATUS_NEEDS_RESET;
    assert_int_equal(interrupted(&info), BLOCK_EVENT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(the_device_is_described_by_its_features),
        IN_A_PD(impossible_devices_are_refused),
        IN_A_PD(a_small_queue_has_fewer_slots),
        IN_A_PD(a_read_is_header_data_status),
        IN_A_PD(the_other_operations_too),
        IN_A_PD(only_a_status_that_the_device_wrote_counts),
        IN_A_PD(answers_come_in_any_order),
        IN_A_PD(a_device_that_lies_is_broken_and_what_it_held_is_named_once),
        IN_A_PD(events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
