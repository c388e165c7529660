/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops of all network drivers with everything around them played by the test: a device
 * and the two virtualisers. The device keeps what it is given in order and says when it is
 * done; what it does wrong is the test's choice. One test program includes it once.
 */
#ifndef NET_DRIVER_WORLD_H
#define NET_DRIVER_WORLD_H

#include <string.h>

#include "fake_pd.h"

#include <quoll/link.h>
#include <quoll/net_driver.h>

#define RING 8U
#define IRQ  40U

static struct fake_peer rx_virt, tx_virt;

static struct {
    uint32_t rx[RING], tx[RING]; /* ids that the device has, oldest first */
    unsigned rx_count, tx_count;
    unsigned rx_done, tx_done; /* of these, done */
    unsigned starts, stops;
    bool running, failed, rx_armed, tx_armed;
    bool carrier_lost; /* and not yet said */
    enum quoll_error stop_error, start_error;
    uint32_t seen_at_stop; /* what the rx link told its peer at the last stop() */
} model;

enum quoll_error net_device_stop(void)
{
    model.running = false;
    model.stops++;
    model.seen_at_stop = rx_virt.pd->seen;
    return model.stop_error;
}

enum quoll_error net_device_start(struct net_info *info)
{
    if (model.start_error != QUOLL_OK) {
        return model.start_error;
    }
    assert_int_equal(model.rx_count + model.tx_count, 0); /* all was taken back */
    model.starts++;
    model.running = true;
    model.failed = false;
    memcpy(info->mac, "\1\2\3\4\5\6", 6);
    info->link = 1;
    info->mtu = 1500;
    return QUOLL_OK;
}

bool net_device_interrupted(void)
{
    bool lost = model.carrier_lost;

    assert_true(model.running); /* one that is being reset is not asked */
    model.carrier_lost = false;
    return lost;
}

void net_device_changed(struct net_info *info)
{
    info->link = 0;
}

bool net_device_failed(void)
{
    return model.failed;
}

uint32_t net_device_rx_room(void)
{
    return RING - model.rx_count;
}

uint32_t net_device_tx_room(void)
{
    return RING - model.tx_count;
}

uint32_t net_device_tx_held(void)
{
    return model.tx_count;
}

void net_device_rx_give(struct queue_consumer *from)
{
    struct net_rx_buffer buffer;

    assert_true(model.running);
    while (net_device_rx_room() > 0 && net_rx_buffers_take(from, &buffer)) {
        assert_int_equal(buffer.address, 0x1000 + buffer.id);
        model.rx[model.rx_count++] = buffer.id;
    }
}

void net_device_tx_give(struct queue_consumer *from)
{
    struct net_tx_frame frame;

    assert_true(model.running);
    while (net_device_tx_room() > 0 && net_tx_frames_take(from, &frame)) {
        model.tx[model.tx_count++] = frame.id;
    }
}

static bool take(uint32_t *ids, unsigned *count, unsigned *done, uint32_t *id)
{
    if (model.running ? *done == 0 : *count == 0) {
        *done = 0;
        return false;
    }
    *id = ids[0];
    *count -= 1;
    *done -= *done > 0;
    memmove(ids, ids + 1, *count * sizeof *ids);
    return true;
}

static void rx_back(struct queue_putting *to, bool running)
{
    struct net_rx_done done = {.length = running ? 60 : 0};

    assert_int_equal(model.running, running);
    while (to->at != to->end && take(model.rx, &model.rx_count, &model.rx_done, &done.id)) {
        net_rx_dones_push(to, &done);
    }
}

static void tx_back(struct queue_putting *to, bool running)
{
    struct net_tx_done done;

    assert_int_equal(model.running, running);
    while (to->at != to->end && take(model.tx, &model.tx_count, &model.tx_done, &done.id)) {
        net_tx_dones_push(to, &done);
    }
}

void net_device_rx_take(struct queue_producer *to)
{
    struct queue_putting out = queue_putting_begin(to);

    rx_back(&out, true);
    queue_putting_end(to, &out);
}

