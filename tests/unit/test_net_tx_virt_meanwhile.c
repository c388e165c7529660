/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit virtualiser's neighbours act while it goes to sleep: nothing is overslept.
 * And what a frame must have, whatever the head held before.
 */
#include <string.h>

#include "meanwhile.h"

#include "endless.h"

#include "net/tx_virt.c"

static struct fake_peer driver, client, other;
static unsigned char *data;
static bool told;

static const uint8_t mac[6] = {0x52, 0x54, 0, 0, 0, 0x10};

static void start(unsigned heads)
{
    memset(&virt, 0, sizeof virt);
    fake_reset();
    fake_region(&fake_config.own, heads * NET_HEAD_SIZE, 0x70000000);
    fake_link(&driver, LINK_NET_TX_DEVICE, "driver", 16, sizeof(struct net_tx_frame), 16,
              sizeof(struct net_tx_done));
    fake_link(&client, LINK_NET_TX_CLIENT, "client", 16, sizeof(struct net_frame), 16,
              sizeof(struct net_frame));
    memcpy(client.config->settings.net.mac, mac, 6);
    data = fake_region(&client.config->data, 8192, 0x71000000);
    for (unsigned n = 0; n < 4; n++) {
        memcpy(data + n * 2048 + 6, mac, 6);
    }
    fake_link(&other, LINK_NET_TX_CLIENT, "other", 16, sizeof(struct net_frame), 16,
              sizeof(struct net_frame));
    memcpy(other.config->settings.net.mac, mac, 6);
    memcpy((uint8_t *)fake_region(&other.config->data, 8192, 0x72000000) + 6, mac, 6);
    init();
    fake_peer_up(&driver);
    fake_peer_up(&client);
    notified(driver.config->channel);
    notified(client.config->channel);
}

static void put_frame(uint32_t place, uint16_t length)
{
    assert_true(queue_look_for_room(&client.out) > 0);
    assert_true(net_frames_put(&client.out,
                               &((struct net_frame){.offset = place * 2048, .length = length})));
    told = queue_publish(&client.out);
}

static void a_frame_comes(void)
{
    put_frame(1, 60);
}

static void no_frame_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start(4);
        put_frame(0, 60);
        told = false;
        meanwhile(n, a_frame_comes);
        notified(client.config->channel);
        more = meanwhile_done();
        if (told) {
            notified(client.config->channel);
        }
        assert_int_equal(queue_look(&driver.in), more ? 2 : 1);
        fake_finish();
    }
}

static struct net_tx_frame first;

static void the_driver_is_done(void)
{
    assert_true(queue_look_for_room(&driver.out) > 0);
    assert_true(net_tx_dones_put(&driver.out, &((struct net_tx_done){first.id})));
    told = queue_publish(&driver.out);
}

/* One head, and it is with the driver; another frame waits for it. */
static void no_sent_frame_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start(1);
        for (unsigned before = 0; before < 3; before++) { /* the queues' indices are not all 0 */
            struct net_frame frame;

            put_frame(0, 60);
            notified(client.config->channel);
            fake_take(net_tx_frames, &driver, &first);
            the_driver_is_done();
            notified(driver.config->channel);
            fake_take(net_frames, &client, &frame);
        }
        put_frame(0, 60);
        notified(client.config->channel);
        fake_take(net_tx_frames, &driver, &first);
        put_frame(1, 60);
        told = false;
        meanwhile(n, the_driver_is_done);
        notified(client.config->channel);
        more = meanwhile_done();
        if (told) {
            notified(driver.config->channel);
        }
        assert_int_equal(queue_look(&driver.in), more ? 1 : 0);
        fake_finish();
    }
}

static void the_client_takes_its_buffers_back(void)
{
    struct net_frame frame;

    (void)queue_look(&client.in);
    while (net_frames_take(&client.in, &frame)) {}
    told = queue_release(&client.in) || told;
}

/* There is no place for another buffer; the client makes some while it is waited for. */
static void no_room_for_buffers_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start(4);
        for (unsigned before = 0; before < 1 + 16; before++) {
            put_frame(0, 60);
            notified(client.config->channel);
            fake_take(net_tx_frames, &driver, &first);
            the_driver_is_done();
            notified(driver.config->channel);
            if (before == 0) { /* the indices are not all 0 */
                the_client_takes_its_buffers_back();
            }
        }
        put_frame(0, 60);
        told = false;
        meanwhile(n, the_client_takes_its_buffers_back);
        notified(client.config->channel);
        more = meanwhile_done();
        the_client_takes_its_buffers_back();
        if (told) {
            notified(client.config->channel);
        }
        assert_int_equal(queue_look(&driver.in), 1);
        fake_finish();
    }
}

