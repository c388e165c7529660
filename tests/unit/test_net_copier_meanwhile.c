/* SPDX-License-Identifier: BSD-2-Clause */
/* The copier's virtualiser acts while it goes to sleep: nothing is overslept. */
#include <string.h>

#include "meanwhile.h"

#include "endless.h"

#include "net/copier.c"

static struct fake_peer rx_virt, client;
static bool told;

static void start(unsigned return_capacity)
{
    memset(&copier, 0, sizeof copier);
    fake_reset();
    fake_link(&rx_virt, LINK_NET_RX_COPIER, "virt", return_capacity, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    fake_link(&client, LINK_NET_RX_CLIENT, "client", 8, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    fake_region(&rx_virt.config->data, 8 * NET_BUFFER_SIZE, 0);
    fake_region(&client.config->data, 8 * NET_BUFFER_SIZE, 0);
    init();
    fake_peer_up(&rx_virt);
    fake_peer_up(&client);
    notified(rx_virt.config->channel);
    notified(client.config->channel);
    for (uint32_t n = 0; n < 4; n++) {
        fake_put(net_frames, &client,
                 &((struct net_frame){.offset = n * NET_BUFFER_SIZE, .length = 2000}));
    }
}

static void a_frame_comes(void)
{
    assert_true(queue_look_for_room(&rx_virt.out) > 0);
    assert_true(net_frames_put(
        &rx_virt.out,
        &((struct net_frame){.offset = NET_BUFFER_SIZE + NET_HEADROOM, .length = 60})));
    told = queue_publish(&rx_virt.out);
}

static void no_frame_is_overslept_with(bool buffers_known)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        start(8);
        if (buffers_known) {
            notified(client.config->channel);
        }
        fake_put(net_frames, &rx_virt, &((struct net_frame){.offset = NET_HEADROOM, .length = 60}));
        told = false;
        meanwhile(n, a_frame_comes);
        notified(rx_virt.config->channel);
        more = meanwhile_done();
        if (told) {
            notified(rx_virt.config->channel);
        }
        assert_int_equal(queue_look(&client.in), more ? 2 : 1);
        fake_finish();
    }
}

static void no_frame_is_overslept(void **state)
{
    (void)state;
    no_frame_is_overslept_with(false);
    no_frame_is_overslept_with(true);
}

static void a_buffer_comes(void)
{
    const struct net_frame buffer = {.offset = 4 * NET_BUFFER_SIZE, .length = 2000};

    assert_true(queue_look_for_room(&client.out) > 0);
    assert_true(net_frames_put(&client.out, &buffer));
    told = queue_publish(&client.out);
}

/* For the fifth frame there is none yet. */
static void no_buffer_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start(8);
        for (uint32_t i = 0; i < 5; i++) {
            fake_put(
                net_frames, &rx_virt,
                &((struct net_frame){.offset = i * NET_BUFFER_SIZE + NET_HEADROOM, .length = 60}));
        }
        told = false;
        meanwhile(n, a_buffer_comes);
        notified(rx_virt.config->channel);
        more = meanwhile_done();
        if (told) {
            notified(client.config->channel);
        }
        assert_int_equal(queue_look(&client.in), more ? 5 : 4);
        fake_finish();
    }
}

static void buffers_are_taken_back(void)
{
    struct net_frame frame;

    (void)queue_look(&rx_virt.in);
    while (net_frames_take(&rx_virt.in, &frame)) {}
    told = queue_release(&rx_virt.in) || told;
}

/*
 * The queue on which buffers go back has one place. The virtualiser empties it while it is
 * being waited for, and from then on only when it is told to.
 */
static void no_room_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start(1);
        for (uint32_t i = 0; i < 3; i++) {
            fake_put(
                net_frames, &rx_virt,
                &((struct net_frame){.offset = i * NET_BUFFER_SIZE + NET_HEADROOM, .length = 60}));
        }
        (void)fake_signals(rx_virt.config->channel);
        (void)queue_sleep(&rx_virt.in);
        told = false;
        meanwhile(n, buffers_are_taken_back);
        notified(rx_virt.config->channel);
        more = meanwhile_done();
        for (unsigned round = 0; round < 8; round++) {
            if (fake_signals(rx_virt.config->channel) > 0) {
                buffers_are_taken_back();
                (void)queue_sleep(&rx_virt.in);
            }
            if (told) {
                told = false;
                notified(rx_virt.config->channel);
            }
        }
        assert_int_equal(queue_look(&client.in), 3);
        fake_finish();
    }
}

static uint16_t flood_length; /* of its frames */

static void a_frame_comes_once_more(const volatile void *at)
{
    const struct net_frame frame = {.offset = NET_HEADROOM, .length = flood_length};

    if (at != &rx_virt.half->produce.tail) {
        return;
    }
    if (endless_turns == 3) {
        fake_peer_new_life(&client);
    } else if (endless_turns > 3 && client.pd->seen == fake_lives[client.config->peer_pd] + 1U) {
        enough();
        return;
    }
    ONE_MORE(net_frames, &rx_virt, &frame);
}

/* Its new life begins while the copier is awake for somebody's flood, of frames or of nonsense. */
static void frames_without_end_do_not_keep_a_new_client_waiting(void **state)
{
    (void)state;
    for (flood_length = 60; flood_length != 0; flood_length = flood_length == 60 ? 1 : 0) {
        start(8);
        endless(a_frame_comes_once_more);
        notified(rx_virt.config->channel);
        assert_int_equal(client.pd->seen, fake_lives[client.config->peer_pd] + 1U);
        assert_true(endless_turns <= 2U * ROUNDS + 1U);
        enough();
        fake_finish();
    }
}

static void the_virtualiser_dies_in_its_flood(const volatile void *at)
{
    const struct net_frame frame = {.offset = NET_HEADROOM, .length = 60};

    if (at == &rx_virt.half->produce.tail) {
        ONE_MORE(net_frames, &rx_virt, &frame);
        fake_lives[rx_virt.config->peer_pd] += endless_turns == 3 ? 1U : 0;
    }
}

static void a_frame_comes_and_the_virtualiser_dies(void)
{
    a_frame_comes();
    fake_lives[rx_virt.config->peer_pd] += 1;
}

static void work_ends_with_the_virtualisers_life(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start(8);
        notified(client.config->channel);
        fake_put(net_frames, &rx_virt, &((struct net_frame){.offset = NET_HEADROOM, .length = 60}));
        meanwhile(n, a_frame_comes_and_the_virtualiser_dies);
        notified(rx_virt.config->channel);
        more = meanwhile_done();
        assert_true(queue_look(&client.in) <= 1);
        fake_finish();
    }
}

static void a_flood_ends_with_the_virtualisers_life(void **state)
{
    (void)state;
    start(8);
    endless(the_virtualiser_dies_in_its_flood);
    notified(rx_virt.config->channel);
    assert_int_equal(endless_turns, 3); /* two looks before the frames, and one after them */
    enough();
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_frame_is_overslept),
        cmocka_unit_test(no_buffer_is_overslept),
        cmocka_unit_test(no_room_is_overslept),
        cmocka_unit_test(frames_without_end_do_not_keep_a_new_client_waiting),
        cmocka_unit_test(work_ends_with_the_virtualisers_life),
        cmocka_unit_test(a_flood_ends_with_the_virtualisers_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
