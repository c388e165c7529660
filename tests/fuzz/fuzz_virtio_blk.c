/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio block driver between a device and a virtualiser, each of which may lie. An
 * honest virtualiser is answered once at most for what it asked, in terms of the contract;
 * an honest device is given whole requests over the memory that was named, and no others.
 */
#include <string.h>

#include "peer.h"
#include "played_virtio.h"

#pragma clang section bss = "zeroed"
#include "block/drivers/virtio_blk.c"
#pragma clang section bss = ""

#define DATA_IO 0x40000000ULL
#define IDS     32U
#define BLOCKS  1000U
#define MOST    8000U

static struct fuzz_peer virt;
static bool device_lies, virt_lies;
static bool asked[IDS];

static struct block_request request_of(uint32_t id)
{
    return (struct block_request){
        .id = id,
        .operation = (uint16_t)(BLOCK_READ + id % 5U),
        .count = 1U + id % 4U,
        .block = id * 8U,
        .data = DATA_IO + id * 4096U,
    };
}

static void fill_request(void *entry)
{
    struct block_request r = request_of(fuzz_below(IDS));

    r.id = (uint32_t)fuzz_odd(r.id, IDS);
    r.operation = (uint16_t)fuzz_odd(r.operation, 5);
    r.count = (uint32_t)fuzz_odd(r.count, 2048);
    r.block = fuzz_odd(r.block, BLOCKS);
    memcpy(entry, &r, sizeof r);
}

/* ---- The virtualiser ---- */

static void ask(unsigned most)
{
    for (uint32_t id = 0; id < IDS && most > 0; id++) {
        struct block_request r = request_of(id);

        if (!asked[id] && fuzz_agreed(&virt) && queue_look_for_room(&virt.fake.out) > 0) {
            asked[id] = true;
            most -= 1;
            (void)block_requests_put(&virt.fake.out, &r);
        }
    }
    (void)queue_publish(&virt.fake.out);
}

static void take_answers(void)
{
    struct block_response answer;

    while (!virt_lies && fuzz_agreed(&virt) && queue_look(&virt.fake.in) > 0) {
        FUZZ_CHECK(block_responses_take(&virt.fake.in, &answer));
        (void)queue_release(&virt.fake.in);
        FUZZ_CHECK(answer.id < IDS && asked[answer.id]);
        FUZZ_CHECK(answer.status <= 0 && answer.status >= QUOLL_EDOWN);
        asked[answer.id] = false;
    }
}

static void wake(void)
{
    fuzz_wake(&virt, MOST);
    take_answers();
}

static void interrupt(void)
{
    played_interrupt(MOST);
    take_answers();
}

static void virt_up(void)
{
    memset(asked, 0, sizeof asked);
    fake_peer_up(&virt.fake);
    wake();
}

/* ---- The device ---- */

/* 5.2.6: header, then data as they were named, then a byte for the status. */
static void check_chain(const struct played_chain *chain)
{
    const struct virtio_blk_header *header = played_dma(chain->part[0].address, 16);
    const struct played_part *last = &chain->part[chain->count - 1U];

    FUZZ_CHECK(chain->count >= 2 && chain->count <= CHAIN && header != NULL);
    FUZZ_CHECK(chain->part[0].length == 16 && last->length == 1);
    FUZZ_CHECK(played_dma(last->address, 1) != NULL && (last->flags & VIRTQ_WRITE) != 0);
    if (header->type == VIRTIO_BLK_T_IN || header->type == VIRTIO_BLK_T_OUT) {
        uint64_t id = (chain->part[1].address - DATA_IO) / 4096U;

        FUZZ_CHECK(chain->count == 3 && id < IDS && asked[id]);
        FUZZ_CHECK(header->sector == id * 8U && chain->part[1].length == (1U + id % 4U) * 512U);
        FUZZ_CHECK(header->type == (id % 5U == 0 ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT));
    }
}

static void device_works(unsigned most)
{
    struct played_chain chain;

    for (; most > 0 && played_next(0, &chain); most--) {
        uint8_t *status = played_dma(chain.part[chain.count - 1U].address, 1);

        if (!device_lies && !virt_lies) {
            check_chain(&chain);
        }
        if (status != NULL) {
            *status = device_lies ? fuzz8() % 4U : 0;
        }
        played_use(0, chain.head, 1);
    }
}

/* The device does not wait for the driver to sleep. */
static void device_works_on(void)
{
    device_works(1);
}

static void wake_with_device(void)
{
    fuzz_meanwhile = device_lies && fuzz8() % 4U == 0 ? played_hurt : device_works_on;
    if (fuzz8() % 2U == 0) {
        played_interrupt(MOST);
    } else {
        fuzz_wake(&virt, MOST);
    }
    fuzz_meanwhile = NULL;
    take_answers();
}

/* ---- A run ---- */

static void set_up(void)
{
    struct virtio_blk_config config = {
        .capacity = {BLOCKS},
        .size_max = UINT32_MAX,
        .seg_max = 1,
        .blk_size = 512,
        .max_discard_sectors = UINT32_MAX,
        .max_discard_seg = 1,
    };

    fake_reset();
    played_begin(VIRTIO_ID_BLOCK, fuzz8() % 2U == 0 ? 256 : 16,
                 fuzz_odd(UINT64_C(1) << VIRTIO_F_VERSION_1 | 1U << VIRTIO_F_EVENT_IDX |
                              1U << VIRTIO_BLK_F_FLUSH | 1U << VIRTIO_BLK_F_DISCARD,
                          1U << VIRTIO_BLK_F_RO),
                 device_lies);
    memcpy(played_config(), &config, sizeof config);
    fuzz_link(&virt, LINK_BLOCK_DEVICE, "virt", 32, sizeof(struct block_response), 32,
              sizeof(struct block_request), fill_request);
    fuzz_run(MOST, init());
    virt_up();
}

static void take_step(void)
{
    switch (fuzz8() % 10U) {
    case 0:
    case 1:
        if (device_lies) {
            played_hurt();
        }
        device_works(fuzz_below(4));
        break;
    case 2:
        device_works(fuzz_below(16));
        break;
    case 3:
    case 4:
        interrupt();
        break;
    case 5:
    case 6:
        if (virt_lies) {
            fuzz_hurt(&virt);
        } else {
            ask(1U + fuzz_below(32));
        }
        break;
    case 7:
        wake();
        break;
    case 8:
        wake_with_device();
        break;
    default:
        if (fuzz8() % 2U == 0) {
            fake_lives[virt.fake.config->peer_pd] += 1;
        } else {
            fuzz_restart(MOST);
        }
        virt_up();
        break;
    }
}

/* A device that behaves again answers all; one that was given up, nothing more, but soon. */
static void settle(void)
{
    played_behave();
    fuzz_no_races();
    interrupt();
    interrupt();
    ask(IDS);
    for (unsigned n = 0; n < 24; n++) {
        wake();
        device_works(64);
        interrupt();
    }
    for (uint32_t id = 0; id < IDS && played_running() && fuzz_agreed(&virt); id++) {
        FUZZ_CHECK(!asked[id]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    fuzz_begin(input, size);
    uint8_t who = fuzz8();

    device_lies = who % 3U != 0;
    virt_lies = who % 3U == 0 || who >= 192;
    set_up();
    while (fuzz_more()) {
        take_step();
    }
    if (!virt_lies) {
        settle();
    }
    fake_finish();
    return 0;
}
