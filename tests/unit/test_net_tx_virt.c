/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit virtualiser between two clients and a driver, all played by the test:
 * what gets out, whose turn it is, and that each buffer comes back once.
 */
#include <string.h>

#include "fake_pd.h"

#include "net/tx_virt.c"

#define HEADS    8U
#define HEADS_IO 0x70000000ULL
#define DATA     16384U
#define FIRST_IO 0x71000000ULL

static struct fake_peer driver, first, second;
static unsigned char *heads, *data_first, *data_second;

static const uint8_t mac_first[6] = {0x52, 0x54, 0, 0, 0, 0x10};
static const uint8_t mac_second[6] = {0x52, 0x54, 0, 0, 0, 0x11};

static void wake(struct fake_peer *peer)
{
    notified(peer->config->channel);
}

static void start(unsigned client_capacity)
{
    memset(&virt, 0, sizeof virt);
    fake_reset();
    heads = fake_region(&fake_config.own, HEADS * NET_HEAD_SIZE, HEADS_IO);
    memset(heads, 0xee, HEADS * NET_HEAD_SIZE);
    fake_link(&driver, LINK_NET_TX_DEVICE, "driver", 16, sizeof(struct net_tx_frame), 16,
              sizeof(struct net_tx_done));
    fake_link(&first, LINK_NET_TX_CLIENT, "first", client_capacity, sizeof(struct net_frame), 32,
              sizeof(struct net_frame));
    fake_link(&second, LINK_NET_TX_CLIENT, "second", 32, sizeof(struct net_frame), 32,
              sizeof(struct net_frame));
    memcpy(first.config->settings.net.mac, mac_first, 6);
    memcpy(second.config->settings.net.mac, mac_second, 6);
    data_first = fake_region(&first.config->data, DATA, FIRST_IO);
    data_second = fake_region(&second.config->data, DATA, 0x72000000);
    init();
    fake_peer_up(&driver);
    fake_peer_up(&first);
    fake_peer_up(&second);
    wake(&driver);
    wake(&first);
    wake(&second);
    for (unsigned i = 0; i < 3; i++) {
        (void)fake_signals(i);
    }
}

static int set_up(void **state)
{
    (void)state;
    start(32);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void send_frame(struct fake_peer *client, uint32_t offset, uint16_t length)
{
    fake_put(net_frames, client, &((struct net_frame){.offset = offset, .length = length}));
}

/* A frame that may leave, at `offset`. */
static void send_good(struct fake_peer *client, uint32_t offset, uint16_t length)
{
    unsigned char *data = client == &first ? data_first : data_second;

    memcpy(data + offset + 6, client->config->settings.net.mac, 6);
    send_frame(client, offset, length);
}

static unsigned waiting(struct fake_peer *peer)
{
    return queue_look(&peer->in);
}

static struct net_tx_frame take_frame(void)
{
    struct net_tx_frame frame;

    fake_take(net_tx_frames, &driver, &frame);
    return frame;
}

static void done(uint32_t id)
{
    fake_put(net_tx_dones, &driver, &((struct net_tx_done){id}));
}

static void assert_returned(struct fake_peer *client, uint32_t offset, uint16_t length)
{
    struct net_frame frame;

    fake_take(net_frames, client, &frame);
    assert_int_equal(frame.offset, offset);
    assert_int_equal(frame.length, length);
}

static void assert_ledger(void)
{
    uint32_t held[2] = {0, 0};

    for (uint32_t id = 0; id < HEADS; id++) {
        unsigned places = tx_ledger_owner(&virt.ledger, id) != IN_STOCK;

        for (uint32_t i = 0; i < virt.ledger.stock; i++) {
            places += virt.ledger.free[i] == id;
        }
        assert_int_equal(places, 1);
        if (tx_ledger_owner(&virt.ledger, id) != IN_STOCK) {
            held[client_of(tx_ledger_owner(&virt.ledger, id))] += 1;
        }
    }
    assert_int_equal(virt.client[0].held, held[0]);
    assert_int_equal(virt.client[1].held, held[1]);
}

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
        IN_A_PD(a_short_frame_is_all_head),
        IN_A_PD(a_long_frame_has_a_body_in_the_clients_memory),
        IN_A_PD(heads_hold_what_begins_a_frame),
        IN_A_PD(what_is_not_a_frame_of_the_clients_own_is_refused_and_given_back),
        IN_A_PD(nobody_sends_in_anothers_name),
        IN_A_PD(a_change_after_the_check_does_not_matter),
        IN_A_PD(a_greedy_client_gets_its_share_and_no_more),
        IN_A_PD(clients_are_served_in_turn),
        IN_A_PD(the_driver_cannot_answer_what_it_does_not_have),
        IN_A_PD(all_that_is_sent_comes_back_in_its_order),
        IN_A_PD(a_driver_is_given_no_more_than_its_queue_holds),
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
