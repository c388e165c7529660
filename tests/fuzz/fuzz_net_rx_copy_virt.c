/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copying receive virtualiser, with a hostile driver or a hostile client. Whoever lies,
 * each buffer of the pool has one place, none is with anybody but the driver, and what an
 * honest client did not give is not written; and with an honest driver, the honest client
 * gets its frames whole, and no others, whatever the other client does.
 */
#include <string.h>

#include "peer.h"

#pragma clang section bss = "zeroed"
#include "net/rx_copy_virt.c"

#include "tests/unit/rx_places.h"
#pragma clang section bss = ""

#define BUFFERS   16U
#define IO        0x70000000ULL
#define DATA_SIZE (BUFFERS * NET_BUFFER_SIZE)
#define UNTOUCHED 0xa5
#define MOST      4000U

static struct fuzz_peer driver, first, second;
static unsigned char *pool, *data;
static bool driver_lies, first_lies;
static bool with_driver[BUFFERS];
static bool given[BUFFERS]; /* by the honest client, not yet seen again */
static uint8_t number;      /* of the last frame, which is what it is full of */

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

static void fill_client_buffer(void *entry)
{
    uint32_t at = fuzz_below(BUFFERS) * NET_BUFFER_SIZE + 2U;
    struct net_frame frame = {(uint32_t)fuzz_odd(at, DATA_SIZE),
                              (uint16_t)fuzz_odd(NET_BUFFER_SIZE - 2U, DATA_SIZE), 0};

    memcpy(entry, &frame, sizeof frame);
}

/* ---- What must hold ---- */

/* The driver has each buffer where the virtualiser knows it to be. */
static void check_places(void)
{
    for (uint32_t id = 0; id < BUFFERS; id++) {
        FUZZ_CHECK(is_in_place(id));
    }
}

static void check_handed_on(void)
{
    struct net_rx_buffer buffer;
    struct net_frame frame;

    while (fuzz_watch(&driver, &buffer)) {
        FUZZ_CHECK(buffer.id < BUFFERS && buffer.address == IO + buffer.id * NET_BUFFER_SIZE);
        FUZZ_CHECK(driver_lies || !with_driver[buffer.id]);
        with_driver[buffer.id] = true;
    }
    while (fuzz_watch(&first, &frame)) {
        FUZZ_CHECK(frame.offset <= DATA_SIZE && frame.length <= DATA_SIZE - frame.offset);
        FUZZ_CHECK(frame.length >= NET_FRAME_MIN && frame.length <= NET_FRAME_MAX);
        FUZZ_CHECK(frame.reserved == 0);
    }
}

static void wake(const struct fuzz_peer *peer)
{
    fuzz_wake(peer, MOST);
    check_places();
    check_handed_on();
}

/* For the honest client, whole, and in the buffer alone that was given. */
static void check_frame(const struct net_frame *frame)
{
    uint32_t buffer = frame->offset / NET_BUFFER_SIZE;
    const unsigned char *bytes = data + frame->offset;

    FUZZ_CHECK(buffer < BUFFERS && frame->offset % NET_BUFFER_SIZE == 2 && given[buffer]);
    FUZZ_CHECK(frame->length >= NET_FRAME_MIN && frame->length <= NET_FRAME_MAX);
    given[buffer] = false;
    FUZZ_CHECK((bytes[0] & 1) != 0 || memcmp(bytes, macs[1], 6) == 0);
    for (uint32_t i = 7; !driver_lies && i < frame->length; i++) {
        FUZZ_CHECK(bytes[i] == bytes[6]);
    }
    FUZZ_CHECK(bytes[frame->length] == UNTOUCHED);
    memset(data + buffer * NET_BUFFER_SIZE, UNTOUCHED, NET_BUFFER_SIZE);
}

/* The honest client takes all that came; the number of the last frame. */
static unsigned look_as_second(void)
{
    struct net_frame frame;
    unsigned last = 256;
    bool awaited = false;

    while (queue_look(&second.fake.in) > 0) {
        FUZZ_CHECK(net_frames_take(&second.fake.in, &frame));
        awaited = queue_release(&second.fake.in) || awaited;
        FUZZ_CHECK(frame.offset < DATA_SIZE - 7U);
        last = data[frame.offset + 6];
        check_frame(&frame);
    }
    for (uint32_t i = 0; i < BUFFERS; i++) {
        const unsigned char *buffer = data + i * NET_BUFFER_SIZE;

        FUZZ_CHECK(buffer[0] == UNTOUCHED && buffer[1] == UNTOUCHED);
        FUZZ_CHECK(given[i] || (buffer[2] == UNTOUCHED && buffer[16] == UNTOUCHED));
    }
    if (awaited) {
        wake(&second);
    }
    return last;
}

