/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP with our glue on a network whose copier, transmit virtualiser and clock the test
 * plays: frames come in by deliver() and are expected by expect_sent(), byte by byte.
 * begin() and end() are a test's set-up and tear-down.
 */
#ifndef LWIP_NETIF_WORLD_H
#define LWIP_NETIF_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_pd.h"

#include <quoll/time.h>

#include "lwip/init.h"

/* lwIP can begin only once; its timers then go on from test to test, and so does time. */

static inline void begin_lwip(void)
{
    static bool begun;

    if (!begun) {
        lwip_init();
        begun = true;
    }
}
#define lwip_init begin_lwip

#include "net/lwip/netif.c"
#include "net/lwip/port.c"

#define BUFFERS 128U
#define QUEUE   128U

static struct fake_peer copier, tx_virt, timer;
static unsigned char *rx_data, *tx_data;
static struct netif netif;

static const uint8_t mine[6] = {0x52, 0x54, 0, 0, 0, 0x10}, theirs[6] = {2, 0, 0, 0, 0, 9};

/* To receive into: with the copier, and a few that it is given with the next ones. */
static inline unsigned free_buffers(void)
{
    assert_true(nic.rx.stock < BUFFERS / 8U || queue_look(&copier.in) == 0);
    return queue_look(&copier.in) + nic.rx.stock;
}

static inline void settings(const char *text, size_t size)
{
    memset(fake_config.settings, 0, sizeof fake_config.settings);
    memcpy(fake_config.settings, text, size);
}

static inline void links(void)
{
    static uint64_t time = QUOLL_S(1);

    time = fake_time > time ? fake_time : time;
    fake_reset();
    fake_time = time;
    memset(&nic, 0, sizeof nic);
    memset(&clock, 0, sizeof clock);
    memset(&netif, 0, sizeof netif);
    started = starved = false;
    fake_link(&copier, LINK_NET_RX_CLIENT, "nic", QUEUE, sizeof(struct net_frame), QUEUE,
              sizeof(struct net_frame));
    fake_link(&tx_virt, LINK_NET_TX_CLIENT, "nic", QUEUE, sizeof(struct net_frame), QUEUE,
              sizeof(struct net_frame));
    fake_link(&timer, LINK_TIMER_CLIENT, "clock", 64, sizeof(struct timer_request), 64,
              sizeof(struct timer_expiry));
    rx_data = fake_region(&copier.config->data, BUFFERS * NET_BUFFER_SIZE, 0);
    tx_data = fake_region(&tx_virt.config->data, BUFFERS * NET_BUFFER_SIZE, 0);
    memcpy(tx_virt.config->settings.net.mac, mine, 6);
    settings("ip=10.0.2.16/24\0gateway=10.0.2.2", 33);
}

static inline void carrier(bool there)
{
    struct net_info info = {.ready = 1, .link = there, .mtu = 1500};

    fake_peer_tell(&copier, &info, sizeof info);
    fake_peer_tell(&tx_virt, &info, sizeof info);
}

static inline bool work(void)
{
    bool more = lwip_poll();

    while (lwip_poll()) {}
    return more;
}

/* The frame sent next must be this one; its buffer goes back. */
static inline void expect_sent(const void *frame, uint16_t length)
{
    struct net_frame sent;

    fake_take(net_frames, &tx_virt, &sent);
    assert_int_equal(sent.length, length);
    assert_memory_equal(tx_data + sent.offset, frame, length);
    fake_put(net_frames, &tx_virt, &sent);
}

static inline void expect_nothing_sent(void)
{
    assert_int_equal(queue_look(&tx_virt.in), 0);
}

/* RFC 826, and the first line RFC 894 */
static inline void arp(unsigned char frame[42], const uint8_t *to, uint8_t operation,
                       const uint8_t *sender, uint8_t sender_ip, const uint8_t *target,
                       uint8_t target_ip)
{
    static const uint8_t fixed[] = {8, 6, 0, 1, 8, 0, 6, 4, 0}, network[] = {10, 0, 2};

    memcpy(frame, to, 6);
    memcpy(frame + 6, sender, 6);
    memcpy(frame + 12, fixed, 9);
    frame[21] = operation;
    memcpy(frame + 22, sender, 6);
    memcpy(frame + 28, network, 3);
    frame[31] = sender_ip;
    memcpy(frame + 32, target, 6);
    memcpy(frame + 38, network, 3);
    frame[41] = target_ip;
}

static const uint8_t all[6] = {255, 255, 255, 255, 255, 255}, nobody[6];

static inline void expect_announcement(void)
{
    unsigned char frame[42];

    arp(frame, all, 1, mine, 16, nobody, 16);
    expect_sent(frame, sizeof frame);
}

static inline int begin(void **state)
{
    (void)state;
    links();
    assert_int_equal(lwip_start(&netif, "nic", "clock"), QUOLL_OK);
    fake_peer_up(&copier);
    fake_peer_up(&tx_virt);
    fake_peer_up(&timer);
    carrier(true);
    for (microkit_channel channel = 0; channel < 3; channel++) {
        assert_true(lwip_wake(channel));
    }
    work();
    expect_announcement();
    expect_nothing_sent();
    assert_int_equal(free_buffers(), BUFFERS);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    assert_int_equal(lwip_held(), 0);
    netif_remove(&netif);
    fake_finish();
    return 0;
}

/* @return which buffer of the client's it lies in */
static inline uint32_t deliver(const void *data, uint16_t length)
{
    struct net_frame frame;

    fake_take(net_frames, &copier, &frame);
    memcpy(rx_data + frame.offset, data, length);
    frame.length = length;
    fake_put(net_frames, &copier, &frame);
    return frame.offset;
}

/* Somebody asks for our address, and gives his. */
static inline void meet(void)
{
    unsigned char frame[60] = {0};

    arp(frame, all, 1, theirs, 2, nobody, 16);
    deliver(frame, sizeof frame);
    work();
    arp(frame, theirs, 2, mine, 16, theirs, 2);
    expect_sent(frame, 42);
}

#endif
