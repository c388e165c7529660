/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit virtualiser between two clients and a driver, all played by the test. One test
 * program includes it once.
 */
#ifndef NET_TX_VIRT_WORLD_H
#define NET_TX_VIRT_WORLD_H

#include <string.h>

#include "fake_pd.h"

#include "net/tx_virt.c"

#define HEADS    8U
#define HEADS_IO 0x70000000ULL
#define DATA     16384U
#define FIRST_IO 0x71000000ULL

static struct fake_peer driver, first, second;
static unsigned char *heads, *data_first, *data_second;

static const uint8_t mac_first[6] = {0x52, 0x54, 0, 0, 0, 0x10};
static const uint8_t mac_second[6] = {0x52, 0x54, 0, 0, 0, 0x11};

__attribute__((unused)) static void wake(struct fake_peer *peer)
{
    notified(peer->config->channel);
}

__attribute__((unused)) static void start(unsigned client_capacity)
{
    memset(&virt, 0, sizeof virt);
    fake_reset();
    heads = fake_region(&fake_config.own, HEADS * NET_HEAD_SIZE, HEADS_IO);
    memset(heads, 0xee, HEADS * NET_HEAD_SIZE);
    fake_link(&driver, LINK_NET_TX_DEVICE, "driver", 16, sizeof(struct net_tx_frame), 16,
              sizeof(struct net_tx_done));
    fake_link(&first, LINK_NET_TX_CLIENT, "first", client_capacity, sizeof(struct net_frame), 32,
              sizeof(struct net_frame));
    fake_link(&second, LINK_NET_TX_CLIENT, "second", 32, sizeof(struct net_frame), 32,
              sizeof(struct net_frame));
    memcpy(first.config->settings.net.mac, mac_first, 6);
    memcpy(second.config->settings.net.mac, mac_second, 6);
    data_first = fake_region(&first.config->data, DATA, FIRST_IO);
    data_second = fake_region(&second.config->data, DATA, 0x72000000);
    init();
    fake_peer_up(&driver);
    fake_peer_up(&first);
    fake_peer_up(&second);
    wake(&driver);
    wake(&first);
    wake(&second);
    for (unsigned i = 0; i < 3; i++) {
        (void)fake_signals(i);
    }
}

__attribute__((unused)) static int set_up(void **state)
{
    (void)state;
    start(32);
    return 0;
}

__attribute__((unused)) static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

__attribute__((unused)) static void send_frame(struct fake_peer *client, uint32_t offset,
                                               uint16_t length)
{
    fake_put(net_frames, client, &((struct net_frame){.offset = offset, .length = length}));
}

/* A frame that may leave, at `offset`. */
__attribute__((unused)) static void send_good(struct fake_peer *client, uint32_t offset,
                                              uint16_t length)
{
    unsigned char *data = client == &first ? data_first : data_second;

    memcpy(data + offset + 6, client->config->settings.net.mac, 6);
    send_frame(client, offset, length);
}

__attribute__((unused)) static unsigned waiting(struct fake_peer *peer)
{
    return queue_look(&peer->in);
}

__attribute__((unused)) static struct net_tx_frame take_frame(void)
{
    struct net_tx_frame frame;

    fake_take(net_tx_frames, &driver, &frame);
    return frame;
}

__attribute__((unused)) static void done(uint32_t id)
{
    fake_put(net_tx_dones, &driver, &((struct net_tx_done){id}));
}

__attribute__((unused)) static void assert_returned(struct fake_peer *client, uint32_t offset,
                                                    uint16_t length)
{
    struct net_frame frame;

    fake_take(net_frames, client, &frame);
    assert_int_equal(frame.offset, offset);
    assert_int_equal(frame.length, length);
}

__attribute__((unused)) static void assert_ledger(void)
{
    uint32_t held[2] = {0, 0};

    for (uint32_t id = 0; id < HEADS; id++) {
        unsigned places = tx_ledger_owner(&virt.ledger, id) != IN_STOCK;

        for (uint32_t i = 0; i < virt.ledger.stock; i++) {
            places += virt.ledger.free[i] == id;
        }
        assert_int_equal(places, 1);
        if (tx_ledger_owner(&virt.ledger, id) != IN_STOCK) {
            held[client_of(tx_ledger_owner(&virt.ledger, id))] += 1;
        }
    }
    assert_int_equal(virt.client[0].held, held[0]);
    assert_int_equal(virt.client[1].held, held[1]);
}

#endif
