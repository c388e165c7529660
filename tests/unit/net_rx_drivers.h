/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds between a receive virtualiser, of either kind, and its driver: the contract of
 * LINK_NET_RX_DEVICE, written once. Who includes this has said
 *
 *     first, second       the peers on the other side, whose addresses are mac_first and
 *                         mac_second
 *     can_take(n)         lets the first of them take so many frames
 *     second_can_take()   lets the second take one
 *     start(true)         begins anew, with a third peer behind them, for mac_third
 *     assert_ledger()     every buffer has exactly one place
 */
#ifndef NET_RX_DRIVERS_H
#define NET_RX_DRIVERS_H

#include <string.h>

#include "fake_pd.h"

#define BUFFERS 16U
#define IO      0x70000000ULL

static struct fake_peer driver;
static unsigned char *pool;

static const uint8_t mac_first[6] = {0x52, 0x54, 0, 0, 0, 0x10};
static const uint8_t mac_second[6] = {0x52, 0x54, 0, 0, 0, 0x11};
static const uint8_t mac_third[6] = {0x52, 0x54, 0, 0, 0, 0x13};
static const uint8_t mac_nobody[6] = {0x52, 0x54, 0, 0, 0, 0x12};
static const uint8_t mac_all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t mac_group[6] = {0x01, 0, 0x5e, 0, 0, 1};

static void wake(struct fake_peer *peer)
{
    notified(peer->config->channel);
}

/* The device puts a frame into the next buffer that it has. */
static uint32_t receive_frame(const uint8_t *mac, uint32_t length)
{
    struct net_rx_buffer buffer;

    fake_take(net_rx_buffers, &driver, &buffer);
    assert_true(buffer.id < fake_config.own.size / NET_BUFFER_SIZE);
    assert_int_equal(buffer.address, IO + buffer.id * NET_BUFFER_SIZE);
    memset(pool + buffer.id * NET_BUFFER_SIZE, 0xdd, NET_BUFFER_SIZE);
    memcpy(pool + buffer.id * NET_BUFFER_SIZE + NET_HEADROOM, mac, 6);
    fake_put(net_rx_dones, &driver, &((struct net_rx_done){buffer.id, length}));
    return buffer.id;
}

static unsigned waiting(struct fake_peer *peer)
{
    return queue_look(&peer->in);
}

static void start(bool with_third);
static void can_take(unsigned frames);
static void second_can_take(void);
static void assert_ledger(void);

/* It has one frame, takes it and sleeps again. */
static void sleep_after_one(struct fake_peer *peer)
{
    struct net_frame frame;

    assert_int_equal(waiting(peer), 1);
    assert_true(net_frames_take(&peer->in, &frame));
    (void)queue_release(&peer->in);
    assert_true(queue_sleep(&peer->in));
    assert_int_equal(fake_signals(peer->config->channel), 1);
}

/* The signal that comes first is the one that is put off until the wake-up's end. */
static void who_is_woken_first_changes_each_time(void **state)
{
    struct fake_peer *const peers[2] = {&first, &second};

    (void)state;
    assert_true(queue_sleep(&first.in));
    assert_true(queue_sleep(&second.in));
    unsigned turn = rx.turn;
    for (unsigned n = 0; n < 6; n++) {
        can_take(1);
        second_can_take();
        (void)receive_frame(mac_first, 60);
        (void)receive_frame(mac_second, 60);
        wake(&driver);
        turn = 1U - turn;
        assert_true(microkit_have_signal);
        assert_int_equal(microkit_signal_cap,
                         BASE_OUTPUT_NOTIFICATION_CAP + peers[turn]->config->channel);
        sleep_after_one(&first);
        sleep_after_one(&second);
    }
}

static void for_whom_nothing_came_is_not_woken(void **state)
{
    (void)state;
    start(true);
    assert_true(queue_sleep(&first.in));
    assert_true(queue_sleep(&second.in));
    for (unsigned n = 0; n < 3; n++) { /* whoever's turn it is */
        can_take(1);
        second_can_take();
        (void)receive_frame(mac_first, 60);
        (void)receive_frame(mac_second, 60);
        wake(&driver);
        sleep_after_one(&first);
        sleep_after_one(&second);
        assert_int_equal(fake_signals(third.config->channel), 0);
        assert_int_equal(waiting(&third), 0);
    }
}

static void at_first_the_driver_has_the_whole_pool(void **state)
{
    uint32_t seen = 0;
    struct net_rx_buffer buffer;

    (void)state;
    assert_int_equal(waiting(&driver), BUFFERS);
    while (net_rx_buffers_take(&driver.in, &buffer)) {
        assert_int_equal(seen >> buffer.id & 1, 0);
        seen |= 1U << buffer.id;
    }
    assert_int_equal(seen, 0xffff);
    assert_ledger();
}

static void a_frame_for_nobody_goes_back_to_the_driver(void **state)
{
    (void)state;
    receive_frame(mac_nobody, 60);
    wake(&driver);
    assert_int_equal(waiting(&first) + waiting(&second), 0);
    assert_int_equal(waiting(&driver), BUFFERS);
    assert_ledger();
}

static void the_driver_cannot_return_what_it_does_not_have(void **state)
{
    (void)state;
    can_take(2);
    const uint32_t ids[] = {receive_frame(mac_first, 60), BUFFERS, 0xffffffff, 0x10000};

    for (unsigned i = 0; i < 4; i++) {
        fake_put(net_rx_dones, &driver, &((struct net_rx_done){ids[i], 60}));
    }
    wake(&driver);
    assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), 4);
    assert_int_equal(waiting(&first), 1);
    assert_ledger();
}

static void frames_of_impossible_length_are_dropped(void **state)
{
    const uint32_t lengths[] = {1, 13, 1515, 0xffffffff, 0x10000 + 60};

    (void)state;
    can_take(6);
    for (unsigned i = 0; i < 5; i++) {
        receive_frame(mac_first, lengths[i]);
        wake(&driver);
        assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), i + 1);
    }
    receive_frame(mac_first, 0); /* taken back, which is no fault */
    wake(&driver);
    assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), 5);
    assert_int_equal(waiting(&first), 0);
    assert_int_equal(waiting(&driver), BUFFERS);
    assert_ledger();
}

static void a_driver_with_impossible_indices_is_cut_off(void **state)
{
    (void)state;
    driver.half->produce.tail = 33;
    wake(&driver);
    assert_int_equal(fake_link_count(&driver, COUNT_BROKEN), 1);
    fake_peer_new_life(&driver);
    wake(&driver);
    can_take(1);
    receive_frame(mac_first, 60);
    wake(&driver);
    assert_int_equal(waiting(&first), 1);
    assert_ledger();
}

#define NET_RX_DRIVER_TESTS                                                                        \
    IN_A_PD(at_first_the_driver_has_the_whole_pool),                                               \
        IN_A_PD(who_is_woken_first_changes_each_time),                                             \
        IN_A_PD(for_whom_nothing_came_is_not_woken),                                               \
        IN_A_PD(a_frame_for_nobody_goes_back_to_the_driver),                                       \
        IN_A_PD(the_driver_cannot_return_what_it_does_not_have),                                   \
        IN_A_PD(frames_of_impossible_length_are_dropped),                                          \
        IN_A_PD(a_driver_with_impossible_indices_is_cut_off)

#endif
