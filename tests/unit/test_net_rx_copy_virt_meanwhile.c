/* SPDX-License-Identifier: BSD-2-Clause */
/* The copying receive virtualiser's driver has a core of its own, and always one more frame. */
#include <string.h>

#include "endless.h"

#include "net/rx_copy_virt.c"

#define BUFFERS 16U

static struct fake_peer driver, client;

static int set_up(void **state)
{
    (void)state;
    memset(&rx, 0, sizeof rx);
    fake_reset();
    fake_region(&fake_config.own, BUFFERS * NET_BUFFER_SIZE, 0x70000000);
    fake_link(&driver, LINK_NET_RX_DEVICE, "driver", 32, sizeof(struct net_rx_buffer), 32,
              sizeof(struct net_rx_done));
    fake_link(&client, LINK_NET_RX_CLIENT, "client", 16, sizeof(struct net_frame), 16,
              sizeof(struct net_frame));
    fake_region(&client.config->data, NET_BUFFER_SIZE, 0x71000000);
    memcpy(client.config->settings.net.mac, "\2\0\0\0\0\1", 6);
    init();
    fake_peer_up(&driver);
    notified(driver.config->channel);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    enough();
    fake_finish();
    return 0;
}

static bool client_is_known(void)
{
    return client.pd->seen == fake_lives[client.config->peer_pd] + 1U;
}

/* For nobody: the buffer goes back to the driver at once. */
static void a_frame_comes_once_more(const volatile void *at)
{
    struct net_rx_buffer buffer = {0};

    if (at != &driver.half->produce.tail) {
        return;
    }
    if (client_is_known()) {
        enough();
        return;
    }
    if (queue_look(&driver.in) > 0) {
        (void)net_rx_buffers_take(&driver.in, &buffer);
        (void)queue_release(&driver.in);
    }
    ONE_MORE(net_rx_dones, &driver, &((struct net_rx_done){buffer.id, 60}));
}

static void frames_without_end_do_not_keep_a_new_client_waiting(void **state)
{
    (void)state;
    fake_peer_new_life(&client);
    endless(a_frame_comes_once_more);
    notified(driver.config->channel);
    assert_true(client_is_known());
    assert_true(endless_turns <= 2U * (ROUNDS + 1U)); /* looks, of which a round has two */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(frames_without_end_do_not_keep_a_new_client_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
