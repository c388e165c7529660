/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive virtualiser between a driver and two copiers, all played by the test:
 * who gets which frame, and that nobody can have what is not its own.
 */
#include <string.h>

#include "fake_pd.h"

#include "net/rx_virt.c"

static struct fake_peer first, second, third;

#include "net_rx_drivers.h"

static void link_copier(struct fake_peer *peer, const char *name, const uint8_t *mac,
                        unsigned capacity)
{
    fake_link(peer, LINK_NET_RX_COPIER, name, capacity, sizeof(struct net_frame), 1, 0);
    memcpy(peer->config->settings.net.mac, mac, 6);
}

static void start_with(unsigned buffers, bool with_third)
{
    memset(&rx, 0, sizeof rx);
    memset(&virt, 0, sizeof virt);
    fake_reset();
    pool = fake_region(&fake_config.own, buffers * NET_BUFFER_SIZE, IO);
    fake_link(&driver, LINK_NET_RX_DEVICE, "driver", 32, sizeof(struct net_rx_buffer), 32,
              sizeof(struct net_rx_done));
    link_copier(&first, "first", mac_first, buffers);
    link_copier(&second, "second", mac_second, buffers);
    if (with_third) {
        link_copier(&third, "third", mac_third, buffers);
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

static void start(bool with_third)
{
    start_with(BUFFERS, with_third);
}

static int set_up(void **state)
{
    (void)state;
    start(false);
    return 0;
}

/* Copiers can always. */
static void can_take(unsigned frames)
{
    (void)frames;
}

static void second_can_take(void)
{
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

/* Each in a wake-up of its own. */
static void receive_one_by_one(const uint8_t *mac, unsigned frames)
{
    for (; frames > 0; frames--) {
        receive_frame(mac, 60);
        wake(&driver);
    }
}

/* Take the next frame, without returning its buffer yet. */
static void take_frame(struct fake_peer *copier, uint32_t id, uint16_t length)
{
    struct net_frame frame;

    assert_true(queue_look(&copier->in) > 0);
    assert_true(net_frames_take(&copier->in, &frame));
    assert_int_equal(frame.offset, id * NET_BUFFER_SIZE + NET_HEADROOM);
    assert_int_equal(frame.length, length);
    assert_int_equal(frame.reserved, 0);
}

/* Return the buffers of all frames taken. */
static void give_back(struct fake_peer *copier)
{
    (void)queue_release(&copier->in);
}

/* Every buffer has exactly one place: the stock, the driver, or copiers. */
static void assert_ledger(void)
{
    uint32_t held[2] = {0, 0}, with_driver = 0;

    for (uint32_t id = 0; id < rx.pool.buffers; id++) {
        with_driver += virt.ledger.holders[id] == RX_LEDGER_DRIVER;
        unsigned places = virt.ledger.holders[id] != 0;

        for (uint32_t i = 0; i < virt.ledger.stock; i++) {
            places += virt.ledger.free[i] == id;
        }
        assert_int_equal(places, 1);
        held[0] += virt.ledger.holders[id] & 1;
        held[1] += virt.ledger.holders[id] >> 1 & 1;
        assert_true(virt.ledger.holders[id] == RX_LEDGER_DRIVER || virt.ledger.holders[id] <= 3);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(rx.taker[i].link.out.tail - rx.taker[i].returned, held[i]);
        assert_true(held[i] <= virt.share);
    }
    assert_int_equal(virt.ledger.with_driver, with_driver);
}

static void a_frame_goes_to_whom_it_is_for(void **state)
{
    (void)state;
    assert_true(queue_sleep(&first.in));
    uint32_t a = receive_frame(mac_second, 60);
    uint32_t b = receive_frame(mac_first, 1514);
    uint32_t c = receive_frame(mac_second, 14);
    wake(&driver);
    assert_int_equal(waiting(&first), 1);
    assert_int_equal(waiting(&second), 2);
    take_frame(&first, b, 1514);
    take_frame(&second, a, 60);
    take_frame(&second, c, 14);
    assert_int_equal(fake_signals(1), 1);
    assert_int_equal(fake_link_count(&driver, COUNT_BYTES), 60 + 1514 + 14);
    assert_ledger();
}

static void broadcast_and_multicast_go_to_all_until_the_last_gives_back(void **state)
{
    const uint8_t *const macs[] = {mac_all, mac_group};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        uint32_t id = receive_frame(macs[i], 60);

        wake(&driver);
        take_frame(&first, id, 60);
        take_frame(&second, id, 60);
        assert_int_equal(virt.ledger.holders[id], 3);
        give_back(&first);
        wake(&first);
        assert_int_equal(virt.ledger.holders[id], 2);
        assert_int_equal(waiting(&driver), BUFFERS - 1);
        assert_ledger();
        give_back(&second);
        wake(&second);
        assert_int_equal(waiting(&driver), BUFFERS);
        assert_ledger();
    }
}

/* It can return frames that it did not take: then the buffers are free, and it sees nothing new. */
static void a_copier_returns_frames_in_the_order_it_got_them(void **state)
{
    (void)state;
    uint32_t id[3];

    for (unsigned i = 0; i < 3; i++) {
        id[i] = receive_frame(mac_first, 60);
        wake(&driver);
    }
    take_frame(&first, id[0], 60);
    take_frame(&first, id[1], 60);
    give_back(&first);
    wake(&first);
    assert_true(virt.ledger.holders[id[0]] == RX_LEDGER_DRIVER &&
                virt.ledger.holders[id[1]] == RX_LEDGER_DRIVER);
    assert_int_equal(virt.ledger.holders[id[2]], 1);
    assert_ledger();
}

/* More than it was given: it is cut off, and what it had stays its own until its next life. */
static void a_copier_cannot_return_more_than_it_has(void **state)
{
    static const uint32_t lies[] = {2, 3, 17, 0x80000000, 0xffffffff};

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        uint32_t id = receive_frame(mac_first, 60);

        wake(&driver);
        first.half->consume.head = lies[i];
        wake(&first);
        assert_int_equal(fake_link_count(&first, COUNT_BROKEN), i + 1);
        assert_int_equal(virt.ledger.holders[id], 1);
        assert_ledger();
        receive_frame(mac_first, 60);
        wake(&driver);
        assert_int_equal(fake_link_count(&first, COUNT_DROPPED), i + 1);
        fake_peer_new_life(&first);
        wake(&first);
        assert_int_equal(virt.ledger.holders[id], RX_LEDGER_DRIVER);
        assert_ledger();
    }
}

static void a_hoarder_loses_frames_and_nobody_else_does(void **state)
{
    (void)state;
    receive_one_by_one(mac_first, 12);
    assert_int_equal(virt.share, 6);
    assert_int_equal(waiting(&first), 6);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 6);
    receive_frame(mac_all, 60);
    receive_frame(mac_second, 60);
    wake(&driver);
    assert_int_equal(waiting(&first), 6);
    assert_int_equal(waiting(&second), 2);
    assert_ledger();

    /* What it returns counts at its next frame, without waking us. */
    struct net_frame frame;
    assert_true(net_frames_take(&first.in, &frame));
    give_back(&first);
    uint32_t id = receive_frame(mac_first, 99);
    wake(&driver);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(net_frames_take(&first.in, &frame));
    }
    take_frame(&first, id, 99);
    assert_ledger();
}