void net_device_tx_take(struct queue_producer *to)
{
    struct queue_putting out = queue_putting_begin(to);

    tx_back(&out, true);
    queue_putting_end(to, &out);
}

bool net_device_rx_take_one(struct queue_producer *to, uint32_t spare)
{
    if (model.rx_done != 1 || to->room <= spare) {
        return false;
    }
    net_device_rx_take(to);
    return true;
}

bool net_device_tx_give_one(struct queue_consumer *from)
{
    if (from->ready != 1 || net_device_tx_room() == 0) {
        return false;
    }
    net_device_tx_give(from);
    return true;
}

void net_device_rx_reclaim(struct queue_putting *to)
{
    rx_back(to, false);
}

void net_device_tx_reclaim(struct queue_putting *to)
{
    tx_back(to, false);
}

bool net_device_rx_sleep(void)
{
    model.rx_armed = model.rx_done == 0;
    return model.rx_armed;
}

bool net_device_tx_sleep(bool wanted)
{
    model.tx_armed = wanted && model.tx_done == 0;
    return !wanted || model.tx_armed;
}

#include "net/driver.c"

void pd_start(void)
{
    net_driver_start();
}

void pd_wake(microkit_channel channel)
{
    net_driver_wake(channel);
}

__attribute__((unused)) static void wake(struct fake_peer *peer)
{
    notified(peer->config->channel);
}

__attribute__((unused)) static void prepare(unsigned done_capacity)
{
    memset(&model, 0, sizeof model);
    memset(&driver, 0, sizeof driver);
    fake_reset();
    fake_config.device.interrupt[0] = IRQ;
    fake_link(&rx_virt, LINK_NET_RX_DEVICE, "rx", done_capacity, sizeof(struct net_rx_done), 64,
              sizeof(struct net_rx_buffer));
    fake_link(&tx_virt, LINK_NET_TX_DEVICE, "tx", done_capacity, sizeof(struct net_tx_done), 64,
              sizeof(struct net_tx_frame));
}

__attribute__((unused)) static void start_with(unsigned done_capacity)
{
    prepare(done_capacity);
    init();
    fake_peer_up(&rx_virt);
    fake_peer_up(&tx_virt);
    wake(&rx_virt);
    assert_true(model.running);
    (void)fake_signals(0);
    (void)fake_signals(1);
    (void)fake_acks(IRQ);
}

__attribute__((unused)) static int set_up(void **unused)
{
    (void)unused;
    start_with(64);
    return 0;
}

__attribute__((unused)) static int tear_down(void **unused)
{
    (void)unused;
    fake_finish();
    return 0;
}

__attribute__((unused)) static void give_buffers(uint32_t from, unsigned count)
{
    for (uint32_t id = from; id < from + count; id++) {
        fake_put(net_rx_buffers, &rx_virt,
                 &((struct net_rx_buffer){.address = 0x1000 + id, .id = id}));
    }
    wake(&rx_virt);
}

__attribute__((unused)) static void give_frames(uint32_t from, unsigned count)
{
    for (uint32_t id = from; id < from + count; id++) {
        fake_put(net_tx_frames, &tx_virt, &((struct net_tx_frame){.head_length = 60, .id = id}));
    }
    wake(&tx_virt);
}

__attribute__((unused)) static void interrupt(void)
{
    notified(IRQ);
}

__attribute__((unused)) static void assert_received(uint32_t id, uint32_t length)
{
    struct net_rx_done done;

    fake_take(net_rx_dones, &rx_virt, &done);
    assert_int_equal(done.id, id);
    assert_int_equal(done.length, length);
}

__attribute__((unused)) static void assert_sent(uint32_t id)
{
    struct net_tx_done done;

    fake_take(net_tx_dones, &tx_virt, &done);
    assert_int_equal(done.id, id);
}

__attribute__((unused)) static struct net_info told(const struct fake_peer *peer)
{
    struct net_info got;

    memcpy(&got, peer->pd->info, sizeof got);
    return got;
}

#endif
