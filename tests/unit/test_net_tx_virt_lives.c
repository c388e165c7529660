/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit virtualiser when its neighbours begin anew, take nothing back or lie, and who is
 * woken for whom.
 */
#include "net_tx_virt_world.h"

static void the_drivers_new_life_gives_all_buffers_back(void **state)
{
    (void)state;
    send_good(&first, 0, 60);
    send_good(&first, 64, 60);
    send_good(&second, 128, 61);
    wake(&first);
    wake(&second);
    (void)take_frame();
    fake_peer_new_life(&driver);
    wake(&driver);
    assert_int_equal(waiting(&driver), 0);
    assert_int_equal(waiting(&first), 2);
    assert_returned(&second, 128, 61);
    assert_int_equal(virt.ledger.stock, HEADS);
    assert_ledger();
    send_good(&first, 0, 60);
    wake(&first);
    assert_int_equal(waiting(&driver), 1);
}

static void frames_wait_while_there_is_no_driver(void **state)
{
    (void)state;
    fake_lives[driver.config->peer_pd] += 1;
    send_good(&first, 0, 60);
    wake(&first);
    assert_int_equal(waiting(&first), 0);
    fake_peer_up(&driver);
    wake(&driver);
    assert_int_equal(waiting(&driver), 1);
}

static void a_clients_new_life_gets_nothing_of_its_old_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        send_good(&first, i * 64, 60);
    }
    wake(&first);
    fake_peer_new_life(&first);
    wake(&first);
    send_good(&first, 512, 60);
    wake(&first);
    /* Its old frames still count: restarting does not buy more heads. */
    assert_int_equal(waiting(&driver), 4);
    for (unsigned i = 0; i < 4; i++) {
        done(take_frame().id);
    }
    wake(&driver);
    assert_int_equal(waiting(&first), 0);
    assert_int_equal(waiting(&driver), 1);
    done(take_frame().id);
    wake(&driver);
    assert_returned(&first, 512, 60);
    assert_ledger();
}

/* Restarted, but not yet up: there is nobody to give its buffer back to. */
static void a_client_that_dies_gets_nothing(void **state)
{
    (void)state;
    send_good(&first, 0, 60);
    wake(&first);
    fake_lives[first.config->peer_pd] += 1;
    done(take_frame().id);
    wake(&driver);
    assert_int_equal(virt.client[0].held, 0);
    assert_ledger();
    fake_peer_up(&first);
    wake(&first);
    assert_int_equal(waiting(&first), 0);
    send_good(&first, 512, 60);
    wake(&first);
    done(take_frame().id);
    wake(&driver);
    assert_returned(&first, 512, 60);
}

/* In eighths of a queue while it is busy, and all with the buffers. */
static void who_has_its_buffers_back_has_places_for_them(void **state)
{
    uint32_t id[4];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        send_good(&first, i * 64, 60);
        wake(&first);
        id[i] = take_frame().id;
    }
    assert_int_equal(queue_look_for_room(&first.out), 28);
    for (unsigned i = 0; i < 4; i++) {
        done(id[i]);
        wake(&driver);
        assert_returned(&first, i * 64, 60);
        assert_int_equal(queue_look_for_room(&first.out), 32);
    }
    for (unsigned i = 0; i < 5; i++) {
        send_good(&first, i * 64, 60);
    }
    wake(&first);
    assert_int_equal(queue_look_for_room(&first.out), 31); /* one was too many */
}

static void a_client_that_takes_nothing_back_is_not_served(void **state)
{
    struct net_frame frame;

    (void)state;
    start(4);
    for (unsigned i = 0; i < 6; i++) {
        send_frame(&first, 0xffffffff, 60);
    }
    wake(&first);
    assert_int_equal(fake_link_count(&first, COUNT_REFUSED), 4);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 0);
    queue_look(&first.in);
    assert_true(net_frames_take(&first.in, &frame));
    assert_true(queue_release(&first.in)); /* we asked to be woken for room */
    wake(&first);
    assert_int_equal(fake_link_count(&first, COUNT_REFUSED), 5);
    assert_ledger();
}

static void a_client_with_impossible_indices_is_cut_off(void **state)
{
    (void)state;
    first.half->produce.tail = 33;
    wake(&first);
    assert_int_equal(fake_link_count(&first, COUNT_BROKEN), 1);
    assert_int_equal(virt.pending, 0);
    send_good(&second, 0, 60);
    wake(&second);
    assert_int_equal(waiting(&driver), 1);
    fake_peer_new_life(&first);
    wake(&first);
    send_good(&first, 0, 60);
    wake(&first);
    assert_int_equal(waiting(&driver), 2);
}

/* What comes back for one who takes away the room that was kept for it is lost, and counted. */
static void who_takes_room_away_loses_what_comes_back(void **state)
{
    uint32_t id[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        send_good(&first, 512 * i, 60);
    }
    wake(&first);
    for (unsigned i = 0; i < 2; i++) {
        id[i] = take_frame().id;
    }
    for (unsigned i = 0; i < 30; i++) { /* as many as there is room for beside those two */
        send_frame(&first, 0xffffffff, 60);
    }
    wake(&first);
    first.half->consume.head = 33; /* more than it was given */
    send_frame(&first, 0xffffffff, 60);
    wake(&first);
    assert_int_equal(fake_link_count(&first, COUNT_REFUSED), 30);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 0);
    done(id[0]);
    wake(&driver);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 1);
    assert_int_equal(fake_link_count(&first, COUNT_BROKEN), 1);
    done(id[1]);
    wake(&driver);
    assert_int_equal(fake_link_count(&first, COUNT_DROPPED), 2);
    assert_int_equal(virt.client[0].held, 0);
    assert_ledger();
    fake_peer_new_life(&first);
    wake(&first);
    send_good(&first, 0, 60);
    wake(&first);
    done(take_frame().id);
    wake(&driver);
    assert_returned(&first, 0, 60);
}