/* What nobody could take is not received: it is lost in the device, at no cost. */
static void where_all_are_behind_the_device_has_what_they_have_room_for(void **state)
{
    struct net_frame frame;

    (void)state;
    receive_one_by_one(mac_all, 6);
    assert_int_equal(waiting(&driver), BUFFERS - 6);
    receive_frame(mac_first, 60);
    wake(&driver);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 1);
    while (waiting(&driver) > 0) { /* what the driver has, it has */
        receive_frame(mac_second, 60);
        wake(&driver);
    }
    assert_int_equal(virt.ledger.with_driver, 0);
    assert_ledger();
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(queue_look(&second.in), 6 - i);
        assert_true(net_frames_take(&second.in, &frame));
        assert_int_equal(queue_release(&second.in), i == 0); /* to go on, it wakes us, */
        wake(&second);
        assert_int_equal(waiting(&driver), i + 1); /* and as many are received */
    }
    receive_frame(mac_second, 60);
    receive_frame(mac_second, 60);
    wake(&driver);
    assert_int_equal(waiting(&driver), 0);
    assert_ledger();

    /* The first takes more than half: it is not behind. But the second is. */
    for (unsigned i = 0; i < 4; i++) {
        fake_take(net_frames, &first, &frame);
    }
    wake(&first);
    assert_int_equal(waiting(&driver), 4);
    for (unsigned i = 0; i < 4; i++) {
        fake_take(net_frames, &second, &frame);
    }
    wake(&second);
    assert_int_equal(waiting(&driver), BUFFERS - 4); /* those that they still have */
    assert_ledger();
}