/* A head that just carried a good frame is no excuse for one without addresses. */
static void frames_too_short_for_addresses_are_refused(void **state)
{
    struct net_frame frame;

    (void)state;
    for (uint16_t length = 0; length < NET_FRAME_MIN; length++) {
        start(1);
        put_frame(0, 60);
        notified(client.config->channel);
        fake_take(net_tx_frames, &driver, &first);
        the_driver_is_done();
        notified(driver.config->channel);
        fake_take(net_frames, &client, &frame);
        put_frame(1, length);
        notified(client.config->channel);
        assert_int_equal(queue_look(&driver.in), 0);
        assert_int_equal(fake_link_count(&client, COUNT_REFUSED), 1);
        fake_finish();
    }
}

/* Its new life has begun, and it has not set up its half for it. */
static void a_client_between_two_lives_is_not_served(void **state)
{
    (void)state;
    start(4);
    fake_lives[client.config->peer_pd] += 1;
    put_frame(0, 60);
    notified(client.config->channel);
    client.half->produce.tail = 1;
    notified(client.config->channel);
    assert_int_equal(queue_look(&driver.in), 0);
    fake_finish();
}

/* The other begins while the virtualiser is awake for somebody else, and waits in line. */
static void the_other_sends(void)
{
    fake_peer_up(&other);
    fake_put(net_frames, &other, &((struct net_frame){.length = 60}));
}

static void the_driver_is_done_with_one(void)
{
    struct net_tx_frame frame;

    bool read = driver.pd->consume.head == driver.half->produce.tail;

    if (read && queue_look(&driver.in) > 0 && net_tx_frames_take(&driver.in, &frame)) {
        (void)queue_release(&driver.in);
        fake_put(net_tx_dones, &driver, &((struct net_tx_done){frame.id}));
    }
}

/* A frame more at each look for frames, and one less with the driver when it has looked for those.
 */
static void frames_flow(const volatile void *at)
{
    if (fake_link_count(&other, COUNT_BYTES) > 0) {
        enough();
    } else if (at == &client.half->produce.tail) {
        client.in.head = client.pd->produce.tail;
        (void)queue_release(&client.in);
        ONE_MORE(net_frames, &client, &((struct net_frame){.length = 60}));
    } else if (at == &driver.half->produce.tail) {
        the_driver_is_done_with_one();
    }
}

/* The driver and one client have cores of their own. */
static void frames_without_end_keep_nobody_waiting(void **state)
{
    (void)state;
    start(6);
    for (uint32_t n = 0; n < 3; n++) {
        put_frame(n, 60);
    }
    notified(client.config->channel); /* its share is under way */
    put_frame(0, 60);
    the_other_sends();
    endless(frames_flow);
    notified(client.config->channel);
    assert_int_equal(fake_link_count(&other, COUNT_BYTES), 60);
    assert_true(endless_turns <= 8U * ROUNDS);
    fake_finish();
}

static void the_driver_dies_in_the_flow(const volatile void *at)
{
    frames_flow(at);
    fake_lives[driver.config->peer_pd] += endless_turns == 3 ? 1U : 0;
    endless_turns += endless_turns == 3 ? 1U : 0;
}

static void the_flow_ends_with_the_drivers_life(void **state)
{
    (void)state;
    start(6);
    for (uint32_t n = 0; n < 3; n++) {
        put_frame(n, 60);
    }
    notified(client.config->channel);
    put_frame(0, 60);
    endless(the_driver_dies_in_the_flow);
    notified(client.config->channel);
    assert_in_range(endless_turns, 4, 8);
    enough();
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_frame_is_overslept),
        cmocka_unit_test(no_sent_frame_is_overslept),
        cmocka_unit_test(no_room_for_buffers_is_overslept),
        cmocka_unit_test(a_client_between_two_lives_is_not_served),
        cmocka_unit_test(frames_too_short_for_addresses_are_refused),
        cmocka_unit_test(frames_without_end_keep_nobody_waiting),
        cmocka_unit_test(the_flow_ends_with_the_drivers_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
