/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit virtualiser, with a hostile client or a hostile driver. Whatever a client
 * says, what reaches the driver lies in that client's own data and bears its own address;
 * each head has one place; an honest client's frames go out and its buffers come back,
 * each once.
 */
#include <string.h>

#include "peer.h"

#pragma clang section bss = "zeroed"
#include "net/tx_virt.c"
#pragma clang section bss = ""

#define HEADS     16U
#define QUEUE     16U
#define HEADS_IO  0x70000000ULL
#define DATA_SIZE 8192U
#define FRAMES    (DATA_SIZE / NET_BUFFER_SIZE)
#define MOST      5000U

static struct fuzz_peer driver, first, second;
static unsigned char *data[2];
static const uint64_t data_at[2] = {0x50000000, 0x60000000};
static bool driver_lies, first_lies;
static bool with_driver[HEADS], sent[FRAMES];
static struct net_tx_frame out[256]; /* seen by the honest driver, not yet answered */
static unsigned outs;

static const uint8_t macs[2][6] = {{0x52, 0x54, 0, 0, 0, 0x10}, {0x52, 0x54, 0, 0, 0, 0x11}};

static void fill_frame(void *entry)
{
    uint32_t at = fuzz_below(FRAMES) * NET_BUFFER_SIZE;
    struct net_frame frame = {(uint32_t)fuzz_odd(at, DATA_SIZE),
                              (uint16_t)fuzz_odd(at % 4096U + 60U, NET_FRAME_MAX), fuzz8() == 255};

    memcpy(entry, &frame, sizeof frame);
}

static void fill_done(void *entry)
{
    uint32_t id = (uint32_t)fuzz_odd(fuzz_below(HEADS), HEADS);

    memcpy(entry, &id, sizeof id);
}

/* ---- What must hold ---- */

