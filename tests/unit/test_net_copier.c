/* SPDX-License-Identifier: BSD-2-Clause */
/* The copier between the receive virtualiser and a client, both played by the test. */
#include <string.h>

#include "fake_pd.h"

#include "net/copier.c"

#define POOL (8 * NET_BUFFER_SIZE)
#define DATA 8192U

static struct fake_peer rx_virt, client;
static unsigned char *pool, *data;

static void wake(struct fake_peer *peer)
{
    notified(peer->config->channel);
}

static void start(void)
{
    memset(&copier, 0, sizeof copier);
    fake_reset();
    fake_link(&rx_virt, LINK_NET_RX_COPIER, "virt", 1, 0, 8, sizeof(struct net_frame));
    fake_link(&client, LINK_NET_RX_CLIENT, "client", 4, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    memcpy(client.config->settings.net.mac, "\x52\x54\0\0\0\x10", 6);
    pool = fake_region(&rx_virt.config->data, POOL, 0);
    data = fake_region(&client.config->data, DATA, 0);
    for (unsigned i = 0; i < POOL; i++) {
        pool[i] = (unsigned char)(i * 7 + i / 256);
    }
    init();
    fake_peer_up(&rx_virt);
    fake_peer_up(&client);
    wake(&rx_virt);
    wake(&client);
    (void)fake_signals(0);
    (void)fake_signals(1);
}

static int set_up(void **state)
{
    (void)state;
    start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

/* Frames whose buffers have come back to the virtualiser. */
static uint32_t returned(void)
{
    (void)queue_look_for_room(&rx_virt.out);
    return rx_virt.out.tail - (rx_virt.out.capacity - rx_virt.out.room);
}

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
}

static void a_frame_is_copied_and_its_buffer_returned(void **state)
{
    (void)state;
    assert_true(queue_sleep(&client.in));
    put(&client, 2050, 2046);
    put(&rx_virt, 2048 + 16, 1514);
    wake(&rx_virt);
    assert_memory_equal(data + 2050, pool + 2048 + 16, 1514);
    assert_int_equal(data[2050 + 1514], 0);
    assert_int_equal(data[2049], 0);
    assert_next(&client, 2050, 1514);
    assert_int_equal(returned(), 1);
    assert_int_equal(fake_link_count(&client, COUNT_BYTES), 1514);

    /* From the second on, each wake-up costs the one signal that the client asked for. */
    (void)fake_signals(0);
    (void)fake_signals(1);
    assert_true(queue_sleep(&client.in));
    put(&client, 0, 100);
    put(&rx_virt, 16, 60);
    wake(&rx_virt);
    assert_int_equal(fake_signals(0), 0);
    assert_int_equal(fake_signals(1), 1);
}

static void without_a_buffer_the_frame_is_dropped_and_returned(void **state)
{
    (void)state;
    put(&rx_virt, 16, 60);
    wake(&rx_virt);
    assert_int_equal(queue_look(&client.in), 0);
    assert_int_equal(returned(), 1);
    assert_int_equal(fake_link_count(&client, COUNT_DROPPED), 1);
}

static void without_a_client_too(void **state)
{
    (void)state;
    fake_lives[client.config->peer_pd] += 1;
    put(&client, 0, 2048);
    put(&rx_virt, 16, 60);
    wake(&rx_virt);
    assert_int_equal(returned(), 1);
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
    put(&rx_virt, 16, 60);
    wake(&rx_virt);
    assert_int_equal(fake_link_count(&client, COUNT_REFUSED), 7);
    assert_next(&client, DATA - 60, 60);
    assert_memory_equal(data + DATA - 60, pool + 16, 60);
    assert_int_equal(fake_link_count(&client, COUNT_DROPPED), 0);
}

static void a_client_that_takes_nothing_loses_frames_but_no_buffers(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        put(&client, i * 100, 100);
        put(&rx_virt, i * NET_BUFFER_SIZE + 16, 60);
    }
    wake(&rx_virt);
    assert_int_equal(queue_look(&client.in), 4);
    assert_int_equal(returned(), 6);
    assert_int_equal(fake_link_count(&client, COUNT_DROPPED), 2);
    assert_next(&client, 0, 60);
    put(&rx_virt, 16, 61);
    wake(&rx_virt);
    for (unsigned i = 1; i < 4; i++) {
        assert_next(&client, i * 100, 60);
    }
    assert_next(&client, 400, 61); /* the buffers of the lost ones are still there */
}

static void frames_outside_of_the_pool_are_refused_and_returned(void **state)
{
    const struct {
        uint32_t offset;
        uint16_t length;
    } bad[] = {{POOL - 59, 60}, {POOL + 1, 60}, {0xffffffff, 60}, {0, 13}, {0, 1515}, {0, 0}};

    (void)state;
    put(&client, 0, 2048);
    for (unsigned i = 0; i < 6; i++) {
        put(&rx_virt, bad[i].offset, bad[i].length);
        wake(&rx_virt);
        assert_int_equal(returned(), i + 1U);
    }
    assert_int_equal(fake_link_count(&rx_virt, COUNT_REFUSED), 6);
    assert_int_equal(queue_look(&client.in), 0);
}

