/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser with a device that does not see the CPU's caches. */
#include <string.h>

#include "played_caches.h"

#include "net/tx_virt.c"

static struct fake_peer driver, client;
static unsigned char *heads, *data;

static const uint8_t mac[6] = {0x52, 0x54, 0, 0, 0, 0x10};

static void start(bool heads_coherent, bool data_coherent)
{
    memset(&virt, 0, sizeof virt);
    fake_reset();
    cares = 0;
    heads = fake_region(&fake_config.own, 4 * NET_HEAD_SIZE, 0x70000000);
    fake_config.own.coherent = heads_coherent;
    fake_link(&driver, LINK_NET_TX_DEVICE, "driver", 16, sizeof(struct net_tx_frame), 16,
              sizeof(struct net_tx_done));
    fake_link(&client, LINK_NET_TX_CLIENT, "client", 16, sizeof(struct net_frame), 16,
              sizeof(struct net_frame));
    memcpy(client.config->settings.net.mac, mac, 6);
    data = fake_region(&client.config->data, 16384, 0x71000000);
    client.config->data.coherent = data_coherent;
    init();
    fake_peer_up(&driver);
    fake_peer_up(&client);
    notified(driver.config->channel);
    notified(client.config->channel);
    cares = 0;
}

static void send_frame(uint32_t offset, uint16_t length)
{
    memcpy(data + offset + 6, mac, 6);
    fake_put(net_frames, &client, &((struct net_frame){.offset = offset, .length = length}));
    notified(client.config->channel);
}

static void what_the_device_reads_is_written_back_first(void **state)
{
    struct net_tx_frame frame;

    (void)state;
    start(false, false);
    send_frame(64, 1000);
    fake_take(net_tx_frames, &driver, &frame);
    assert_int_equal(cares, 2);
    assert_cared(0, heads + frame.id * NET_HEAD_SIZE, QUOLL_CACHE_LINE, false);
    assert_cared(1, data + 64 + frame.head_length, 1000U - frame.head_length, false);
    fake_finish();
}

/* Those that could not go out at once, too. */
static void each_frame_is_written_back(void **state)
{
    struct net_tx_frame frame;

    (void)state;
    start(false, false);
    memcpy(data + 6, mac, 6);
    for (unsigned i = 0; i < 6; i++) {
        fake_put(net_frames, &client, &((struct net_frame){.length = 100}));
    }
    notified(client.config->channel);
    assert_int_equal(cares, 2 * 4);
    fake_take(net_tx_frames, &driver, &frame);
    fake_put(net_tx_dones, &driver, &((struct net_tx_done){frame.id}));
    notified(driver.config->channel);
    assert_int_equal(cares, 2 * 5);
    assert_cared(8, heads + frame.id * NET_HEAD_SIZE, NET_HEADROOM + 100, false);
    assert_cared(9, data + 100, 0, false);
    fake_finish();
}

static void each_region_as_its_configuration_says(void **state)
{
    (void)state;
    start(true, false);
    send_frame(64, 1000);
    assert_int_equal(cares, 1);
    assert_int_equal(care[0].size, 1000 - (QUOLL_CACHE_LINE - NET_HEADROOM));
    fake_finish();
    start(false, true);
    send_frame(64, 1000);
    assert_int_equal(cares, 1);
    assert_cared(
        0, heads + (care[0].start == heads ? 0 : (const unsigned char *)care[0].start - heads),
        QUOLL_CACHE_LINE, false);
    fake_finish();
    start(true, true);
    send_frame(64, 1000);
    assert_int_equal(cares, 0);
    fake_finish();
}

/* More clients than heads: each may have one. No clients: nothing to share. */
static void shares_are_never_none(void **state)
{
    struct fake_peer other;

    (void)state;
    for (unsigned clients = 0; clients < 3; clients++) {
        memset(&virt, 0, sizeof virt);
        fake_reset();
        fake_region(&fake_config.own, NET_HEAD_SIZE, 0x70000000);
        fake_link(&driver, LINK_NET_TX_DEVICE, "driver", 16, sizeof(struct net_tx_frame), 16,
                  sizeof(struct net_tx_done));
        for (unsigned n = 0; n < clients; n++) {
            fake_link(&other, LINK_NET_TX_CLIENT, "client", 16, sizeof(struct net_frame), 16,
                      sizeof(struct net_frame));
            fake_region(&other.config->data, 4096, 0x71000000);
        }
        init();
        assert_int_equal(virt.share, 1);
        fake_finish();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_device_reads_is_written_back_first),
        cmocka_unit_test(each_frame_is_written_back),
        cmocka_unit_test(each_region_as_its_configuration_says),
        cmocka_unit_test(shares_are_never_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
