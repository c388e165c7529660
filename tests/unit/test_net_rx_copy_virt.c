/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copying receive virtualiser between a driver and two clients, all played by the test:
 * who gets which frame, that only the driver ever has buffers of the pool, and that nobody
 * can have what is not its own.
 */
#include <string.h>

#include "fake_pd.h"

#include "net/rx_copy_virt.c"

#include "rx_places.h"

#define DATA 8192U

static struct fake_peer first, second, third;
static unsigned char *data, *data_of_second, *data_of_third;

#include "net_rx_drivers.h"

#define client first
static struct fake_peer *const source = &driver;

static const unsigned char *arrive(uint16_t length)
{
    uint32_t id = receive_frame(mac_first, length);

    wake(&driver);
    return pool + id * NET_BUFFER_SIZE + NET_HEADROOM;
}

static void assert_none_kept(void)
{
    assert_int_equal(rx.pool.driver.out.tail - rx.pool.driver.in.head, BUFFERS);
}

static void assert_too_many(unsigned frames)
{
    assert_none_kept();
    assert_int_equal(fake_link_count(&client, COUNT_DROPPED), frames);
}

#include "net_rx_clients.h"

static void link_client(struct fake_peer *peer, const char *name, const uint8_t *mac,
                        unsigned char **region)
{
    fake_link(peer, LINK_NET_RX_CLIENT, name, 4, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    memcpy(peer->config->settings.net.mac, mac, 6);
    *region = fake_region(&peer->config->data, DATA, 0);
}

static void start(bool with_third)
{
    memset(&rx, 0, sizeof rx);
    fake_reset();
    pool = fake_region(&fake_config.own, BUFFERS * NET_BUFFER_SIZE, IO);
    fake_link(&driver, LINK_NET_RX_DEVICE, "driver", 32, sizeof(struct net_rx_buffer), 32,
              sizeof(struct net_rx_done));
    link_client(&first, "first", mac_first, &data);
    link_client(&second, "second", mac_second, &data_of_second);
    if (with_third) {
        link_client(&third, "third", mac_third, &data_of_third);
    }
    init();
    fake_peer_up(&driver);
    fake_peer_up(&first);
    fake_peer_up(&second);
    wake(&first);
    wake(&second);
    wake(&driver);
    for (unsigned i = 0; i < 4; i++) {
        (void)fake_signals(i);
    }
}

static int set_up(void **state)
{
    (void)state;
    start(false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void can_take(unsigned frames)
{
    while (frames-- > 0) {
        put(&first, frames * 128, 128);
    }
}

static void second_can_take(void)
{
    put(&second, 0, 128);
}

static void assert_ledger(void)
{
    for (uint32_t id = 0; id < BUFFERS; id++) {
        assert_true(is_in_place(id));
    }
}

/* One wake-up, one signal for each, however many frames. */
static void a_frame_goes_to_whom_it_is_for(void **state)
{
    (void)state;
    put(&first, 0, 2048);
    put(&second, 2048, 100);
    put(&second, 0, 100);
    assert_true(queue_sleep(&first.in));
    assert_true(queue_sleep(&second.in));
    uint32_t a = receive_frame(mac_second, 60);
    uint32_t b = receive_frame(mac_first, 1514);

    receive_frame(mac_second, 14);
    wake(&driver);
    assert_int_equal(waiting(&first), 1);
    assert_int_equal(waiting(&second), 2);
    assert_next(&first, 0, 1514);
    assert_next(&second, 2048, 60);
    assert_next(&second, 0, 14);
    assert_memory_equal(data, pool + b * NET_BUFFER_SIZE + NET_HEADROOM, 1514);
    assert_memory_equal(data_of_second + 2048, pool + a * NET_BUFFER_SIZE + NET_HEADROOM, 60);
    assert_int_equal(data_of_second[14], 0);
    assert_int_equal(fake_signals(1), 1);
    assert_int_equal(fake_signals(2), 1);
    assert_int_equal(fake_link_count(&driver, COUNT_BYTES), 60 + 1514 + 14);
    assert_ledger();
}

static void broadcast_and_multicast_go_to_all_who_have_a_buffer(void **state)
{
    const uint8_t *const macs[] = {mac_all, mac_group};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        put(&first, 0, 100);
        put(&second, 300, 100);
        receive_frame(macs[i], 60);
        wake(&driver);
        assert_next(&first, 0, 60);
        assert_next(&second, 300, 60);
        assert_memory_equal(data, macs[i], 6);
        assert_memory_equal(data_of_second + 300, macs[i], 6);
        assert_ledger();
    }
    put(&second, 600, 100);
    receive_frame(mac_all, 61);
    wake(&driver);
    assert_int_equal(waiting(&first), 0);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 1);
    assert_next(&second, 600, 61);
    assert_ledger();
}

/* Bad buffers that follow a good one wait: no more are taken than frames need. */
static void buffers_are_taken_one_by_one(void **state)
{
    (void)state;
    put(&first, 0, 100);
    put(&first, DATA, 100);
    put(&first, 200, 100);
    (void)arrive(60);
    assert_int_equal(fake_link_count(&first, COUNT_REFUSED), 0);
    (void)arrive(61);
    assert_int_equal(fake_link_count(&first, COUNT_REFUSED), 1);
    assert_next(&first, 0, 60);
    assert_next(&first, 200, 61);
}

/* What it knew of buffers and room from before is not enough for the batch: it looks. */
static void a_batch_gets_what_was_given_since(void **state)
{
    (void)state;
    put(&first, 0, 100);
    put(&first, 100, 100);
    (void)arrive(60);
    for (unsigned i = 2; i < 6; i++) {
        put(&first, i * 100, 100);
        if (i < 5) {
            receive_frame(mac_first, 60 + i);
        }
    }
    wake(&driver);
    assert_next(&first, 0, 60);
    assert_next(&first, 100, 62);
    assert_next(&first, 200, 63);
    assert_next(&first, 300, 64);
    receive_frame(mac_first, 70);
    receive_frame(mac_first, 71);
    wake(&driver);
    assert_next(&first, 400, 70);
    assert_next(&first, 500, 71);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 0);
}

