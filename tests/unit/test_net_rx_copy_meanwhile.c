/* SPDX-License-Identifier: BSD-2-Clause */
/* The copying virtualiser's driver or client acts while it goes to sleep: nothing is overslept. */
#include <string.h>

#include "meanwhile.h"

#include "fake_pd.h"

#include "net/rx_copy_virt.c"

#define BUFFERS 16U

static struct fake_peer driver, client;
static unsigned char *pool;
static bool told;

static const uint8_t mac[6] = {0x52, 0x54, 0, 0, 0, 0x10};

static void start(void)
{
    memset(&rx, 0, sizeof rx);
    fake_reset();
    pool = fake_region(&fake_config.own, BUFFERS * NET_BUFFER_SIZE, 0x70000000);
    fake_link(&driver, LINK_NET_RX_DEVICE, "driver", 16, sizeof(struct net_rx_buffer), 16,
              sizeof(struct net_rx_done));
    fake_link(&client, LINK_NET_RX_CLIENT, "client", 8, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    fake_region(&client.config->data, 8 * NET_BUFFER_SIZE, 0);
    memcpy(client.config->settings.net.mac, mac, 6);
    init();
    fake_peer_up(&driver);
    fake_peer_up(&client);
    notified(client.config->channel);
    notified(driver.config->channel);
    for (uint32_t n = 0; n < 4; n++) {
        fake_put(net_frames, &client,
                 &((struct net_frame){.offset = n * NET_BUFFER_SIZE, .length = 2000}));
    }
    (void)fake_signals(client.config->channel);
}

static void a_frame_comes(void)
{
    struct net_rx_buffer buffer;

    fake_take(net_rx_buffers, &driver, &buffer);
    memcpy(pool + buffer.id * NET_BUFFER_SIZE + NET_HEADROOM, mac, 6);
    assert_true(queue_look_for_room(&driver.out) > 0);
    assert_true(net_rx_dones_put(&driver.out, &((struct net_rx_done){buffer.id, 60})));
    told = queue_publish(&driver.out);
}

static void no_frame_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start();
        a_frame_comes();
        told = false;
        meanwhile(n, a_frame_comes);
        notified(driver.config->channel);
        more = meanwhile_done();
        if (told) {
            notified(driver.config->channel);
        }
        assert_int_equal(queue_look(&client.in), more ? 2 : 1);
        fake_finish();
    }
}

static bool asleep;

static void the_client_sleeps(void)
{
    asleep = queue_sleep(&client.in);
}

/* A client that goes to sleep sees the frame itself, or is told of it. */
static void no_client_sleeps_beside_a_frame(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start();
        a_frame_comes();
        asleep = true;
        client.half->consume.wake_at = client.in.head - 1U;
        meanwhile(n, the_client_sleeps);
        notified(driver.config->channel);
        more = meanwhile_done();
        assert_true(!more || !asleep || fake_signals(client.config->channel) == 1);
        fake_finish();
    }
}

static void a_frame_comes_and_the_driver_dies(void)
{
    a_frame_comes();
    fake_lives[driver.config->peer_pd] += 1;
}

/* What is left of a life that is over is not taken up; the next one begins with all buffers. */
static void work_ends_with_the_drivers_life(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start();
        a_frame_comes();
        meanwhile(n, a_frame_comes_and_the_driver_dies);
        notified(driver.config->channel);
        more = meanwhile_done();
        if (more) {
            fake_peer_up(&driver);
            notified(driver.config->channel);
            assert_int_equal(queue_look(&driver.in), BUFFERS);
            assert_int_equal(fake_link_count(&driver, COUNT_BROKEN), 0);
        }
        fake_finish();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_frame_is_overslept),
        cmocka_unit_test(no_client_sleeps_beside_a_frame),
        cmocka_unit_test(work_ends_with_the_drivers_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
