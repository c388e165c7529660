/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive virtualiser with a device that does not see the CPU's caches; and the copying
 * one (test_net_rx_copy_caches.c).
 */
#include <string.h>

#include "played_caches.h"

#include "net/pool.c"

#ifdef COPYING
#include "net/rx_copy_virt.c"
#define KIND LINK_NET_RX_CLIENT
#else
#include "net/rx_virt.c"
#define KIND LINK_NET_RX_COPIER
#endif

static struct fake_peer driver, taker;

static void no_line_of_ours_falls_on_what_the_device_writes(void **state)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0, 0, 0, 0x10};
    struct net_rx_buffer buffer;

    (void)state;
    fake_reset();
    unsigned char *pool = fake_region(&fake_config.own, 8 * NET_BUFFER_SIZE, 0x70000000);
    fake_config.own.coherent = 0;
    fake_link(&driver, LINK_NET_RX_DEVICE, "driver", 16, sizeof(struct net_rx_buffer), 16,
              sizeof(struct net_rx_done));
    fake_link(&taker, KIND, "taker", 16, sizeof(struct net_frame), 16, sizeof(struct net_frame));
    fake_region(&taker.config->data, NET_BUFFER_SIZE, 0);
    memcpy(taker.config->settings.net.mac, mac, 6);
    init();
    assert_int_equal(cares, 1);
    assert_cared(0, pool, 8 * NET_BUFFER_SIZE, false);
    fake_peer_up(&driver);
    fake_peer_up(&taker);
    notified(taker.config->channel);
    notified(driver.config->channel);
    fake_put(net_frames, &taker, &((struct net_frame){.offset = 0, .length = NET_BUFFER_SIZE}));
    cares = 0;
    fake_take(net_rx_buffers, &driver, &buffer);
    memcpy(pool + buffer.id * NET_BUFFER_SIZE + NET_HEADROOM, mac, 6);
    fake_put(net_rx_dones, &driver, &((struct net_rx_done){buffer.id, 60}));
    notified(driver.config->channel);
    assert_int_equal(cares, 1); /* old lines are dropped before the frame is looked at */
    assert_cared(0, pool + buffer.id * NET_BUFFER_SIZE, NET_BUFFER_SIZE, true);
    assert_int_equal(queue_look(&taker.in), 1);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_line_of_ours_falls_on_what_the_device_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
