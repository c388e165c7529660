/* SPDX-License-Identifier: BSD-2-Clause */
/* The network client library when its servers are not there, or out of buffers. */
#include <string.h>

#include "fake_pd.h"

#include <quoll/net_client.h>

#define BUFFERS 2U

static struct fake_peer copier, tx_virt;
static struct net_client nic;

void pd_start(void)
{
    assert_int_equal(net_client_open(&nic, "nic"), QUOLL_OK);
}

void pd_wake(microkit_channel channel)
{
    (void)net_client_wake(&nic, channel);
}

static int set_up(void **state)
{
    (void)state;
    memset(&nic, 0, sizeof nic);
    fake_reset();
    fake_link(&copier, LINK_NET_RX_CLIENT, "nic", 8, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    fake_link(&tx_virt, LINK_NET_TX_CLIENT, "nic", 8, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    fake_region(&copier.config->data, BUFFERS * NET_BUFFER_SIZE, 0);
    fake_region(&tx_virt.config->data, BUFFERS * NET_BUFFER_SIZE, 0);
    init();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void without_servers_buffers_run_out_and_nobody_is_waited_for(void **state)
{
    (void)state;
    assert_non_null(net_tx_buffer(&nic));
    assert_non_null(net_tx_buffer(&nic));
    assert_null(net_tx_buffer(&nic)); /* and the link is not looked at */
    assert_true(net_client_sleep(&nic));
    assert_false(net_client_ready(&nic));
}

static void a_name_needs_both_directions(void **state)
{
    struct net_client other = {0};

    (void)state;
    tx_virt.config->kind = LINK_NONE;
    assert_int_equal(net_client_open(&other, "nic"), QUOLL_ENOTFOUND);
}

/* All is sent: who asked for a buffer sleeps until one comes back, and is woken by it. */
static void who_is_out_of_buffers_is_woken_by_one(void **state)
{
    struct net_frame frame;

    (void)state;
    fake_peer_up(&copier);
    fake_peer_up(&tx_virt);
    notified(copier.config->channel);
    notified(tx_virt.config->channel);
    for (unsigned n = 0; n < BUFFERS; n++) {
        net_send(&nic, net_tx_buffer(&nic), 60);
    }
    net_client_flush(&nic);
    for (unsigned n = 0; n < BUFFERS; n++) {
        fake_take(net_frames, &tx_virt, &frame);
    }
    assert_null(net_tx_buffer(&nic));
    assert_true(net_client_sleep(&nic));
    assert_int_equal(queue_look_for_room(&tx_virt.out), 8);
    assert_true(net_frames_put(&tx_virt.out, &frame));
    assert_true(queue_publish(&tx_virt.out)); /* it waits for this one */
    assert_false(net_client_sleep(&nic));     /* there is one now */
    assert_non_null(net_tx_buffer(&nic));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(without_servers_buffers_run_out_and_nobody_is_waited_for),
        IN_A_PD(a_name_needs_both_directions),
        IN_A_PD(who_is_out_of_buffers_is_woken_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