/* ---- Honest peers ---- */

/* The device receives a frame full of its number, if the driver has a buffer. */
static bool receive_frame(const uint8_t *mac, uint32_t length)
{
    struct net_rx_buffer buffer;

    if (queue_look(&driver.fake.in) == 0 || queue_look_for_room(&driver.fake.out) == 0) {
        return false;
    }
    FUZZ_CHECK(net_rx_buffers_take(&driver.fake.in, &buffer));
    (void)queue_release(&driver.fake.in);
    FUZZ_CHECK(buffer.id < BUFFERS && with_driver[buffer.id]);
    with_driver[buffer.id] = false;
    unsigned char *frame = pool + buffer.id * NET_BUFFER_SIZE + NET_HEADROOM;

    memset(frame, ++number, NET_FRAME_MAX);
    memcpy(frame, mac, 6);
    (void)net_rx_dones_put(&driver.fake.out, &(struct net_rx_done){buffer.id, length});
    (void)queue_publish(&driver.fake.out);
    return true;
}

static void offer(unsigned count)
{
    for (uint32_t i = 0; i < BUFFERS && count > 0; i++) {
        struct net_frame frame = {i * NET_BUFFER_SIZE + 2U, NET_BUFFER_SIZE - 2U, 0};

        if (!given[i] && queue_look_for_room(&second.fake.out) > 0) {
            given[i] = true;
            count -= 1;
            (void)net_frames_put(&second.fake.out, &frame);
            if (queue_publish(&second.fake.out)) {
                wake(&second);
            }
        }
    }
}

static void driver_up(void)
{
    memset(with_driver, 0, sizeof with_driver);
    fake_peer_up(&driver.fake);
    wake(&driver);
}

static void second_up(void)
{
    memset(given, 0, sizeof given);
    memset(data, UNTOUCHED, DATA_SIZE);
    fake_peer_up(&second.fake);
    wake(&second);
}

/* ---- A run ---- */

static void set_up(void)
{
    number = 0;
    fake_reset();
    pool = fake_region(&fake_config.own, BUFFERS * NET_BUFFER_SIZE, IO);
    fuzz_link(&driver, LINK_NET_RX_DEVICE, "driver", 32, sizeof(struct net_rx_buffer), 32,
              sizeof(struct net_rx_done), fill_done);
    fuzz_link(&first, LINK_NET_RX_CLIENT, "first", 16, sizeof(struct net_frame), 16,
              sizeof(struct net_frame), fill_client_buffer);
    fuzz_link(&second, LINK_NET_RX_CLIENT, "second", 16, sizeof(struct net_frame), 16,
              sizeof(struct net_frame), NULL);
    memcpy(first.fake.config->settings.net.mac, macs[0], 6);
    memcpy(second.fake.config->settings.net.mac, macs[1], 6);
    (void)fake_region(&first.fake.config->data, DATA_SIZE, 0);
    data = fake_region(&second.fake.config->data, DATA_SIZE, 0);
    fuzz_run(MOST, init());
    fake_peer_up(&first.fake);
    second_up();
    driver_up();
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

static void restart(void)
{
    fuzz_restart(MOST);
    second_up();
    driver_up();
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
        (void)look_as_second();
        break;
    case 9:
        offer(1U + fuzz_below(16));
        wake(&second);
        break;
    case 10:
        fake_lives[second.fake.config->peer_pd] += 1;
        second_up();
        break;
    default:
        restart();
        break;
    }
}

/* With an honest driver, each frame for the honest client reaches it. */
static void settle(void)
{
    fake_lives[driver.fake.config->peer_pd] += 1;
    driver_up();
    (void)look_as_second();
    for (unsigned n = 0; n < 2 * BUFFERS; n++) {
        offer(1);
        FUZZ_CHECK(receive_frame(macs[1], 60));
        wake(&driver);
        FUZZ_CHECK(look_as_second() == number);
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
    (void)look_as_second();
    if (!driver_lies) {
        settle();
    }
    fake_finish();
    return 0;
}
