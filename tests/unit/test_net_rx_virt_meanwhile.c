/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive virtualiser's driver has a core of its own, and always one more frame. */
#include <string.h>

#include "endless.h"

#include "net/rx_virt.c"

#define BUFFERS 16U

static struct fake_peer driver, copier;
static unsigned char *pool;

static int set_up(void **state)
{
    (void)state;
    memset(&rx, 0, sizeof rx);
    memset(&virt, 0, sizeof virt);
    fake_reset();
    pool = fake_region(&fake_config.own, BUFFERS * NET_BUFFER_SIZE, 0x70000000);
    fake_link(&driver, LINK_NET_RX_DEVICE, "driver", 32, sizeof(struct net_rx_buffer), 32,
              sizeof(struct net_rx_done));
    fake_link(&copier, LINK_NET_RX_COPIER, "copier", 16, sizeof(struct net_frame), 1, 0);
    memcpy(copier.config->settings.net.mac, "\2\0\0\0\0\1", 6);
    init();
    fake_peer_up(&driver);
    notified(driver.config->channel);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    enough();
    fake_finish();
    return 0;
}

static bool copier_is_known(void)
{
    return copier.pd->seen == fake_lives[copier.config->peer_pd] + 1U;
}

/* For nobody: the buffer goes back to the driver at once. */
static void one_more_frame(void)
{
    struct net_rx_buffer buffer = {0};

    if (queue_look(&driver.in) > 0) {
        (void)net_rx_buffers_take(&driver.in, &buffer);
        (void)queue_release(&driver.in);
    }
    ONE_MORE(net_rx_dones, &driver, &((struct net_rx_done){buffer.id, 60}));
}

static void a_frame_comes_once_more(const volatile void *at)
{
    if (copier_is_known()) {
        enough();
    } else if (at == &driver.half->produce.tail) {
        one_more_frame();
    }
}

static void frames_without_end_do_not_keep_a_new_copier_waiting(void **state)
{
    (void)state;
    fake_peer_new_life(&copier);
    endless(a_frame_comes_once_more);
    notified(driver.config->channel);
    assert_true(copier_is_known());
    assert_true(endless_turns <= 2U * (ROUNDS + 1U)); /* looks, of which a round has two */
}

static void a_frame_comes_until_buffers_are_back(const volatile void *at)
{
    if (rx.taker[0].returned > 0) {
        enough();
    } else if (at == &driver.half->produce.tail) {
        one_more_frame();
    }
}

/* What a copier has taken off its queue is looked for in a flood, too. */
static void frames_without_end_do_not_keep_buffers_from_the_stock(void **state)
{
    struct net_rx_buffer buffer;

    (void)state;
    fake_peer_up(&copier);
    notified(copier.config->channel);
    for (unsigned n = 0; n < 2; n++) {
        fake_take(net_rx_buffers, &driver, &buffer);
        memcpy(pool + buffer.id * NET_BUFFER_SIZE + NET_HEADROOM, "\2\0\0\0\0\1", 6);
        fake_put(net_rx_dones, &driver, &((struct net_rx_done){buffer.id, 60}));
    }
    notified(driver.config->channel);
    assert_int_equal(queue_look(&copier.in), 2);
    copier.half->consume.head = 2;
    assert_int_equal(rx.taker[0].returned, 0);
    endless(a_frame_comes_until_buffers_are_back);
    notified(driver.config->channel);
    assert_int_equal(rx.taker[0].returned, 2);
    assert_true(endless_turns <= 2U * (ROUNDS + 1U)); /* looks, of which a round has two */
}

/* When all copiers were looked at once, and nothing was found. */
static void the_driver_dies_in_its_flood(const volatile void *at)
{
    if (at == &driver.half->produce.tail) {
        one_more_frame();
        fake_lives[driver.config->peer_pd] += endless_turns == ROUNDS + 2U ? 1U : 0;
    }
}

static void a_flood_ends_with_the_drivers_life(void **state)
{
    (void)state;
    fake_peer_up(&copier);
    notified(copier.config->channel);
    endless(the_driver_dies_in_its_flood);
    notified(driver.config->channel);
    assert_int_equal(endless_turns, ROUNDS + 2U);
    assert_int_equal(rx.taker[0].returned, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(frames_without_end_do_not_keep_a_new_copier_waiting),
        IN_A_PD(frames_without_end_do_not_keep_buffers_from_the_stock),
        IN_A_PD(a_flood_ends_with_the_drivers_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