/* As long as another could take some, the device has buffers, whatever comes for the first. */
static void a_flood_leaves_the_driver_buffers_for_others(void **state)
{
    unsigned lost = 0;

    (void)state;
    put(&first, 0, 100);
    for (unsigned i = 0; i < 4; i++) {
        put(&second, i * 100, 100);
    }
    for (unsigned round = 0; round < 5; round++) {
        for (; waiting(&driver) > 0; lost++) {
            receive_frame(mac_first, 60);
        }
        wake(&driver);
        assert_int_equal(waiting(&driver), 4);
        assert_ledger();
    }
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), lost - 1);
    receive_frame(mac_second, 61);
    wake(&driver);
    assert_next(&second, 0, 61);
    assert_int_equal(fake_link_count(&second, COUNT_DROPPED), 0);
}

/* What nobody could take is not received: it is lost in the device, at no cost. */
static void where_all_are_behind_the_device_has_what_they_have_room_for(void **state)
{
    (void)state;
    put(&first, 0, 100);
    put(&first, 100, 100);
    while (waiting(&driver) > 0) {
        receive_frame(mac_first, 60);
    }
    wake(&driver);
    assert_int_equal(waiting(&driver), 0);
    assert_true(queue_awaited(&first.out)); /* its next buffer wakes us, */
    assert_true(queue_awaited(&second.out));
    put(&first, 200, 100);
    wake(&first);
    assert_int_equal(waiting(&driver), 1); /* and as many are received */
    receive_frame(mac_first, 61);
    wake(&driver);
    assert_int_equal(waiting(&driver), 0);
    assert_int_equal(waiting(&first), 3);
    assert_ledger();

    /* It takes two, and gives a buffer: it is not behind any more. */
    assert_next(&first, 0, 60);
    assert_next(&first, 100, 60);
    put(&first, 0, 100);
    wake(&first);
    assert_int_equal(waiting(&driver), BUFFERS);
    assert_next(&first, 200, 61);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), BUFFERS - 2);
    assert_ledger();
}

/* A full queue of frames is as good as no buffers. */
static void the_room_that_comes_first_wakes_us(void **state)
{
    struct net_frame frame;

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        put(&first, i * 100, 100);
        receive_frame(mac_first, 60);
    }
    while (waiting(&driver) > 0) {
        receive_frame(mac_nobody, 60);
    }
    wake(&driver);
    assert_int_equal(waiting(&driver), 0);
    assert_int_equal(waiting(&first), 4);
    assert_true(net_frames_take(&first.in, &frame));
    assert_true(queue_release(&first.in));
    wake(&first);
    assert_int_equal(waiting(&driver), 1);
}

/* Who is gone, or tells nonsense, is waited for by nobody. */
static void the_dead_and_the_broken_are_not_behind(void **state)
{
    (void)state;
    put(&first, 0, 100);
    put(&first, 100, 100);
    (void)arrive(60);
    fake_lives[first.config->peer_pd] += 1;
    while (waiting(&driver) > 0) {
        receive_frame(mac_first, 60);
    }
    wake(&driver);
    assert_int_equal(waiting(&driver), BUFFERS);
    fake_peer_up(&first);
    wake(&first);
    first.half->produce.tail = 99;
    while (waiting(&driver) > 0) {
        receive_frame(mac_first, 60);
    }
    wake(&driver);
    assert_int_equal(fake_link_count(&first, COUNT_BROKEN), 1);
    assert_int_equal(waiting(&driver), BUFFERS);
    assert_ledger();
}

