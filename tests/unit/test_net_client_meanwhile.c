/* SPDX-License-Identifier: BSD-2-Clause */
/* A network client's servers act as it goes to sleep: nothing is overslept. */
#include <string.h>

#include "meanwhile.h"

#include "fake_pd.h"

#include "net/client.c"

#define BUFFERS 4U

static struct fake_peer copier, tx_virt;
static struct net_client nic;
static bool told;

static void begin(void)
{
    memset(&nic, 0, sizeof nic);
    fake_reset();
    fake_link(&copier, LINK_NET_RX_CLIENT, "nic", 8, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    fake_link(&tx_virt, LINK_NET_TX_CLIENT, "nic", 8, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    fake_region(&copier.config->data, BUFFERS * NET_BUFFER_SIZE, 0);
    fake_region(&tx_virt.config->data, BUFFERS * NET_BUFFER_SIZE, 0);
    assert_int_equal(net_client_open(&nic, "nic"), QUOLL_OK);
    fake_peer_up(&copier);
    fake_peer_up(&tx_virt);
    assert_true(net_client_wake(&nic, copier.config->channel));
    assert_true(net_client_sleep(&nic));
    (void)fake_signals(0);
    (void)fake_signals(1);
    told = false;
}

static void a_frame_comes(void)
{
    struct net_frame frame;

    assert_true(queue_look(&copier.in) > 0);
    assert_true(net_frames_take(&copier.in, &frame));
    frame.length = 60;
    assert_true(queue_look_for_room(&copier.out) > 0);
    assert_true(net_frames_put(&copier.out, &frame));
    told = queue_publish(&copier.out);
}

static void no_frame_is_overslept(void **state)
{
    struct net_received frame;
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        begin();
        assert_true(net_client_sleep(&nic));
        a_frame_comes(); /* the client is awake for it, and what it asked for has passed */
        assert_true(net_receive(&nic, &frame));
        told = false;
        meanwhile(n, a_frame_comes);
        bool asleep = net_client_sleep(&nic);
        more = meanwhile_done();
        assert_true(!more || !asleep || told);
        assert_true(net_receive(&nic, &frame) == more);
        fake_finish();
    }
}

static void send_frames(unsigned count)
{
    for (; count > 0; count--) {
        uint8_t *buffer = net_tx_buffer(&nic);

        assert_non_null(buffer);
        net_send(&nic, buffer, 60);
    }
}

static void the_virtualiser_gives_back(void)
{
    struct net_frame frame;

    (void)queue_look(&tx_virt.in);
    (void)queue_look_for_room(&tx_virt.out);
    while (net_frames_take(&tx_virt.in, &frame)) {
        assert_true(net_frames_put(&tx_virt.out, &frame));
    }
    (void)queue_release(&tx_virt.in);
    told = queue_publish(&tx_virt.out) || told;
}

/* All buffers are on their way, and somebody wants one. */
static void no_buffer_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        begin();
        send_frames(BUFFERS);
        net_client_flush(&nic);
        the_virtualiser_gives_back(); /* so that the indices are not all 0 */
        send_frames(BUFFERS - 1);
        net_client_flush(&nic);
        send_frames(1);
        told = false;
        assert_null(net_tx_buffer(&nic));
        meanwhile(n, the_virtualiser_gives_back);
        bool asleep = net_client_sleep(&nic);
        more = meanwhile_done();
        if (asleep && !told) {
            the_virtualiser_gives_back();
            assert_true(told);
        }
        assert_non_null(net_tx_buffer(&nic));
        fake_finish();
    }
}

/* A virtualiser that had all frames before does not know that now one waits for buffers. */
static void who_waits_after_the_last_frame_says_so_once(void **state)
{
    (void)state;
    begin();
    send_frames(BUFFERS - 1);
    net_client_flush(&nic);
    assert_non_null(net_tx_buffer(&nic)); /* the last, not to be sent yet */
    (void)fake_signals(tx_virt.config->channel);
    net_client_flush(&nic);
    assert_int_equal(fake_signals(tx_virt.config->channel), 1);
    net_client_flush(&nic);
    assert_int_equal(fake_signals(tx_virt.config->channel), 0);
    the_virtualiser_gives_back();
    assert_true(told);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_frame_is_overslept),
        cmocka_unit_test(no_buffer_is_overslept),
        cmocka_unit_test(who_waits_after_the_last_frame_says_so_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
