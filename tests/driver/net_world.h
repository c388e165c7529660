/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is around a network driver: the test plays both virtualisers and the other end of the
 * wire. Each of the files with tests has a world of its own.
 */
#ifndef TESTS_DRIVER_NET_WORLD_H
#define TESTS_DRIVER_NET_WORLD_H

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "driver.h"

#include <quoll/net.h>

#define BUFFERS  512U
#define HEADS    256U
#define CAPACITY 512U

static struct fake_peer rx, tx;
static int wire = -1; /* our end */
static int plug = -1; /* the device's */
static unsigned char *pool, *heads, *bodies;
static uint64_t pool_io, heads_io, bodies_io;
static bool with_driver[BUFFERS]; /* Rx buffers */
static bool sending[HEADS];
static unsigned held, sent_back, came_empty;

/* ---- Surroundings ---- */

/* A machine with these options, and so many places for what the driver gives back. */
__attribute__((unused)) static void power_on_with(const char *options, uint32_t answers)
{
    int pair[2];

    if (wire >= 0) {
        (void)close(wire);
        (void)close(plug);
    }
    assert_return_code(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), errno);
    /* A device that takes no frames fails its tests, it does not stop them. */
    assert_return_code(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = 5},
                                  sizeof(struct timeval)),
                       errno);
    wire = pair[0];
    plug = pair[1];
    driver_power_on(&(struct machine_plugs){.wire = plug, .options = options});
    fake_link(&rx, LINK_NET_RX_DEVICE, "rx", answers, sizeof(struct net_rx_done), CAPACITY,
              sizeof(struct net_rx_buffer));
    fake_link(&tx, LINK_NET_TX_DEVICE, "tx", answers, sizeof(struct net_tx_done), CAPACITY,
              sizeof(struct net_tx_frame));
    pool = driver_memory(BUFFERS * NET_BUFFER_SIZE, &pool_io);
    heads = driver_memory(HEADS * NET_HEAD_SIZE, &heads_io);
    bodies = driver_memory(HEADS * NET_BUFFER_SIZE, &bodies_io);
    memset(with_driver, 0, sizeof with_driver);
    memset(sending, 0, sizeof sending);
    held = sent_back = came_empty = 0;
}

__attribute__((unused)) static void power_on(const char *options)
{
    power_on_with(options, CAPACITY);
}

__attribute__((unused)) static struct net_info info_of(const struct fake_peer *peer)
{
    struct net_info info;

    memcpy(&info, peer->pd->info, sizeof info);
    return info;
}

__attribute__((unused)) static void come_up(void)
{
    fake_peer_up(&rx);
    fake_peer_up(&tx);
    driver_wake(&rx);
    driver_wake(&tx);
    assert_true(queue_sleep(&rx.in));
    assert_true(queue_sleep(&tx.in));
}

__attribute__((unused)) static void start(void)
{
    driver_start();
    come_up();
}

__attribute__((unused)) static void begin(const char *options)
{
    power_on(options);
    start();
    assert_int_equal(info_of(&rx).ready, 1);
}

/* ---- Receiving ---- */

/* Give the driver buffers until it has `want`. */
__attribute__((unused)) static void give(unsigned want)
{
    for (uint32_t id = 0; id < BUFFERS && held < want; id++) {
        const struct net_rx_buffer buffer = {.address = pool_io + id * NET_BUFFER_SIZE, .id = id};

        if (!with_driver[id] && queue_look_for_room(&rx.out) > 0 &&
            net_rx_buffers_put(&rx.out, &buffer)) {
            with_driver[id] = true;
            held++;
        }
    }
    if (queue_publish(&rx.out)) {
        driver_wake(&rx);
    }
}

/* The next received frame; NULL: none. Buffers come back once, and only those given. */
__attribute__((unused)) static unsigned char *receive(uint32_t *length)
{
    struct net_rx_done done;

    while (queue_look(&rx.in) > 0 && net_rx_dones_take(&rx.in, &done)) {
        if (queue_release(&rx.in)) {
            driver_wake(&rx);
        }
        assert_true(done.id < BUFFERS && with_driver[done.id]);
        assert_true(done.length <= NET_FRAME_MAX);
        with_driver[done.id] = false;
        held--;
        if (done.length > 0) {
            *length = done.length;
            return pool + done.id * NET_BUFFER_SIZE + NET_HEADROOM;
        }
        came_empty++;
    }
    return NULL;
}

__attribute__((unused)) static void make_frame(unsigned char *frame, uint32_t length,
                                               uint32_t number)
{
    for (uint32_t i = 0; i < length; i++) {
        frame[i] = (unsigned char)(number * 7U + i * 31U + (i >> 8));
    }
    memcpy(frame, "\x52\x54\x00\x12\x34\x56\x52\x54\x00\x00\x00\x01\x88\xb5", NET_FRAME_MIN);
    memcpy(frame + NET_FRAME_MIN, &number, sizeof number);
}

