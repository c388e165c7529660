/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser: what gets out, whose turn it is, and that each buffer comes back once.
 */
#include "net_tx_virt_world.h"

static void a_short_frame_is_all_head(void **state)
{
    (void)state;
    memset(data_first + 100, 0xab, 64);
    assert_true(queue_sleep(&driver.in));
    send_good(&first, 100, 64);
    wake(&first);
    assert_int_equal(fake_signals(0), 1);
    struct net_tx_frame frame = take_frame();
    assert_int_equal(frame.head, HEADS_IO + frame.id * NET_HEAD_SIZE + NET_HEADROOM);
    assert_int_equal(frame.head_length, 64);
    assert_int_equal(frame.body_length, 0);
    const unsigned char *head = heads + frame.id * NET_HEAD_SIZE;
    for (unsigned i = 0; i < NET_HEADROOM; i++) {
        assert_int_equal(head[i], 0);
    }
    assert_memory_equal(head + NET_HEADROOM, data_first + 100, 64);
    assert_int_equal(waiting(&first), 0);
    done(frame.id);
    wake(&driver);
    assert_returned(&first, 100, 64);
    assert_ledger();
}

static void a_long_frame_has_a_body_in_the_clients_memory(void **state)
{
    (void)state;
    send_good(&first, DATA - 1514, 1514);
    wake(&first);
    struct net_tx_frame frame = take_frame();
    assert_int_equal(frame.head_length, 48);
    assert_int_equal(frame.body, FIRST_IO + DATA - 1514 + 48);
    assert_int_equal(frame.body_length, 1514 - 48);
}

/* All of it up to a head's size, and nothing into the next one's headroom. */
static void heads_hold_what_begins_a_frame(void **state)
{
    static const unsigned char zeros[NET_HEADROOM];

    (void)state;
    for (unsigned i = 0; i < DATA; i++) {
        data_first[i] = (unsigned char)(i * 7U + 1U);
    }
    for (uint16_t length = NET_FRAME_MIN; length <= NET_FRAME_MAX; length++) {
        const uint32_t offsets[] = {DATA - length, DATA - NET_FRAME_MAX - length, length};
        uint32_t head = length <= NET_HEAD_SIZE - NET_HEADROOM ? length : 48;

        for (unsigned i = 0; i < 3; i++) {
            send_good(&first, offsets[i], length);
            wake(&first);
            struct net_tx_frame frame = take_frame();
            assert_int_equal(frame.head, HEADS_IO + frame.id * NET_HEAD_SIZE + NET_HEADROOM);
            assert_memory_equal(heads + frame.id * NET_HEAD_SIZE + NET_HEADROOM,
                                data_first + offsets[i], head);
            assert_int_equal(frame.head_length, head);
            assert_int_equal(frame.body, FIRST_IO + offsets[i] + head);
            assert_int_equal(frame.body_length, length - head);
            for (unsigned id = 0; id < HEADS; id++) {
                assert_memory_equal(heads + id * NET_HEAD_SIZE, zeros, NET_HEADROOM);
            }
            done(frame.id);
            wake(&driver);
            assert_returned(&first, offsets[i], length);
        }
    }
}

static void what_is_not_a_frame_of_the_clients_own_is_refused_and_given_back(void **state)
{
    const struct {
        uint32_t offset;
        uint16_t length;
    } cases[] = {{0, 13},          {0, 0},           {0, 1515},          {0, 0xffff},
                 {DATA - 59, 60},  {DATA, 60},       {DATA + 1, 60},     {0xffffffff, 60},
                 {0xffffffc4, 60}, {0x80000000, 60}, {DATA - 1513, 1514}};

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].offset <= DATA - 12) { /* it is not for its sender that it is refused */
            memcpy(data_first + cases[i].offset + 6, mac_first, 6);
        }
        send_frame(&first, cases[i].offset, cases[i].length);
        wake(&first);
        assert_int_equal(fake_link_count(&first, COUNT_REFUSED), i + 1);
        assert_int_equal(waiting(&driver), 0);
        assert_returned(&first, cases[i].offset, cases[i].length);
    }
    fake_put(net_frames, &first, &((struct net_frame){.length = 60, .reserved = 1}));
    wake(&first);
    assert_int_equal(fake_link_count(&first, COUNT_REFUSED), 12);
    assert_ledger();
}

