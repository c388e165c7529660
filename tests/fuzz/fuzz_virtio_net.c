/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio network driver between a device and two virtualisers, each of which may lie.
 * Honest virtualisers get back each buffer and frame at most once, and none that they did
 * not give; an honest device is given only what an honest virtualiser gave.
 */
#include <string.h>

#include "peer.h"
#include "played_virtio.h"

#pragma clang section bss = "zeroed"
#include "net/drivers/virtio_net.c"
#pragma clang section bss = ""

#define POOL_IO  0x40000000ULL
#define HEADS_IO 0x50000000ULL
#define DATA_IO  0x60000000ULL
#define BUFFERS  16U
#define MOST     8000U

static struct fuzz_peer rx_virt, tx_virt;
static bool device_lies, virts_lie;
static bool lent[2][BUFFERS]; /* buffers, frames with the driver */

/* ---- Virtualisers ---- */

static struct net_rx_buffer buffer_of(uint32_t id)
{
    return (struct net_rx_buffer){.address = POOL_IO + id * NET_BUFFER_SIZE, .id = id};
}

static struct net_tx_frame frame_of(uint32_t id)
{
    return (struct net_tx_frame){
        .head = HEADS_IO + id * NET_HEAD_SIZE + NET_HEADROOM,
        .body = DATA_IO + id * NET_BUFFER_SIZE,
        .head_length = NET_FRAME_MIN,
        .body_length = id % 2U == 0 ? 0 : 1000,
        .id = id,
    };
}

static void fill_buffer(void *entry)
{
    struct net_rx_buffer buffer = buffer_of(fuzz_below(BUFFERS));

    buffer.id = (uint32_t)fuzz_odd(buffer.id, BUFFERS);
    memcpy(entry, &buffer, sizeof buffer);
}

static void fill_frame(void *entry)
{
    struct net_tx_frame frame = frame_of(fuzz_below(BUFFERS));

    frame.head_length = (uint16_t)fuzz_odd(60, NET_HEAD_SIZE);
    frame.body_length = (uint16_t)fuzz_odd(0, NET_FRAME_MAX);
    frame.id = (uint32_t)fuzz_odd(frame.id, BUFFERS);
    memcpy(entry, &frame, sizeof frame);
}

static void lend_all(void)
{
    for (uint32_t id = 0; id < BUFFERS; id++) {
        struct net_rx_buffer buffer = buffer_of(id);
        struct net_tx_frame frame = frame_of(id);

        if (!lent[0][id] && fuzz_agreed(&rx_virt) && queue_look_for_room(&rx_virt.fake.out) > 0) {
            lent[0][id] = true;
            (void)net_rx_buffers_put(&rx_virt.fake.out, &buffer);
        }
        if (!lent[1][id] && fuzz_agreed(&tx_virt) && queue_look_for_room(&tx_virt.fake.out) > 0) {
            lent[1][id] = true;
            (void)net_tx_frames_put(&tx_virt.fake.out, &frame);
        }
    }
    (void)queue_publish(&rx_virt.fake.out);
    (void)queue_publish(&tx_virt.fake.out);
}

static void come_back(bool *from, uint32_t id)
{
    FUZZ_CHECK(id < BUFFERS && from[id]);
    from[id] = false;
}

static void take_back(void)
{
    struct net_rx_done received;
    struct net_tx_done sent;

    while (!virts_lie && fuzz_agreed(&rx_virt) && queue_look(&rx_virt.fake.in) > 0) {
        FUZZ_CHECK(net_rx_dones_take(&rx_virt.fake.in, &received));
        (void)queue_release(&rx_virt.fake.in);
        FUZZ_CHECK(received.length == 0 ||
                   (received.length >= NET_FRAME_MIN && received.length <= NET_FRAME_MAX));
        come_back(lent[0], received.id);
    }
    while (!virts_lie && fuzz_agreed(&tx_virt) && queue_look(&tx_virt.fake.in) > 0) {
        FUZZ_CHECK(net_tx_dones_take(&tx_virt.fake.in, &sent));
        (void)queue_release(&tx_virt.fake.in);
        come_back(lent[1], sent.id);
    }
}

static void wake(const struct fuzz_peer *peer)
{
    fuzz_wake(peer, MOST);
    take_back();
}

static void interrupt(void)
{
    played_interrupt(MOST);
    take_back();
}

static void virt_up(struct fuzz_peer *peer, bool *of)
{
    memset(of, 0, BUFFERS * sizeof *of);
    fake_peer_up(&peer->fake);
    wake(peer);
}

/* ---- The device: what it is given is what honest virtualisers gave ---- */

static void check_rx(const struct played_chain *chain)
{
    uint64_t from_pool = chain->part[0].address - POOL_IO;

    FUZZ_CHECK(chain->count == 1 && chain->part[0].flags == VIRTQ_WRITE);
    FUZZ_CHECK(from_pool % NET_BUFFER_SIZE == NET_HEADROOM - VIRTIO_NET_HEADER_SIZE);
    FUZZ_CHECK(from_pool < BUFFERS * NET_BUFFER_SIZE && chain->part[0].length == RX_SIZE);
    FUZZ_CHECK(lent[0][from_pool / NET_BUFFER_SIZE]);
}