static void check_ledger(void)
{
    uint8_t places[HEADS] = {0};
    uint32_t held[2] = {0, 0};

    FUZZ_CHECK(virt.ledger.stock <= HEADS);
    for (uint32_t i = 0; i < virt.ledger.stock; i++) {
        FUZZ_CHECK(virt.ledger.free[i] < HEADS);
        places[virt.ledger.free[i]] += 1;
    }
    for (uint32_t id = 0; id < TX_LEDGER_HEADS; id++) {
        bool away = tx_ledger_owner(&virt.ledger, id) != IN_STOCK;

        FUZZ_CHECK(id < HEADS ? places[id] + away == 1 : !away);
        if (away) {
            FUZZ_CHECK(client_of(tx_ledger_owner(&virt.ledger, id)) < 2);
            held[client_of(tx_ledger_owner(&virt.ledger, id))] += 1;
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        FUZZ_CHECK(virt.client[i].held == held[i] && held[i] <= HEADS / 2);
    }
}

/* The frame is that client's own, whole, and says so. */
static void check_frame(const struct net_tx_frame *frame)
{
    uint64_t head = HEADS_IO + frame->id * NET_HEAD_SIZE + NET_HEADROOM;
    const unsigned char *bytes = virt.heads + frame->id * NET_HEAD_SIZE - NET_HEADROOM;
    unsigned whose = bytes[NET_HEADROOM + 11] - 0x10U;

    FUZZ_CHECK(frame->id < HEADS && frame->head == head && whose < 2);
    FUZZ_CHECK(memcmp(bytes + NET_HEADROOM + 6, macs[whose], 6) == 0);
    FUZZ_CHECK(frame->head_length >= NET_FRAME_MIN &&
               frame->head_length <= NET_HEAD_SIZE - NET_HEADROOM);
    FUZZ_CHECK(frame->head_length + frame->body_length <= NET_FRAME_MAX);
    FUZZ_CHECK(frame->body >= data_at[whose] + frame->head_length);
    FUZZ_CHECK(frame->body + frame->body_length <= data_at[whose] + DATA_SIZE);
    FUZZ_CHECK(bytes[0] == 0 && memcmp(bytes, bytes + 1, NET_HEADROOM - 1) == 0);
    FUZZ_CHECK(driver_lies || !with_driver[frame->id]);
    with_driver[frame->id] = true;
}

static void wake(const struct fuzz_peer *peer)
{
    struct net_tx_frame frame;

    fuzz_wake(peer, MOST);
    check_ledger();
    while (fuzz_watch(&driver, &frame)) {
        check_frame(&frame);
    }
}

/* ---- Honest peers ---- */

static void drive(void)
{
    while (outs < 256 && queue_look(&driver.fake.in) > 0) {
        FUZZ_CHECK(net_tx_frames_take(&driver.fake.in, &out[outs]));
        outs += 1;
        (void)queue_release(&driver.fake.in);
    }
    (void)queue_sleep(&driver.fake.in);
}

static void answer(unsigned most)
{
    for (; most > 0 && outs > 0 && queue_look_for_room(&driver.fake.out) > 0; most--) {
        struct net_tx_done done = {out[--outs].id};

        with_driver[done.id] = false;
        (void)net_tx_dones_put(&driver.fake.out, &done);
        (void)queue_publish(&driver.fake.out);
    }
}

/* The honest client sends a frame that it has; false if all are on their way. */
static bool send_frame(uint16_t length)
{
    for (uint32_t i = 0; i < FRAMES; i++) {
        struct net_frame frame = {.offset = i * NET_BUFFER_SIZE, .length = length};

        if (!sent[i] && queue_look_for_room(&second.fake.out) > 0) {
            sent[i] = true;
            memcpy(data[1] + frame.offset + 6, macs[1], 6);
            (void)net_frames_put(&second.fake.out, &frame);
            (void)queue_publish(&second.fake.out);
            return true;
        }
    }
    return false;
}

static unsigned take_back(void)
{
    struct net_frame frame;
    unsigned n = 0;

    for (; queue_look(&second.fake.in) > 0; n++) {
        FUZZ_CHECK(net_frames_take(&second.fake.in, &frame));
        (void)queue_release(&second.fake.in);
        FUZZ_CHECK(frame.offset % NET_BUFFER_SIZE == 0 && frame.offset < DATA_SIZE);
        FUZZ_CHECK(sent[frame.offset / NET_BUFFER_SIZE]);
        sent[frame.offset / NET_BUFFER_SIZE] = false;
    }
    (void)queue_sleep(&second.fake.in);
    return n;
}

static void second_up(void)
{
    memset(sent, 0, sizeof sent);
    fake_peer_up(&second.fake);
    wake(&second);
}

static void driver_up(void)
{
    memset(with_driver, 0, sizeof with_driver);
    outs = 0;
    fake_peer_up(&driver.fake);
    wake(&driver);
}

/* ---- A run ---- */

static void set_up(void)
{
    fake_reset();
    fake_region(&fake_config.own, HEADS * NET_HEAD_SIZE, HEADS_IO);
    fuzz_link(&driver, LINK_NET_TX_DEVICE, "driver", 32, sizeof(struct net_tx_frame), 32,
              sizeof(struct net_tx_done), fill_done);
    fuzz_link(&first, LINK_NET_TX_CLIENT, "first", QUEUE, sizeof(struct net_frame), QUEUE,
              sizeof(struct net_frame), fill_frame);
    fuzz_link(&second, LINK_NET_TX_CLIENT, "second", QUEUE, sizeof(struct net_frame), QUEUE,
              sizeof(struct net_frame), fill_frame);
    data[0] = fake_region(&first.fake.config->data, DATA_SIZE, data_at[0]);
    data[1] = fake_region(&second.fake.config->data, DATA_SIZE, data_at[1]);
    memcpy(first.fake.config->settings.net.mac, macs[0], 6);
    memcpy(second.fake.config->settings.net.mac, macs[1], 6);
    for (uint32_t i = 0; i < FRAMES; i++) {
        memcpy(data[0] + i * NET_BUFFER_SIZE + 6, macs[0], 6);
    }
    fuzz_run(MOST, init());
    virt.share = HEADS / 5; /* as with five clients: these may have more than that */
    fake_peer_up(&first.fake);
    second_up();
    driver_up();
}

static void hurt_as_first(void)
{
    if (first_lies && fuzz8() % 8U == 0) {
        memcpy(data[0] + fuzz_below(FRAMES) * NET_BUFFER_SIZE + 6, macs[fuzz_below(2)], 6);
    } else if (first_lies) {
        fuzz_hurt(&first);
    }
}

static void driver_step(void)
{
    if (driver_lies) {
        fuzz_hurt(&driver);
    } else {
        drive();
        answer(fuzz_below(16));
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
        hurt_as_first();
        break;
    case 7:
        wake(&first);
        break;
    case 8:
        (void)send_frame((uint16_t)fuzz_odd(60, NET_FRAME_MAX));
        wake(&second);
        break;
    case 9:
        (void)take_back();
        break;
    case 10:
        fake_lives[second.fake.config->peer_pd] += 1;
        second_up();
        break;
    default:
        fuzz_restart(MOST);
        second_up();
        driver_up();
        break;
    }
}

/* With an honest driver, the honest client's frames go out and come back. */
static void settle(void)
{
    struct net_info info = {.ready = 1, .link = 1, .mtu = 1500};

    fake_lives[driver.fake.config->peer_pd] += 1;
    driver_up();
    fake_peer_tell(&driver.fake, &info, sizeof info);
    wake(&driver);
    (void)take_back();
    for (unsigned n = 0; n < 2 * HEADS; n++) {
        (void)send_frame(100);
        wake(&second);
        drive();
        answer(HEADS);
        wake(&driver);
        (void)take_back();
    }
    for (uint32_t i = 0; i < FRAMES; i++) {
        FUZZ_CHECK(!sent[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    fuzz_begin(input, size);
    uint8_t who = fuzz8();

    driver_lies = who % 3U == 0 || who >= 192;
    first_lies = who % 3U != 1 || who >= 128;
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