/* For nobody, so that buffers are in stock again at once: but not on their way. */
static void the_driver_gets_buffers_by_many(void **state)
{
    (void)state;
    fake_finish();
    start_with(8 * BUFFERS, false); /* its queues hold 32, of which two are many */
    receive_one_by_one(mac_nobody, 1);
    assert_int_equal(waiting(&driver), 31);
    receive_one_by_one(mac_nobody, 1);
    assert_int_equal(waiting(&driver), 32);
    receive_one_by_one(mac_nobody, 1);
    assert_int_equal(waiting(&driver), 31);
    assert_ledger();
}

/* One frame alone goes a way of its own, where a copier has room enough. */
static void who_is_behind_is_thought_of_at_one_frame_alone(void **state)
{
    (void)state;
    fake_finish();
    start_with(4 * BUFFERS, false);
    receive_one_by_one(mac_first, virt.share + 1);
    assert_int_equal(waiting(&first), virt.share);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 1);
    uint32_t before = virt.ledger.with_driver;
    for (unsigned n = 1; n <= 3; n++) { /* the second has room for fewer than that */
        receive_one_by_one(mac_second, 1);
        assert_int_equal(waiting(&second), n);
        assert_int_equal(virt.ledger.with_driver, before - n);
        assert_ledger();
    }
}

/* Who is gone, or tells nonsense, is waited for by nobody. */
static void the_dead_and_the_broken_are_not_behind(void **state)
{
    (void)state;
    receive_one_by_one(mac_first, 7);
    assert_int_equal(virt.ledger.with_driver, BUFFERS - 7); /* the last is not given again */
    first.half->consume.head = 99;
    receive_frame(mac_first, 60);
    wake(&driver);
    assert_int_equal(fake_link_count(&first, COUNT_BROKEN), 1);
    assert_int_equal(virt.ledger.with_driver, BUFFERS - 6); /* which it keeps until its end */
    fake_peer_new_life(&first);
    wake(&first);
    receive_one_by_one(mac_first, 7);
    assert_int_equal(virt.ledger.with_driver, BUFFERS - 7);
    assert_ledger();
    fake_lives[first.config->peer_pd] += 1;
    receive_frame(mac_first, 60);
    wake(&driver);
    assert_int_equal(virt.ledger.with_driver, BUFFERS - 6);
}

static void a_copiers_new_life_frees_what_its_old_one_had(void **state)
{
    (void)state;
    uint32_t both = receive_frame(mac_all, 60);

    receive_frame(mac_first, 60);
    wake(&driver);
    fake_peer_new_life(&first);
    wake(&first);
    assert_int_equal(virt.ledger.holders[both], 2);
    assert_int_equal(waiting(&driver), BUFFERS - 1);
    assert_int_equal(waiting(&first), 0);
    assert_ledger();
    receive_frame(mac_first, 60);
    wake(&driver);
    assert_int_equal(waiting(&first), 1);
    assert_int_equal(virt.ledger.holders[both], 2);
}

static void a_dead_copiers_frames_are_dropped(void **state)
{
    (void)state;
    fake_lives[first.config->peer_pd] += 1;
    receive_frame(mac_first, 60);
    receive_frame(mac_second, 60);
    wake(&driver);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 1);
    assert_int_equal(waiting(&second), 1);
    assert_ledger();
}

static void the_drivers_new_life_gets_all_that_copiers_do_not_have(void **state)
{
    (void)state;
    uint32_t id = receive_frame(mac_first, 60);
    struct net_rx_buffer buffer;

    wake(&driver);
    fake_take(net_rx_buffers, &driver, &buffer);
    fake_peer_new_life(&driver);
    wake(&driver);
    assert_int_equal(waiting(&driver), BUFFERS - 1);
    assert_ledger();
    while (net_rx_buffers_take(&driver.in, &buffer)) {
        assert_int_not_equal(buffer.id, id);
    }
    fake_put(net_rx_dones, &driver, &((struct net_rx_done){buffer.id, 60}));
    give_back(&first);
    wake(&first);
    assert_ledger();
}

static void a_copier_with_impossible_indices_loses_its_frames(void **state)
{
    (void)state;
    first.half->consume.head = 99;
    receive_frame(mac_all, 60); /* it has nothing to return yet, so nobody looks */
    receive_frame(mac_all, 60);
    wake(&driver);
    assert_int_equal(fake_link_count(&first, COUNT_BROKEN), 0);
    receive_frame(mac_all, 60);
    wake(&driver);
    assert_int_equal(fake_link_count(&first, COUNT_BROKEN), 1);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 1);
    assert_int_equal(waiting(&second), 3);
    assert_ledger();
}

