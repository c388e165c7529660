/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive virtualiser, with a hostile driver or a hostile copier. Whoever lies, each
 * buffer has one place, what is handed on lies in the pool and is nobody else's; and with
 * an honest driver, the honest copier is served whatever the other does.
 */
#include <string.h>

#include "peer.h"

#pragma clang section bss = "zeroed"
#include "net/rx_virt.c"
#pragma clang section bss = ""

#define BUFFERS 16U
#define IO      0x70000000ULL
#define MOST    3000U

static struct fuzz_peer driver, first, second;
static unsigned char *pool;
static bool driver_lies, first_lies;
static bool with_driver[BUFFERS], with_second[BUFFERS];

static const uint8_t macs[5][6] = {
    {0x52, 0x54, 0, 0, 0, 0x10},    {0x52, 0x54, 0, 0, 0, 0x11}, {0x52, 0x54, 0, 0, 0, 0x12},
    {255, 255, 255, 255, 255, 255}, {1, 0, 0x5e, 0, 0, 1},
};

static void fill_done(void *entry)
{
    struct net_rx_done done = {(uint32_t)fuzz_odd(fuzz_below(BUFFERS), BUFFERS),
                               (uint32_t)fuzz_odd(60, NET_FRAME_MAX)};

    memcpy(entry, &done, sizeof done);
}

/* ---- What must hold ---- */

/*
 * Every buffer has exactly one place: the stock, the driver, or copiers. What a copier had
 * whose link is down is still its until it comes up anew.
 */
static void check_ledger(void)
{
    uint8_t in_stock[BUFFERS] = {0};
    uint32_t held[2] = {0, 0};

    FUZZ_CHECK(virt.ledger.stock <= BUFFERS);
    for (uint32_t i = 0; i < virt.ledger.stock; i++) {
        FUZZ_CHECK(virt.ledger.free[i] < BUFFERS);
        in_stock[virt.ledger.free[i]] += 1;
    }
    for (uint32_t id = 0; id < BUFFERS; id++) {
        FUZZ_CHECK(in_stock[id] + (virt.ledger.holders[id] != 0) == 1);
        FUZZ_CHECK(virt.ledger.holders[id] == RX_LEDGER_DRIVER || virt.ledger.holders[id] <= 3);
        FUZZ_CHECK(!with_second[id] || (virt.ledger.holders[id] & 2U) != 0);
        held[0] += virt.ledger.holders[id] & 1U;
        held[1] += virt.ledger.holders[id] >> 1 & 1U;
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct taker *copier = &rx.taker[i];

        FUZZ_CHECK(!copier->link.up || copier->link.out.tail - copier->returned == held[i]);
        FUZZ_CHECK(held[i] <= virt.share);
    }
}

static void check_handed_on(void)
{
    struct net_rx_buffer buffer;
    struct net_frame frame;

    while (fuzz_watch(&driver, &buffer)) {
        FUZZ_CHECK(buffer.id < BUFFERS && buffer.address == IO + buffer.id * NET_BUFFER_SIZE);
        FUZZ_CHECK(driver_lies || !with_driver[buffer.id]);
        FUZZ_CHECK(!with_second[buffer.id]);
        with_driver[buffer.id] = true;
    }
    while (fuzz_watch(&first, &frame)) {
        FUZZ_CHECK(frame.offset / NET_BUFFER_SIZE < BUFFERS && frame.reserved == 0);
        FUZZ_CHECK(frame.offset % NET_BUFFER_SIZE == NET_HEADROOM);
        FUZZ_CHECK(frame.length >= NET_FRAME_MIN && frame.length <= NET_FRAME_MAX);
    }
}

static void wake(const struct fuzz_peer *peer)
{
    fuzz_wake(peer, MOST);
    check_ledger();
    check_handed_on();
}

/* ---- Honest peers ---- */

/* The device receives a frame, if the driver has a buffer; its id, or BUFFERS. */
static uint32_t receive_frame(const uint8_t *mac, uint32_t length)
{
    struct net_rx_buffer buffer;

    if (queue_look(&driver.fake.in) == 0 || queue_look_for_room(&driver.fake.out) == 0) {
        return BUFFERS;
    }
    FUZZ_CHECK(net_rx_buffers_take(&driver.fake.in, &buffer));
    (void)queue_release(&driver.fake.in);
    FUZZ_CHECK(buffer.id < BUFFERS && with_driver[buffer.id]);
    with_driver[buffer.id] = false;
    memcpy(pool + buffer.id * NET_BUFFER_SIZE + NET_HEADROOM, mac, 6);
    (void)net_rx_dones_put(&driver.fake.out, &(struct net_rx_done){buffer.id, length});
    (void)queue_publish(&driver.fake.out);
    return buffer.id;
}