/* A buffer that is on its way back, but not shown yet, is not the driver's; nor is it lost. */
static void a_buffer_comes_back_once(void **state)
{
    (void)state;
    rx.pool.by = 3;
    can_take(4);
    uint32_t id = receive_frame(mac_first, 60);

    wake(&driver);
    fake_put(net_rx_dones, &driver, &((struct net_rx_done){id, 61}));
    wake(&driver);
    assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), 1);
    assert_int_equal(waiting(&driver), BUFFERS - 1);
    receive_frame(mac_first, 62);
    wake(&driver);
    assert_int_equal(waiting(&driver), BUFFERS);
    fake_put(net_rx_dones, &driver, &((struct net_rx_done){id, 63})); /* shown: it may have it */
    wake(&driver);
    assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), 1);
    assert_next(&first, 384, 60);
    assert_next(&first, 256, 62);
    assert_next(&first, 128, 63);
    assert_ledger();
}

/* A driver that returns what it cannot have taken finds no more than its queue holds. */
static void a_driver_that_takes_nothing_gets_no_more(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        for (uint32_t id = 0; id < BUFFERS; id++) {
            fake_put(net_rx_dones, &driver, &((struct net_rx_done){id, 60}));
        }
        wake(&driver);
        assert_int_equal(waiting(&driver), round == 0 ? 2 * BUFFERS : 32);
        assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), 0);
        assert_ledger();
    }
}

static void the_drivers_new_life_gets_the_whole_pool(void **state)
{
    struct net_rx_buffer buffer;

    (void)state;
    fake_take(net_rx_buffers, &driver, &buffer);
    (void)arrive(60);
    fake_peer_new_life(&driver);
    wake(&driver);
    assert_int_equal(waiting(&driver), BUFFERS);
    assert_ledger();
}

/* Random peers: whatever they say, the driver has each buffer where we know it to be. */
static void the_ledger_survives_nonsense(void **state)
{
    uint32_t random = 7;
    struct fake_peer *const clients[] = {&first, &second};
    const uint8_t *const macs[] = {mac_first, mac_second, mac_all, mac_nobody};

    (void)state;
    for (unsigned i = 0; i < BUFFERS * NET_BUFFER_SIZE; i += NET_BUFFER_SIZE) {
        memcpy(pool + i + NET_HEADROOM, macs[i / NET_BUFFER_SIZE % 4], 6);
    }
    for (unsigned step = 0; step < 20000; step++) {
        struct fake_peer *peer = clients[step % 2];
        struct net_frame frame = {random >> 18 & 0x3fff, random >> 7 & 2047, 0};
        struct net_rx_buffer buffer;

        random = random * 1664525U + 1013904223U;
        if (queue_look_for_room(&driver.out) > 0) {
            struct net_rx_done done = {random >> 27, random >> 12 & 2047};

            net_rx_dones_put(&driver.out, &done);
            (void)queue_publish(&driver.out);
        }
        if (queue_look_for_room(&peer->out) > 0) {
            net_frames_put(&peer->out, &frame);
            (void)queue_publish(&peer->out);
        }
        queue_look(&peer->in);
        net_frames_take(&peer->in, &frame);
        (void)queue_release(&peer->in);
        if ((random >> 10) % 32 == 0) {
            peer->half->consume.head += random >> 20 & 3;
        }
        queue_look(&driver.in);
        net_rx_buffers_take(&driver.in, &buffer);
        (void)queue_release(&driver.in);
        if ((random >> 16) % 64 == 0) {
            fake_peer_new_life(step % 3 == 0 ? &driver : peer);
        }
        wake(step % 3 == 0 ? &driver : peer);
        assert_ledger();
    }
    assert_true(fake_link_count(&first, COUNT_BYTES) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_RX_DRIVER_TESTS,
        NET_RX_CLIENT_TESTS,
        IN_A_PD(a_frame_goes_to_whom_it_is_for),
        IN_A_PD(broadcast_and_multicast_go_to_all_who_have_a_buffer),
        IN_A_PD(buffers_are_taken_one_by_one),
        IN_A_PD(a_batch_gets_what_was_given_since),
        IN_A_PD(a_flood_leaves_the_driver_buffers_for_others),
        IN_A_PD(where_all_are_behind_the_device_has_what_they_have_room_for),
        IN_A_PD(the_room_that_comes_first_wakes_us),
        IN_A_PD(the_dead_and_the_broken_are_not_behind),
        IN_A_PD(a_buffer_comes_back_once),
        IN_A_PD(a_driver_that_takes_nothing_gets_no_more),
        IN_A_PD(the_drivers_new_life_gets_the_whole_pool),
        IN_A_PD(the_ledger_survives_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
