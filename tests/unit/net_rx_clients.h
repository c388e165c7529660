/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client may rely on of whoever copies received frames into its buffers, a copier or
 * the copying virtualiser: the contract of LINK_NET_RX_CLIENT, written once. Who includes
 * this has said
 *
 *     client, data, DATA     the client, its data region and the bytes in it; its queues
 *                            have eight places for buffers and four for frames
 *     source                 who wakes the program and tells it about the device
 *     arrive(length)         a frame for the client comes, and the program is woken; where
 *                            its bytes lie
 *     assert_none_kept()     the pool has all its buffers back
 *     assert_too_many(n)     so many frames found no buffer or room of the client's: they wait
 *                            for it, or are lost
 *     wake(peer)             the peer notifies the program
 */
#ifndef NET_RX_CLIENTS_H
#define NET_RX_CLIENTS_H

#include <string.h>

#include "fake_pd.h"

#include <quoll/net.h>

static void put(struct fake_peer *peer, uint32_t offset, uint16_t length)
{
    fake_put(net_frames, peer, &((struct net_frame){.offset = offset, .length = length}));
}

static void assert_next(struct fake_peer *peer, uint32_t offset, uint16_t length)
{
    struct net_frame frame;

    fake_take(net_frames, peer, &frame);
    assert_int_equal(frame.offset, offset);
    assert_int_equal(frame.length, length);
    assert_int_equal(frame.reserved, 0);
}

static void a_frame_is_copied_and_its_buffer_returned(void **state)
{
    (void)state;
    assert_true(queue_sleep(&client.in));
    put(&client, 2050, 2046);
    const unsigned char *frame = arrive(1514);

    assert_memory_equal(data + 2050, frame, 1514);
    assert_int_equal(data[2050 + 1514], 0);
    assert_int_equal(data[2049], 0);
    assert_next(&client, 2050, 1514);
    assert_none_kept();
    assert_int_equal(fake_link_count(&client, COUNT_BYTES), 1514);

    /* From the second on, each wake-up costs the one signal that the client asked for. */
    (void)fake_signals(source->config->channel);
    (void)fake_signals(client.config->channel);
    assert_true(queue_sleep(&client.in));
    put(&client, 0, 100);
    (void)arrive(60);
    assert_int_equal(fake_signals(source->config->channel), 0);
    assert_int_equal(fake_signals(client.config->channel), 1);
}

static void without_a_buffer_there_is_no_frame(void **state)
{
    (void)state;
    (void)arrive(60);
    assert_int_equal(queue_look(&client.in), 0);
    assert_too_many(1);
}

static void without_a_client_a_frame_is_lost(void **state)
{
    (void)state;
    fake_lives[client.config->peer_pd] += 1;
    put(&client, 0, 2048);
    (void)arrive(60);
    assert_none_kept();
    assert_int_equal(fake_link_count(&client, COUNT_DROPPED), 1);
    assert_int_equal(data[0], 0);
}

static void bad_buffers_of_the_client_are_skipped(void **state)
{
    const struct {
        uint32_t offset;
        uint16_t length;
    } bad[] = {{0, 59},          {DATA - 59, 60}, {DATA, 60},      {DATA + 1, 60},
               {0xffffffff, 60}, {0, 0},          {0xffffffc4, 60}};

    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        put(&client, bad[i].offset, bad[i].length);
    }
    put(&client, DATA - 60, 60);
    const unsigned char *frame = arrive(60);

    assert_int_equal(fake_link_count(&client, COUNT_REFUSED), 7);
    assert_next(&client, DATA - 60, 60);
    assert_memory_equal(data + DATA - 60, frame, 60);
    assert_int_equal(fake_link_count(&client, COUNT_DROPPED), 0);
}

static void a_client_that_takes_nothing_gets_no_more_and_loses_no_buffers(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        put(&client, i * 100, 100);
        (void)arrive(60);
    }
    assert_int_equal(queue_look(&client.in), 4);
    assert_too_many(2);
    assert_next(&client, 0, 60);
    (void)arrive(60);
    for (unsigned i = 1; i < 5; i++) {
        assert_next(&client, i * 100, 60); /* the buffer for the fifth is still there */
    }
}

static void an_impossible_index_of_the_client_costs_only_the_client(void **state)
{
    (void)state;
    client.half->produce.tail = 9;
    (void)arrive(60);
    assert_int_equal(fake_link_count(&client, COUNT_BROKEN), 1);
    assert_too_many(1);
    fake_peer_new_life(&client);
    wake(&client);
    put(&client, 0, 100);
    (void)arrive(60);
    assert_next(&client, 0, 60);
}

/* What the old life was given, and had given, is forgotten. */
static void a_clients_new_life_begins_with_nothing(void **state)
{
    (void)state;
    put(&client, 0, 100);
    put(&client, 200, 100);
    (void)arrive(60);
    fake_peer_new_life(&client);
    wake(&client);
    assert_int_equal(queue_look(&client.in), 0);
    (void)arrive(60);
    assert_int_equal(queue_look(&client.in), 0);
    put(&client, 300, 100);
    (void)arrive(60);
    assert_next(&client, 300, 60);
}

static void information_is_passed_on(void **state)
{
    const struct net_info info = {.ready = 1, .link = 1, .mac = {1, 2, 3, 4, 5, 6}, .mtu = 1500};
    struct net_info told;

    (void)state;
    fake_peer_tell(source, &info, sizeof info);
    wake(source);
    memcpy(&told, client.pd->info, sizeof told);
    assert_int_equal(told.ready, 1);
    assert_int_equal(told.link, 1);
    assert_int_equal(told.mtu, 1500);
    assert_memory_equal(told.mac, "\x52\x54\0\0\0\x10", 6);
    assert_int_equal(fake_signals(client.config->channel), 1);
    wake(source);
    assert_int_equal(fake_signals(client.config->channel), 0);

    fake_lives[source->config->peer_pd] += 1; /* it is dead now */
    wake(source);
    memcpy(&told, client.pd->info, sizeof told);
    assert_int_equal(told.ready, 0);

    /* The new life says the same, in the same generation. */
    fake_peer_up(source);
    source->half->generation = 0;
    fake_peer_tell(source, &info, sizeof info);
    wake(source);
    memcpy(&told, client.pd->info, sizeof told);
    assert_int_equal(told.ready, 1);
}

#define NET_RX_CLIENT_TESTS                                                                        \
    IN_A_PD(a_frame_is_copied_and_its_buffer_returned),                                            \
        IN_A_PD(without_a_buffer_there_is_no_frame), IN_A_PD(without_a_client_a_frame_is_lost),    \
        IN_A_PD(bad_buffers_of_the_client_are_skipped),                                            \
        IN_A_PD(a_client_that_takes_nothing_gets_no_more_and_loses_no_buffers),                    \
        IN_A_PD(an_impossible_index_of_the_client_costs_only_the_client),                          \
        IN_A_PD(a_clients_new_life_begins_with_nothing), IN_A_PD(information_is_passed_on)

#endif
