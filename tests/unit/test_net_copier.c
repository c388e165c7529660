/* SPDX-License-Identifier: BSD-2-Clause */
/* The copier between the receive virtualiser and a client, both played by the test. */
#include "fake_pd.h"

#include "net/copier.c"

#define POOL (8 * NET_BUFFER_SIZE)
#define DATA 8192U

static struct fake_peer rx_virt, client;
static struct fake_peer *const source = &rx_virt;
static unsigned char *pool, *data;

static void wake(struct fake_peer *peer)
{
    notified(peer->config->channel);
}

/* Frames whose buffers have come back to the virtualiser. */
static uint32_t returned(void)
{
    (void)queue_look_for_room(&rx_virt.out);
    return rx_virt.out.tail - (rx_virt.out.capacity - rx_virt.out.room);
}

static void assert_none_kept(void)
{
    assert_int_equal(returned(), rx_virt.out.tail);
}

static void assert_too_many(unsigned frames)
{
    assert_int_equal(returned(), rx_virt.out.tail - frames);
    assert_int_equal(fake_link_count(&client, COUNT_DROPPED), 0);
}

static const unsigned char *arrive(uint16_t length)
{
    fake_put(net_frames, &rx_virt,
             &((struct net_frame){.offset = NET_BUFFER_SIZE + NET_HEADROOM, .length = length}));
    wake(&rx_virt);
    return pool + NET_BUFFER_SIZE + NET_HEADROOM;
}

#include "net_rx_clients.h"

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

/* All come at one wake-up; what there is no room for comes when there is. */
static void a_batch_beyond_the_clients_room_waits_for_it(void **state)
{
    struct net_frame frame;

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        put(&client, i * 100, 100);
        put(&rx_virt, i * NET_BUFFER_SIZE + 16, (uint16_t)(60 + i));
    }
    wake(&rx_virt);
    assert_int_equal(queue_look(&client.in), 4);
    assert_too_many(2);
    assert_int_equal(copier.client.in.ready, 2);
    assert_true(net_frames_take(&client.in, &frame));
    assert_true(queue_release(&client.in)); /* it is to wake us */
    wake(&client);
    assert_too_many(1);
    for (unsigned i = 1; i < 5; i++) {
        assert_next(&client, i * 100, (uint16_t)(60 + i));
    }
    wake(&client);
    assert_next(&client, 500, 65);
    assert_none_kept();
}

static void a_frame_waits_for_a_buffer(void **state)
{
    (void)state;
    (void)arrive(60);
    (void)arrive(61);
    assert_true(queue_awaited(&client.out));
    put(&client, 0, 100);
    wake(&client);
    assert_next(&client, 0, 60);
    assert_true(queue_awaited(&client.out));
    put(&client, DATA, 100); /* no good */
    wake(&client);
    assert_none_kept();
    assert_int_equal(queue_look(&client.in), 0);
    assert_int_equal(fake_link_count(&client, COUNT_DROPPED), 1);
    assert_int_equal(fake_link_count(&client, COUNT_REFUSED), 1);
}

static void a_batch_of_all_lengths(void **state)
{
    const uint16_t length[] = {14, 20, 40, 1514};

    (void)state;
    memset(data, 0, DATA);
    for (unsigned i = 0; i < 4; i++) {
        put(&client, i * 1600, 1600);
        put(&rx_virt, i * NET_BUFFER_SIZE + NET_HEADROOM, length[i]);
    }
    wake(&client);
    for (unsigned i = 0; i < 4; i++) {
        assert_next(&client, i * 1600, length[i]);
        assert_memory_equal(data + i * 1600, pool + i * NET_BUFFER_SIZE + NET_HEADROOM, length[i]);
        assert_int_equal(data[i * 1600 + length[i]], 0);
    }
}