__attribute__((unused)) static void come_in(uint32_t length, uint32_t number)
{
    unsigned char frame[NET_FRAME_MAX];

    make_frame(frame, length, number);
    assert_int_equal(send(wire, frame, length, 0), (ssize_t)length);
}

__attribute__((unused)) static void expect_in(uint32_t length, uint32_t number)
{
    unsigned char frame[NET_FRAME_MAX], *got = NULL;
    uint32_t size = 0;

    make_frame(frame, length, number);
    EVENTUALLY((got = receive(&size)) != NULL);
    assert_int_equal(size, length);
    assert_memory_equal(got, frame, length);
}

/* ---- Sending ---- */

__attribute__((unused)) static void take_sent(void)
{
    struct net_tx_done done;

    (void)queue_look(&tx.in);
    while (net_tx_dones_take(&tx.in, &done)) {
        assert_true(done.id < HEADS && sending[done.id]);
        sending[done.id] = false;
        sent_back++;
    }
    if (queue_release(&tx.in)) {
        driver_wake(&tx);
    }
}

__attribute__((unused)) static bool put_frame(uint32_t length, uint32_t head_length,
                                              uint32_t number)
{
    unsigned char frame[NET_FRAME_MAX];
    uint32_t id = 0;

    while (id < HEADS && sending[id]) {
        id++;
    }
    if (id == HEADS || queue_look_for_room(&tx.out) == 0) {
        return false;
    }
    make_frame(frame, length, number);
    memcpy(heads + id * NET_HEAD_SIZE + NET_HEADROOM, frame, head_length);
    memcpy(bodies + id * NET_BUFFER_SIZE, frame + head_length, length - head_length);
    const struct net_tx_frame entry = {
        .head = heads_io + id * NET_HEAD_SIZE + NET_HEADROOM,
        .body = length > head_length ? bodies_io + id * NET_BUFFER_SIZE : 0,
        .head_length = (uint16_t)head_length,
        .body_length = (uint16_t)(length - head_length),
        .id = id,
    };

    assert_true(net_tx_frames_put(&tx.out, &entry));
    sending[id] = true;
    if (queue_publish(&tx.out)) {
        driver_wake(&tx);
    }
    return true;
}

__attribute__((unused)) static void go_out(uint32_t length, uint32_t number)
{
    const uint32_t most = NET_HEAD_SIZE - NET_HEADROOM;

    assert_true(put_frame(length, length < most ? length : most, number));
}

__attribute__((unused)) static bool on_wire(unsigned char *frame, ssize_t *length)
{
    *length = recv(wire, frame, NET_FRAME_MAX + 100U, MSG_DONTWAIT);
    return *length >= 0;
}

__attribute__((unused)) static unsigned take_off_wire(void)
{
    unsigned char frame[NET_FRAME_MAX + 100];
    ssize_t length;
    unsigned n = 0;

    while (on_wire(frame, &length)) {
        n++;
    }
    return n;
}

__attribute__((unused)) static void expect_out(uint32_t length, uint32_t number)
{
    unsigned char frame[NET_FRAME_MAX], got[NET_FRAME_MAX + 100];
    ssize_t size = 0;

    make_frame(frame, length, number);
    EVENTUALLY(on_wire(got, &size));
    assert_int_equal(size, length);
    assert_memory_equal(got, frame, length);
}

__attribute__((unused)) static unsigned in_sending(void)
{
    unsigned n = 0;

    for (unsigned id = 0; id < HEADS; id++) {
        n += sending[id];
    }
    return n;
}

/* Whether all has come back; if not, the driver knows that somebody waits for it. */
__attribute__((unused)) static bool all_sent(void)
{
    take_sent();
    if (in_sending() > 0) {
        while (!queue_sleep(&tx.in)) {
            take_sent();
        }
        driver_wake(&tx);
    }
    return in_sending() == 0;
}

__attribute__((unused)) static void wait_sent(void)
{
    EVENTUALLY(all_sent());
}

__attribute__((unused)) static void flows(uint32_t number)
{
    give(64);
    come_in(100, number);
    expect_in(100, number);
    go_out(200, number + 1U);
    expect_out(200, number + 1U);
    wait_sent();
}

/* What was under way may still come, also after an interrupt was lost. */
__attribute__((unused)) static void settle(void)
{
    uint32_t length;

    for (unsigned n = 0; n < 20; n++) {
        give(48);
        driver_wake(&rx);
        driver_wake(&tx);
        driver_run(2000000);
        take_sent();
        while (take_off_wire() > 0 || receive(&length) != NULL) {}
    }
}

/* With a simulated device that is not as it should be: net_odd.c. */
#define NET_ODD_TESTS 15U
extern const struct CMUnitTest net_odd[NET_ODD_TESTS];

#endif