static void nobody_sends_in_anothers_name(void **state)
{
    (void)state;
    memcpy(data_first + 6, mac_second, 6);
    send_frame(&first, 0, 60);
    for (unsigned byte = 0; byte < 6; byte++) { /* each byte counts */
        memcpy(data_first + 64 * (byte + 1) + 6, mac_first, 6);
        data_first[64 * (byte + 1) + 6 + byte] ^= 0x80;
        send_frame(&first, 64 * (byte + 1), 60);
    }
    send_good(&first, 1024, 60);
    wake(&first);
    assert_int_equal(fake_link_count(&first, COUNT_REFUSED), 7);
    assert_int_equal(waiting(&driver), 1);
    assert_int_equal(waiting(&first), 7);
    assert_ledger();
}

/* What was checked is what leaves: the head is ours. */
static void a_change_after_the_check_does_not_matter(void **state)
{
    (void)state;
    send_good(&first, 0, 60);
    wake(&first);
    memcpy(data_first + 6, mac_second, 6);
    struct net_tx_frame frame = take_frame();
    assert_memory_equal(heads + frame.id * NET_HEAD_SIZE + NET_HEADROOM + 6, mac_first, 6);
}

static void a_greedy_client_gets_its_share_and_no_more(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        send_good(&first, i * 64, 60);
    }
    wake(&first);
    assert_int_equal(waiting(&driver), 4);
    send_good(&second, 0, 60);
    wake(&second);
    assert_int_equal(waiting(&driver), 5);
    assert_ledger();

    /* We wait for the driver now, and go on as heads come back. */
    uint32_t id = take_frame().id;
    assert_int_equal(driver.pd->consume.wake_at, 0);
    done(id);
    wake(&driver);
    assert_int_equal(waiting(&driver), 5);
    assert_int_equal(waiting(&first), 1);
    assert_ledger();
}

static void send_many(struct fake_peer *client, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        send_good(client, i * 64, 60);
    }
    wake(client);
}

static void all_done(unsigned count)
{
    while (count-- > 0) {
        done(take_frame().id);
    }
    wake(&driver);
}

static void a_client_may_have_as_much_as_it_leaves_to_the_others(void **state)
{
    (void)state;
    virt.share = 1; /* as with many clients, of which these two send */
    send_many(&first, 20);
    assert_int_equal(waiting(&driver), 4);
    send_many(&second, 20);
    assert_int_equal(waiting(&driver), 4 + 2);
    assert_int_equal(virt.client[1].held, 2);
    all_done(6); /* and who had them gets as many again */
    assert_int_equal(virt.client[0].held + virt.client[1].held, waiting(&driver));
    assert_in_range(virt.client[0].held, 2, 4);
    assert_in_range(virt.client[1].held, 2, 4);
    assert_ledger();
}

static void its_share_is_a_clients_own_whatever_is_left(void **state)
{
    (void)state;
    virt.share = 3;
    send_many(&first, 20);
    assert_int_equal(virt.client[0].held, 4);
    send_many(&second, 2);
    assert_int_equal(virt.client[1].held, 2);
    assert_int_equal(virt.ledger.stock, 2);
    send_many(&second, 20);
    assert_int_equal(virt.client[1].held, 3); /* more than it leaves */
    assert_ledger();
}

static void clients_are_served_in_turn(void **state)
{
    (void)state;
    fake_lives[driver.config->peer_pd] += 1; /* no driver, so that both queue up */
    for (unsigned i = 0; i < 4; i++) {
        send_good(&first, i * 64, 60);
        send_good(&second, i * 64, 60);
    }
    wake(&first);
    wake(&second);
    assert_int_equal(virt.pending, 3);
    fake_peer_up(&driver);
    wake(&driver);
    assert_int_equal(waiting(&driver), 8);
    assert_int_equal(virt.client[0].held, 4);
    assert_int_equal(virt.client[1].held, 4);
    assert_int_equal(virt.pending, 0);
}