static void information_goes_on_to_the_copiers_with_their_own_address(void **state)
{
    const struct net_info info = {.ready = 1, .link = 1, .mac = {9, 9, 9, 9, 9, 9}, .mtu = 1500};
    struct net_info told;

    (void)state;
    fake_peer_tell(&driver, &info, sizeof info);
    wake(&driver);
    memcpy(&told, second.pd->info, sizeof told);
    assert_int_equal(told.ready, 1);
    assert_int_equal(told.link, 1);
    assert_int_equal(told.mtu, 1500);
    assert_memory_equal(told.mac, mac_second, 6);
    assert_int_equal(fake_signals(2), 1);
    wake(&driver);
    assert_int_equal(fake_signals(2), 0);

    fake_lives[driver.config->peer_pd] += 1; /* it is dead now */
    wake(&driver);
    memcpy(&told, first.pd->info, sizeof told);
    assert_int_equal(told.ready, 0);

    /* The new life says the same, in the same generation. */
    fake_peer_up(&driver);
    driver.half->generation = 0;
    fake_peer_tell(&driver, &info, sizeof info);
    wake(&driver);
    memcpy(&told, first.pd->info, sizeof told);
    assert_int_equal(told.ready, 1);
}

/* Random peers: whatever they say, each buffer stays in exactly one place. */
static void the_ledger_survives_nonsense(void **state)
{
    uint32_t random = 7;
    struct fake_peer *const copiers[] = {&first, &second};
    const uint8_t *const macs[] = {mac_first, mac_second, mac_all, mac_nobody};

    (void)state;
    for (unsigned i = 0; i < BUFFERS * NET_BUFFER_SIZE; i += NET_BUFFER_SIZE) {
        memcpy(pool + i + NET_HEADROOM, macs[i / NET_BUFFER_SIZE % 4], 6);
    }
    for (unsigned step = 0; step < 20000; step++) {
        struct fake_peer *copier = copiers[step % 2];
        struct net_frame frame;
        struct net_rx_buffer buffer;

        random = random * 1664525U + 1013904223U;
        if (queue_look_for_room(&driver.out) > 0) {
            struct net_rx_done done = {random >> 27, random >> 12 & 2047};

            net_rx_dones_put(&driver.out, &done);
            (void)queue_publish(&driver.out);
        }
        queue_look(&copier->in);
        net_frames_take(&copier->in, &frame);
        (void)queue_release(&copier->in);
        if ((random >> 10) % 32 == 0) {
            copier->half->consume.head += random >> 20 & 3;
        }
        queue_look(&driver.in);
        net_rx_buffers_take(&driver.in, &buffer);
        (void)queue_release(&driver.in);
        if ((random >> 16) % 64 == 0) {
            fake_peer_new_life(step % 3 == 0 ? &driver : copier);
        }
        wake(step % 3 == 0 ? &driver : copier);
        assert_ledger();
    }
    assert_true(fake_link_count(&first, COUNT_BYTES) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_RX_DRIVER_TESTS,
        IN_A_PD(a_frame_goes_to_whom_it_is_for),
        IN_A_PD(broadcast_and_multicast_go_to_all_until_the_last_gives_back),
        IN_A_PD(a_copier_returns_frames_in_the_order_it_got_them),
        IN_A_PD(a_copier_cannot_return_more_than_it_has),
        IN_A_PD(a_hoarder_loses_frames_and_nobody_else_does),
        IN_A_PD(where_all_are_behind_the_device_has_what_they_have_room_for),
        IN_A_PD(the_driver_gets_buffers_by_many),
        IN_A_PD(who_is_behind_is_thought_of_at_one_frame_alone),
        IN_A_PD(the_dead_and_the_broken_are_not_behind),
        IN_A_PD(a_copiers_new_life_frees_what_its_old_one_had),
        IN_A_PD(a_dead_copiers_frames_are_dropped),
        IN_A_PD(the_drivers_new_life_gets_all_that_copiers_do_not_have),
        IN_A_PD(a_copier_with_impossible_indices_loses_its_frames),
        IN_A_PD(information_goes_on_to_the_copiers_with_their_own_address),
        IN_A_PD(the_ledger_survives_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