static void an_impossible_index_of_the_client_costs_only_the_client(void **state)
{
    (void)state;
    client.half->produce.tail = 9;
    put(&rx_virt, 16, 60);
    wake(&rx_virt);
    assert_int_equal(returned(), 1);
    assert_int_equal(fake_link_count(&client, COUNT_BROKEN), 1);
    assert_int_equal(fake_link_count(&client, COUNT_DROPPED), 1);
    fake_peer_new_life(&client);
    wake(&client);
    put(&client, 0, 100);
    put(&rx_virt, 16, 60);
    wake(&rx_virt);
    assert_next(&client, 0, 60);
}

/* The virtualiser gets a new life while frames are being copied. */
static void copies_under_which_the_life_changed_are_wiped(void **state)
{
    struct batch batch;
    uint32_t tail = copier.client.out.tail;

    (void)state;
    put(&client, 0, 100);
    put(&client, 200, 100);
    put(&rx_virt, 16, 60);
    put(&rx_virt, 16, 70);
    (void)queue_look(&copier.virt.in);
    look_at_client();
    memset(data, 0xaa, 300);
    find(&batch);
    assert_int_equal(batch.count, 2);
    fake_lives[rx_virt.config->peer_pd] += 1;
    copy(&batch);
    for (unsigned i = 0; i < 300; i++) {
        assert_int_equal(data[i], i < 60 || (i >= 200 && i < 270) ? 0 : 0xaa);
    }
    assert_int_equal(copier.client.out.tail, tail);
    assert_int_equal(copier.client.out.room, 4);
    assert_int_equal(fake_link_count(&client, COUNT_BYTES), 0);

    /* The client's buffers are still there for the new life's frames. */
    fake_peer_up(&rx_virt);
    put(&rx_virt, 16, 61);
    put(&rx_virt, 16, 62);
    wake(&rx_virt);
    assert_next(&client, 0, 61);
    assert_next(&client, 200, 62);
}

static void a_large_batch_goes_in_pieces(void **state)
{
    struct net_frame frame;

    (void)state;
    memset(&copier, 0, sizeof copier);
    fake_reset();
    fake_link(&rx_virt, LINK_NET_RX_COPIER, "virt", 1, 0, 128, sizeof(struct net_frame));
    fake_link(&client, LINK_NET_RX_CLIENT, "client", 128, sizeof(struct net_frame), 128,
              sizeof(struct net_frame));
    pool = fake_region(&rx_virt.config->data, POOL, 0);
    data = fake_region(&client.config->data, DATA, 0);
    init();
    fake_peer_up(&rx_virt);
    fake_peer_up(&client);
    wake(&client);
    for (unsigned i = 0; i < 3 * BATCH; i++) {
        pool[i * 64] = (unsigned char)i;
        put(&client, i * 80, 80);
        put(&rx_virt, i * 64, 60);
    }
    wake(&rx_virt);
    assert_int_equal(queue_look(&client.in), 3 * BATCH);
    assert_int_equal(returned(), 3 * BATCH);
    for (unsigned i = 0; i < 3 * BATCH; i++) {
        assert_true(net_frames_take(&client.in, &frame));
        assert_int_equal(frame.offset, i * 80);
        assert_int_equal(data[i * 80], i);
    }
}

static void the_virtualisers_new_life_starts_anew(void **state)
{
    (void)state;
    put(&client, 0, 100);
    put(&rx_virt, 16, 60);
    fake_peer_new_life(&rx_virt);
    wake(&rx_virt);
    assert_int_equal(queue_look(&client.in), 0);
    assert_int_equal(returned(), 0);
    put(&rx_virt, 2064, 70);
    wake(&rx_virt);
    assert_next(&client, 0, 70);
    assert_int_equal(returned(), 1);
}

static void information_is_passed_on(void **state)
{
    const struct net_info info = {.ready = 1, .link = 1, .mac = {1, 2, 3, 4, 5, 6}, .mtu = 1500};
    struct net_info told;

    (void)state;
    fake_peer_tell(&rx_virt, &info, sizeof info);
    wake(&rx_virt);
    memcpy(&told, client.pd->info, sizeof told);
    assert_int_equal(told.ready, 1);
    assert_int_equal(told.link, 1);
    assert_int_equal(told.mtu, 1500);
    assert_memory_equal(told.mac, "\x52\x54\0\0\0\x10", 6);
    assert_int_equal(fake_signals(1), 1);
    fake_lives[rx_virt.config->peer_pd] += 1;
    wake(&rx_virt);
    memcpy(&told, client.pd->info, sizeof told);
    assert_int_equal(told.ready, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_frame_is_copied_and_its_buffer_returned),
        IN_A_PD(without_a_buffer_the_frame_is_dropped_and_returned),
        IN_A_PD(without_a_client_too),
        IN_A_PD(bad_buffers_of_the_client_are_skipped),
        IN_A_PD(a_client_that_takes_nothing_loses_frames_but_no_buffers),
        IN_A_PD(frames_outside_of_the_pool_are_refused_and_returned),
        IN_A_PD(an_impossible_index_of_the_client_costs_only_the_client),
        IN_A_PD(copies_under_which_the_life_changed_are_wiped),
        IN_A_PD(a_large_batch_goes_in_pieces),
        IN_A_PD(the_virtualisers_new_life_starts_anew),
        IN_A_PD(information_is_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