/* The honest copier takes the next frame; the id of its buffer, or BUFFERS. */
static uint32_t take_frame(void)
{
    struct net_frame frame;

    if (queue_look(&second.fake.in) == 0) {
        return BUFFERS;
    }
    FUZZ_CHECK(net_frames_take(&second.fake.in, &frame));
    uint32_t id = frame.offset / NET_BUFFER_SIZE;

    FUZZ_CHECK(id < BUFFERS && frame.offset % NET_BUFFER_SIZE == NET_HEADROOM);
    FUZZ_CHECK(frame.length >= NET_FRAME_MIN && frame.length <= NET_FRAME_MAX);
    FUZZ_CHECK(!with_second[id] && (virt.ledger.holders[id] & 2U) != 0);
    with_second[id] = true;
    return id;
}

/* By giving the slots of all that were taken back; who waits for that is told. */
static void return_frames(void)
{
    memset(with_second, 0, sizeof with_second);
    if (queue_release(&second.fake.in)) {
        wake(&second);
    }
}

static void come_up(struct fuzz_peer *peer, bool *has)
{
    memset(has, 0, BUFFERS * sizeof *has);
    fake_peer_up(&peer->fake);
    wake(peer);
}

/* ---- A run ---- */

static void set_up(void)
{
    fake_reset();
    pool = fake_region(&fake_config.own, BUFFERS * NET_BUFFER_SIZE, IO);
    fuzz_link(&driver, LINK_NET_RX_DEVICE, "driver", 32, sizeof(struct net_rx_buffer), 32,
              sizeof(struct net_rx_done), fill_done);
    fuzz_link(&first, LINK_NET_RX_COPIER, "first", 16, sizeof(struct net_frame), 1, 0, NULL);
    fuzz_link(&second, LINK_NET_RX_COPIER, "second", 16, sizeof(struct net_frame), 1, 0, NULL);
    memcpy(first.fake.config->settings.net.mac, macs[0], 6);
    memcpy(second.fake.config->settings.net.mac, macs[1], 6);
    memset(with_driver, 0, sizeof with_driver);
    memset(with_second, 0, sizeof with_second);
    fuzz_run(MOST, init());
    fake_peer_up(&first.fake);
    come_up(&second, with_second);
    come_up(&driver, with_driver);
}

static void restart(void)
{
    memset(with_driver, 0, sizeof with_driver);
    memset(with_second, 0, sizeof with_second);
    fuzz_restart(MOST);
    come_up(&second, with_second);
    come_up(&driver, with_driver);
}

static void driver_step(void)
{
    if (driver_lies) {
        fuzz_hurt(&driver);
    } else {
        for (unsigned n = fuzz_below(8); n > 0; n--) {
            (void)receive_frame(macs[fuzz_below(5)], (uint32_t)fuzz_odd(60, NET_FRAME_MAX));
        }
    }
}

static void step(void)
{
    switch (fuzz8() % 12U) {
    case 0:
    case 1:
        driver_step();
        break;
    case 2:
    case 3:
        wake(&driver);
        break;
    case 4:
    case 5:
    case 6:
        if (first_lies) {
            fuzz_hurt(&first);
        }
        break;
    case 7:
        wake(&first);
        break;
    case 8:
        (void)take_frame();
        break;
    case 9:
        return_frames();
        wake(&second);
        break;
    case 10:
        fake_lives[second.fake.config->peer_pd] += 1;
        come_up(&second, with_second);
        break;
    default:
        restart();
        break;
    }
}

/* With an honest driver, each frame for the honest copier reaches it. */
static void settle(void)
{
    memset(with_driver, 0, sizeof with_driver);
    fake_lives[driver.fake.config->peer_pd] += 1;
    come_up(&driver, with_driver);
    while (take_frame() != BUFFERS) {}
    for (unsigned n = 0; n < 2 * BUFFERS; n++) {
        return_frames();
        uint32_t id = receive_frame(macs[1], 60);

        FUZZ_CHECK(id != BUFFERS);
        wake(&driver);
        FUZZ_CHECK(take_frame() == id);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_begin(data, size);
    uint8_t who = fuzz8();

    driver_lies = who % 3U == 0;
    first_lies = who % 3U != 1 || who >= 128;
    driver_lies = driver_lies || who >= 192;
    set_up();
    while (fuzz_more()) {
        step();
    }
    if (!driver_lies) {
        settle();
    }
    fake_finish();
    return 0;
}