static void the_driver_cannot_answer_what_it_does_not_have(void **state)
{
    const uint32_t ids[] = {HEADS, TX_LEDGER_HEADS, 0xffffffff, 3 /* free */};

    (void)state;
    send_good(&first, 0, 60);
    wake(&first);
    uint32_t id = take_frame().id;
    assert_int_not_equal(id, 3);
    for (unsigned i = 0; i < 4; i++) {
        done(ids[i]);
    }
    done(id);
    done(id);
    wake(&driver);
    assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), 5);
    assert_int_equal(waiting(&first), 1);
    assert_ledger();
}

/* Sent frames come in runs of one client's; wherever in the clients' queues these begin. */
static void all_that_is_sent_comes_back_in_its_order(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 40; round++) {
        uint32_t id[2][4];

        for (unsigned i = 0; i < 4; i++) {
            send_good(&first, (round + i) * 64, 60);
            send_good(&second, (round + i) * 64, 61);
        }
        wake(&first);
        wake(&second);
        for (unsigned i = 0; i < 8; i++) {
            id[i / 4][i % 4] = take_frame().id;
        }
        const uint32_t order[] = {id[0][0], id[0][1], TX_LEDGER_HEADS, id[0][2], id[1][0],
                                  id[1][1], id[1][2], id[0][0],        id[1][3], id[0][3]};
        for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++) {
            done(order[i]);
        }
        wake(&driver);
        for (unsigned i = 0; i < 4; i++) {
            assert_returned(&first, (round + i) * 64, 60);
            assert_returned(&second, (round + i) * 64, 61);
        }
        assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), 2 * (round + 1));
        assert_ledger();
        /* One more, so that the next round begins at another place. */
        send_good(&first, 0, 60);
        wake(&first);
        done(take_frame().id);
        wake(&driver);
        assert_returned(&first, 0, 60);
    }
}

/* It says that frames are sent, and does not give their places in the queue back. */
static void a_driver_is_given_no_more_than_its_queue_holds(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 4; i++) {
            send_good(&first, i * 64, 60);
        }
        wake(&first);
        assert_int_equal(waiting(&driver), 4 * (round + 1));
        for (uint32_t id = 0; id < HEADS; id++) {
            if (tx_ledger_owner(&virt.ledger, id) != IN_STOCK) {
                done(id);
            }
        }
        wake(&driver);
        for (unsigned i = 0; i < 4; i++) {
            struct net_frame frame;

            fake_take(net_frames, &first, &frame);
        }
    }
    send_good(&first, 512, 60);
    wake(&first);
    assert_int_equal(waiting(&driver), 16);
    for (unsigned i = 0; i < 16; i++) {
        (void)take_frame();
    }
    wake(&driver);
    assert_int_equal(take_frame().body, FIRST_IO + 512 + 60);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_short_frame_is_all_head),
        IN_A_PD(a_long_frame_has_a_body_in_the_clients_memory),
        IN_A_PD(heads_hold_what_begins_a_frame),
        IN_A_PD(what_is_not_a_frame_of_the_clients_own_is_refused_and_given_back),
        IN_A_PD(nobody_sends_in_anothers_name),
        IN_A_PD(a_change_after_the_check_does_not_matter),
        IN_A_PD(a_greedy_client_gets_its_share_and_no_more),
        IN_A_PD(a_client_may_have_as_much_as_it_leaves_to_the_others),
        IN_A_PD(its_share_is_a_clients_own_whatever_is_left),
        IN_A_PD(clients_are_served_in_turn),
        IN_A_PD(the_driver_cannot_answer_what_it_does_not_have),
        IN_A_PD(all_that_is_sent_comes_back_in_its_order),
        IN_A_PD(a_driver_is_given_no_more_than_its_queue_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