static void check_tx(const struct played_chain *chain)
{
    uint64_t from_heads = chain->part[0].address + VIRTIO_NET_HEADER_SIZE - NET_HEADROOM - HEADS_IO;
    uint64_t id = from_heads / NET_HEAD_SIZE;

    FUZZ_CHECK(from_heads % NET_HEAD_SIZE == 0 && id < BUFFERS && lent[1][id]);
    FUZZ_CHECK(chain->part[0].length == VIRTIO_NET_HEADER_SIZE + NET_FRAME_MIN);
    FUZZ_CHECK(chain->count == 1 + id % 2U && (chain->part[0].flags & VIRTQ_WRITE) == 0);
    FUZZ_CHECK(chain->count == 1 || (chain->part[1].address == DATA_IO + id * NET_BUFFER_SIZE &&
                                     chain->part[1].length == 1000));
}

static void device_works(unsigned most)
{
    struct played_chain chain;
    unsigned n = 0;

    for (; n < most && played_next(VIRTIO_NET_QUEUE_RX, &chain); n++) {
        if (!device_lies && !virts_lie) {
            check_rx(&chain);
        }
        played_use(VIRTIO_NET_QUEUE_RX, chain.head, VIRTIO_NET_HEADER_SIZE + 60U);
    }
    for (; n < 2 * most && played_next(VIRTIO_NET_QUEUE_TX, &chain); n++) {
        if (!device_lies && !virts_lie) {
            check_tx(&chain);
        }
        played_use(VIRTIO_NET_QUEUE_TX, chain.head, 0);
    }
}

/* The device does not wait for the driver to sleep. */
static void device_works_on(void)
{
    device_works(1);
}

static void wake_with_device(void)
{
    bool by_interrupt = fuzz8() % 2U == 0;

    fuzz_meanwhile = device_lies && fuzz8() % 4U == 0 ? played_hurt : device_works_on;
    if (by_interrupt) {
        played_interrupt(MOST);
    } else {
        fuzz_wake(fuzz8() % 2U == 0 ? &rx_virt : &tx_virt, MOST);
    }
    fuzz_meanwhile = NULL;
    take_back();
}

/* ---- A run ---- */

static void set_up(void)
{
    fake_reset();
    memset(lent, 0, sizeof lent);
    played_begin(VIRTIO_ID_NET, fuzz8() % 2U == 0 ? 256 : 16,
                 fuzz_odd(UINT64_C(1) << VIRTIO_F_VERSION_1 | 1U << VIRTIO_F_EVENT_IDX, 32),
                 device_lies);
    fuzz_link(&rx_virt, LINK_NET_RX_DEVICE, "rx", 32, sizeof(struct net_rx_done), 32,
              sizeof(struct net_rx_buffer), fill_buffer);
    fuzz_link(&tx_virt, LINK_NET_TX_DEVICE, "tx", 32, sizeof(struct net_tx_done), 32,
              sizeof(struct net_tx_frame), fill_frame);
    fuzz_run(MOST, init());
    virt_up(&rx_virt, lent[0]);
    virt_up(&tx_virt, lent[1]);
}

static void virts_step(void)
{
    if (virts_lie) {
        fuzz_hurt(fuzz8() % 2U == 0 ? &rx_virt : &tx_virt);
    } else {
        lend_all();
    }
}

static void new_life(void)
{
    switch (fuzz8() % 3U) {
    case 0:
        fake_lives[rx_virt.fake.config->peer_pd] += 1;
        virt_up(&rx_virt, lent[0]);
        break;
    case 1:
        fake_lives[tx_virt.fake.config->peer_pd] += 1;
        virt_up(&tx_virt, lent[1]);
        break;
    default:
        fuzz_restart(MOST);
        virt_up(&rx_virt, lent[0]);
        virt_up(&tx_virt, lent[1]);
        break;
    }
}

static void take_step(void)
{
    switch (fuzz8() % 11U) {
    case 0:
    case 1:
    case 2:
        if (device_lies) {
            played_hurt();
        } else {
            device_works(fuzz_below(16));
        }
        break;
    case 3:
        device_works(fuzz_below(16));
        break;
    case 4:
    case 5:
        interrupt();
        break;
    case 6:
    case 7:
        virts_step();
        break;
    case 8:
        wake(fuzz8() % 2U == 0 ? &rx_virt : &tx_virt);
        break;
    case 9:
        wake_with_device();
        break;
    default:
        new_life();
        break;
    }
}

/* A device that behaves again, or always did, is made use of; and who sends waits for it all. */
static void settle(void)
{
    played_behave();
    fuzz_no_races();
    interrupt();
    interrupt();
    if (!played_running()) {
        return; /* given up: it could not be reset */
    }
    lend_all();
    for (unsigned n = 0; n < 16; n++) {
        (void)queue_sleep(&tx_virt.fake.in);
        wake(&rx_virt);
        wake(&tx_virt);
        device_works(64);
        interrupt();
    }
    for (uint32_t id = 0; id < BUFFERS && played_running(); id++) {
        FUZZ_CHECK(!lent[0][id] && !lent[1][id]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    fuzz_begin(input, size);
    uint8_t who = fuzz8();

    device_lies = who % 3U != 0;
    virts_lie = who % 3U == 0 || who >= 192;
    set_up();
    while (fuzz_more()) {
        take_step();
    }
    if (!virts_lie) {
        settle();
    }
    fake_finish();
    return 0;
}