/* Of three frames at once, the second finds what is left: bad ones; the third finds nothing. */
static void a_batch_goes_on_after_a_bad_buffer(void **state)
{
    (void)state;
    for (unsigned known = 0; known < 2; known++) { /* or they are looked for */
        put(&client, 0, 100);
        put(&client, 100, 59); /* too small */
        put(&client, 100, 0);
        if (known) {
            wake(&client);
        }
        for (unsigned n = 0; n < 3; n++) {
            put(&rx_virt, n * NET_BUFFER_SIZE + NET_HEADROOM, 60);
        }
        wake(&rx_virt);
        assert_next(&client, 0, 60);
        assert_int_equal(queue_look(&client.in), 0);
        assert_none_kept();
        assert_int_equal(fake_link_count(&client, COUNT_DROPPED), 2 + 2 * known);
        assert_int_equal(fake_link_count(&client, COUNT_REFUSED), 2 + 2 * known);
    }

    put(&client, DATA - 59, 60); /* beyond the end */
    put(&client, 200, 60);
    put(&client, 300, 60);
    wake(&client);
    put(&rx_virt, NET_HEADROOM, 60);
    put(&rx_virt, NET_BUFFER_SIZE + NET_HEADROOM, 60);
    wake(&rx_virt);
    assert_next(&client, 200, 60);
    assert_next(&client, 300, 60);
    assert_int_equal(fake_link_count(&client, COUNT_REFUSED), 5);
}

/* The virtualiser is told of room if it waits for it, and only then. */
static void who_waits_for_room_is_told(void **state)
{
    (void)state;
    put(&client, 0, 100);
    put(&client, 100, 100);
    put(&client, 200, 100);
    (void)arrive(60); /* the first one is told of in any case: nobody has said yet what for */
    (void)fake_signals(0);
    (void)arrive(60);
    assert_int_equal(fake_signals(0), 0);
    queue_show_wait(&rx_virt.out, rx_virt.out.tail);
    (void)arrive(60);
    assert_int_equal(fake_signals(0), 1);
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

/* The virtualiser gets a new life while frames are being copied. */
static void copies_under_which_the_life_changed_are_wiped(void **state)
{
    uint32_t tail = copier.client.out.tail;

    (void)state;
    put(&client, 0, 100);
    put(&client, 200, 100);
    put(&rx_virt, 16, 60);
    put(&rx_virt, 16, 70);
    memset(data, 0xaa, 300);
    look_at_client();
    uint64_t bytes = copy_all(queue_look_and_begin(&copier.virt.in));

    assert_int_equal(bytes, 130);
    assert_memory_equal(data, pool + 16, 60);
    fake_lives[rx_virt.config->peer_pd] += 1;
    settle(bytes);
    for (unsigned i = 0; i < 300; i++) {
        assert_int_equal(data[i], i < 60 || (i >= 200 && i < 270) ? 0 : 0xaa);
    }
    assert_int_equal(copier.client.out.tail, tail);
    assert_int_equal(copier.client.out.room, 4);
    assert_int_equal(fake_link_count(&client, COUNT_BYTES), 0);
    assert_int_equal(fake_link_count(&client, COUNT_DROPPED), 2);

    /* The client's buffers are still there for the new life's frames. */
    fake_peer_up(&rx_virt);
    put(&rx_virt, 16, 61);
    put(&rx_virt, 16, 62);
    wake(&rx_virt);
    assert_next(&client, 0, 61);
    assert_next(&client, 200, 62);
}

#define LARGE 96U

static void a_large_batch_goes_at_once(void **state)
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
    for (unsigned i = 0; i < LARGE; i++) {
        pool[i * 64] = (unsigned char)i;
        put(&client, i * 80, 80);
        put(&rx_virt, i * 64, 60);
    }
    wake(&rx_virt);
    assert_int_equal(queue_look(&client.in), LARGE);
    assert_int_equal(returned(), LARGE);
    for (unsigned i = 0; i < LARGE; i++) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_RX_CLIENT_TESTS,
        IN_A_PD(a_batch_beyond_the_clients_room_waits_for_it),
        IN_A_PD(a_frame_waits_for_a_buffer),
        IN_A_PD(a_batch_of_all_lengths),
        IN_A_PD(a_batch_goes_on_after_a_bad_buffer),
        IN_A_PD(who_waits_for_room_is_told),
        IN_A_PD(frames_outside_of_the_pool_are_refused_and_returned),
        IN_A_PD(copies_under_which_the_life_changed_are_wiped),
        IN_A_PD(a_large_batch_goes_at_once),
        IN_A_PD(the_virtualisers_new_life_starts_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