static void a_notification_of_nobody_is_of_no_account(void **state)
{
    (void)state;
    send_good(&first, 0, 60);
    notified(40);
    assert_int_equal(waiting(&driver), 0);
    wake(&first);
    assert_int_equal(waiting(&driver), 1);
}

static void the_driver_is_asked_to_wake_us_only_if_someone_waits(void **state)
{
    (void)state;
    send_good(&first, 0, 60);
    wake(&first);
    done(take_frame().id);
    wake(&driver); /* the first one always wakes us */
    assert_returned(&first, 0, 60);

    send_good(&first, 0, 60);
    wake(&first);
    assert_int_not_equal(driver.pd->consume.wake_at, 1);

    assert_true(queue_sleep(&first.in)); /* it waits for its buffers, then sends */
    send_good(&first, 64, 60);
    wake(&first);
    assert_int_equal(driver.pd->consume.wake_at, 1);
    (void)fake_signals(0);
    (void)fake_signals(1);

    done(take_frame().id);
    wake(&driver);
    assert_int_equal(fake_signals(1), 1);
    assert_int_equal(driver.pd->consume.wake_at, 1);
}

/* It sent before it knew that it would wait; the driver has the frame already. */
static void a_late_wish_is_passed_on(void **state)
{
    (void)state;
    send_good(&first, 0, 60);
    wake(&first);
    done(take_frame().id);
    wake(&driver);
    assert_returned(&first, 0, 60);
    send_good(&first, 0, 60);
    wake(&first);
    (void)fake_signals(0);
    assert_true(queue_sleep(&first.in));
    wake(&first);
    assert_int_equal(driver.pd->consume.wake_at, 1);
    assert_int_equal(fake_signals(0), 1);
    wake(&first);
    assert_int_equal(fake_signals(0), 0);
}

static void information_goes_on_and_limits_what_is_sent(void **state)
{
    const struct net_info info = {.ready = 1, .link = 1, .mac = {9, 9, 9, 9, 9, 9}, .mtu = 1000};
    struct net_info told;

    (void)state;
    fake_peer_tell(&driver, &info, sizeof info);
    wake(&driver);
    memcpy(&told, first.pd->info, sizeof told);
    assert_int_equal(told.ready, 1);
    assert_int_equal(told.mtu, 1000);
    assert_memory_equal(told.mac, mac_first, 6);
    send_good(&first, 0, 1014);
    send_good(&first, 2048, 1015);
    wake(&first);
    assert_int_equal(waiting(&driver), 1);
    assert_int_equal(fake_link_count(&first, COUNT_REFUSED), 1);
}

static void the_ledger_survives_nonsense(void **state)
{
    uint32_t random = 7;
    struct fake_peer *const clients[] = {&first, &second};
    struct net_tx_frame out;

    (void)state;
    for (unsigned i = 0; i < DATA / 64; i++) {
        memcpy(data_first + i * 64 + 6, mac_first, 6);
        memcpy(data_second + i * 64 + 6, i % 2 ? mac_first : mac_second, 6);
    }
    for (unsigned step = 0; step < 20000; step++) {
        struct fake_peer *client = clients[step % 2];
        struct net_frame frame = {.offset = (random >> 8 & 511) * 64,
                                  .length = (uint16_t)(random >> 20 & 2047)};

        random = random * 1664525U + 1013904223U;
        if (queue_look_for_room(&client->out) > 0) {
            net_frames_put(&client->out, &frame);
            (void)queue_publish(&client->out);
        }
        if (queue_look_for_room(&driver.out) > 0) {
            net_tx_dones_put(&driver.out, &(struct net_tx_done){random >> 28});
            (void)queue_publish(&driver.out);
        }
        queue_look(&client->in);
        net_frames_take(&client->in, &frame);
        (void)queue_release(&client->in);
        queue_look(&driver.in);
        net_tx_frames_take(&driver.in, &out);
        (void)queue_release(&driver.in);
        if ((random >> 16) % 64 == 0) {
            fake_peer_new_life(step % 3 == 0 ? &driver : client);
        }
        wake(step % 3 == 0 ? &driver : client);
        assert_ledger();
    }
    assert_true(fake_link_count(&second, COUNT_BYTES) > 0);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(the_drivers_new_life_gives_all_buffers_back),
        IN_A_PD(frames_wait_while_there_is_no_driver),
        IN_A_PD(a_clients_new_life_gets_nothing_of_its_old_one),
        IN_A_PD(a_client_that_dies_gets_nothing),
        IN_A_PD(who_has_its_buffers_back_has_places_for_them),
        IN_A_PD(a_client_that_takes_nothing_back_is_not_served),
        IN_A_PD(a_client_with_impossible_indices_is_cut_off),
        IN_A_PD(who_takes_room_away_loses_what_comes_back),
        IN_A_PD(a_notification_of_nobody_is_of_no_account),
        IN_A_PD(the_driver_is_asked_to_wake_us_only_if_someone_waits),
        IN_A_PD(a_late_wish_is_passed_on),
        IN_A_PD(information_goes_on_and_limits_what_is_sent),
        IN_A_PD(the_ledger_survives_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
