/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive virtualiser's driver or taker acts while it goes to sleep: nothing is overslept.
 * And the copying one's (test_net_rx_copy_meanwhile.c).
 */
#include <string.h>

#include "meanwhile.h"

#include "fake_pd.h"

#ifdef COPYING
#include "net/rx_copy_virt.c"
#define KIND LINK_NET_RX_CLIENT
#else
#include "net/rx_virt.c"
#define KIND LINK_NET_RX_COPIER
#endif

#define BUFFERS 64U

static struct fake_peer driver, taker;
static unsigned char *pool;
static bool told;

static const uint8_t mac[6] = {0x52, 0x54, 0, 0, 0, 0x10};

static void a_frame_comes(void)
{
    struct net_rx_buffer buffer;

    fake_take(net_rx_buffers, &driver, &buffer);
    memcpy(pool + buffer.id * NET_BUFFER_SIZE + NET_HEADROOM, mac, 6);
    assert_true(queue_look_for_room(&driver.out) > 0);
    assert_true(net_rx_dones_put(&driver.out, &((struct net_rx_done){buffer.id, 60})));
    told = queue_publish(&driver.out);
}

/* Of which the taker keeps the buffer. */
static void the_first_frame_comes(void)
{
    struct net_frame frame;

    a_frame_comes();
    notified(driver.config->channel);
    fake_take(net_frames, &taker, &frame);
}

/* `known`: to whom a frame was last, so that one alone goes the short way. */
static void start(bool known)
{
    memset(&rx, 0, sizeof rx);
#ifndef COPYING
    memset(&virt, 0, sizeof virt);
#endif
    fake_reset();
    pool = fake_region(&fake_config.own, BUFFERS * NET_BUFFER_SIZE, 0x70000000);
    fake_link(&driver, LINK_NET_RX_DEVICE, "driver", 2 * BUFFERS, sizeof(struct net_rx_buffer),
              BUFFERS, sizeof(struct net_rx_done));
    fake_link(&taker, KIND, "taker", BUFFERS, sizeof(struct net_frame), BUFFERS,
              sizeof(struct net_frame));
    fake_region(&taker.config->data, 8 * NET_BUFFER_SIZE, 0);
    memcpy(taker.config->settings.net.mac, mac, 6);
    init();
    fake_peer_up(&driver);
    fake_peer_up(&taker);
    notified(taker.config->channel);
    notified(driver.config->channel);
    for (uint32_t n = 0; n < 4; n++) {
        fake_put(net_frames, &taker,
                 &((struct net_frame){.offset = n * NET_BUFFER_SIZE, .length = 2000}));
    }
    if (known) {
        the_first_frame_comes();
    }
    (void)fake_signals(taker.config->channel);
}

static void no_frame_is_overslept_by(bool known)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        start(known);
        a_frame_comes();
        told = false;
        meanwhile(n, a_frame_comes);
        notified(driver.config->channel);
        more = meanwhile_done();
        if (told) {
            notified(driver.config->channel);
        }
        assert_int_equal(queue_look(&taker.in), more ? 2 : 1);
        fake_finish();
    }
}

static void no_frame_is_overslept(void **state)
{
    (void)state;
    no_frame_is_overslept_by(false);
    no_frame_is_overslept_by(true);
}

static void the_taker_makes_room(void)
{
#ifdef COPYING
    assert_true(queue_look_for_room(&taker.out) > 0);
    assert_true(net_frames_put(
        &taker.out, &((struct net_frame){.offset = 4 * NET_BUFFER_SIZE, .length = 2000})));
    told = queue_publish(&taker.out) || told;
#else
    struct net_frame frame;

    (void)queue_look(&taker.in);
    while (net_frames_take(&taker.in, &frame)) {}
    told = queue_release(&taker.in) || told;
#endif
}

/* All that the device has comes at once, and is more than the taker has room for. */
static void no_room_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start(true);
        while (queue_look(&driver.in) > 0) {
            a_frame_comes();
        }
        told = false;
        meanwhile(n, the_taker_makes_room);
        notified(driver.config->channel);
        more = meanwhile_done();
        the_taker_makes_room();
        if (told) {
            notified(taker.config->channel);
        }
        assert_true(queue_look(&driver.in) > 0);
        fake_finish();
    }
}

static void the_taker_takes_a_frame(void)
{
    struct net_frame frame;

    (void)queue_look(&taker.in);
    assert_true(net_frames_take(&taker.in, &frame));
    told = queue_release(&taker.in) || told;
}

/* A client does that; nothing comes from a copier. */
static void fill_with_buffers(void)
{
#ifdef COPYING
    const struct net_frame buffer = {.length = 2000};

    while (queue_look_for_room(&taker.out) > 0) {
        fake_put(net_frames, &taker, &buffer);
    }
#endif
}

/* There are no more places for frames; a client has given more buffers than that. */
static void no_place_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        start(true);
        fill_with_buffers();
        for (unsigned frames = 0; frames < BUFFERS / 2; frames++) {
            a_frame_comes();
        }
        notified(driver.config->channel);
        fill_with_buffers();
        while (queue_look(&driver.in) > 0) {
            a_frame_comes();
        }
        told = false;
        meanwhile(n, the_taker_takes_a_frame);
        notified(driver.config->channel);
        more = meanwhile_done();
        the_taker_takes_a_frame();
        if (told) {
            notified(taker.config->channel);
        }
        assert_true(queue_look(&driver.in) > 0);
        fake_finish();
    }
}

static bool asleep;

static void the_taker_sleeps(void)
{
    asleep = queue_sleep(&taker.in);
}

static void no_taker_sleeps_beside_a_frame_of(bool known)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        start(known);
        a_frame_comes();
        asleep = true;
        taker.half->consume.wake_at = taker.in.head - 1U;
        meanwhile(n, the_taker_sleeps);
        notified(driver.config->channel);
        more = meanwhile_done();
        assert_true(!more || !asleep || fake_signals(taker.config->channel) == 1);
        fake_finish();
    }
}

/* A taker that goes to sleep sees the frame itself, or is told of it. */
static void no_taker_sleeps_beside_a_frame(void **state)
{
    (void)state;
    no_taker_sleeps_beside_a_frame_of(false);
    no_taker_sleeps_beside_a_frame_of(true);
}

static void a_frame_comes_and_the_driver_dies(void)
{
    a_frame_comes();
    fake_lives[driver.config->peer_pd] += 1;
}

/* A copier has those of the frames that it got, until we look what it has given back. */
static unsigned kept(void)
{
#ifdef COPYING
    return 0;
#else
    return unread(&rx.taker[0]);
#endif
}

static void work_ends_with_the_life_of(bool known)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        start(known);
        a_frame_comes();
        meanwhile(n, a_frame_comes_and_the_driver_dies);
        notified(driver.config->channel);
        more = meanwhile_done();
        if (more) {
            fake_peer_up(&driver);
            notified(driver.config->channel);
            assert_int_equal(queue_look(&driver.in), BUFFERS - kept());
            assert_int_equal(fake_link_count(&driver, COUNT_BROKEN), 0);
        }
        fake_finish();
    }
}

/*
 * What is left of a life that is over is not taken up; the next one begins with all buffers that
 * there are.
 */
static void work_ends_with_the_drivers_life(void **state)
{
    (void)state;
    work_ends_with_the_life_of(false);
    work_ends_with_the_life_of(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_frame_is_overslept),
        cmocka_unit_test(no_room_is_overslept),
        cmocka_unit_test(no_place_is_overslept),
        cmocka_unit_test(no_taker_sleeps_beside_a_frame),
        cmocka_unit_test(work_ends_with_the_drivers_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
