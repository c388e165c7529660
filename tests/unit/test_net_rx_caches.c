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
static unsigned char *pool;

static const uint8_t mac[6] = {0x52, 0x54, 0, 0, 0, 0x10};

/* So many at once: old lines are dropped before a frame is looked at. */
static void frames_arrive(unsigned number)
{
    struct net_rx_buffer buffer[2];

    for (unsigned n = 0; n < number; n++) {
        fake_take(net_rx_buffers, &driver, &buffer[n]);
        memcpy(pool + buffer[n].id * NET_BUFFER_SIZE + NET_HEADROOM, mac, 6);
        fake_put(net_rx_dones, &driver, &((struct net_rx_done){buffer[n].id, 60}));
    }
    cares = 0;
    notified(driver.config->channel);
    assert_int_equal(cares, number);
    for (unsigned n = 0; n < number; n++) {
        assert_cared(n, pool + buffer[n].id * NET_BUFFER_SIZE, NET_BUFFER_SIZE, true);
    }
}

static void no_line_of_ours_falls_on_what_the_device_writes(void **state)
{
    (void)state;
    fake_reset();
    pool = fake_region(&fake_config.own, 8 * NET_BUFFER_SIZE, 0x70000000);
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
    for (unsigned n = 0; n < 3; n++) {
        fake_put(net_frames, &taker, &((struct net_frame){.offset = 0, .length = NET_BUFFER_SIZE}));
    }
    frames_arrive(1);
    frames_arrive(2);
    assert_int_equal(queue_look(&taker.in), 3);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_line_of_ours_falls_on_what_the_device_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
