/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens while a network driver works: the virtualisers act as it goes to sleep, and
 * who has a core of its own always has one more.
 */
#include "meanwhile.h"

#include "endless.h"

#include "net_driver_world.h"

static bool woken; /* whether they have told the driver */

static void another_buffer_comes(void)
{
    assert_true(queue_look_for_room(&rx_virt.out) > 0);
    assert_true(
        net_rx_buffers_put(&rx_virt.out, &((struct net_rx_buffer){.address = 0x1002, .id = 2})));
    woken = queue_publish(&rx_virt.out);
}

static void no_buffer_is_overslept(void **unused)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        (void)set_up(unused);
        woken = false;
        fake_put(net_rx_buffers, &rx_virt, &((struct net_rx_buffer){.address = 0x1001, .id = 1}));
        meanwhile(n, another_buffer_comes);
        wake(&rx_virt);
        more = meanwhile_done();
        if (woken) {
            wake(&rx_virt);
        }
        assert_int_equal(model.rx_count, more ? 2 : 1);
        (void)tear_down(unused);
    }
}

static void another_frame_comes(void)
{
    assert_true(queue_look_for_room(&tx_virt.out) > 0);
    assert_true(
        net_tx_frames_put(&tx_virt.out, &((struct net_tx_frame){.head_length = 60, .id = 2})));
    woken = queue_publish(&tx_virt.out);
}

static void no_frame_is_overslept(void **unused)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        (void)set_up(unused);
        woken = false;
        fake_put(net_tx_frames, &tx_virt, &((struct net_tx_frame){.head_length = 60, .id = 1}));
        meanwhile(n, another_frame_comes);
        wake(&tx_virt);
        more = meanwhile_done();
        if (woken) {
            wake(&tx_virt);
        }
        assert_int_equal(model.tx_count, more ? 2 : 1);
        (void)tear_down(unused);
    }
}

static unsigned repaid;

static void repayments_are_taken(void)
{
    struct net_rx_done received;
    struct net_tx_done sent;

    (void)queue_look(&rx_virt.in);
    while (net_rx_dones_take(&rx_virt.in, &received)) {
        repaid++;
    }
    (void)queue_look(&tx_virt.in);
    while (net_tx_dones_take(&tx_virt.in, &sent)) {
        repaid++;
    }
    woken = queue_release(&rx_virt.in) || woken;
    woken = queue_release(&tx_virt.in) || woken;
}

/* A device that failed held three of each, and there are two places. */
static void no_room_for_repayments_is_overslept(void **unused)
{
    bool more = true;

    (void)unused;
    for (unsigned n = 1; more; n++) {
        start_with(2);
        give_buffers(9, 1);
        give_frames(9, 1);
        model.rx_done = model.tx_done = 1;
        wake(&rx_virt);
        wake(&tx_virt);
        repayments_are_taken(); /* so that the indices are not all 0 */
        give_buffers(1, 3);
        give_frames(50, 3);
        repaid = 0;
        woken = false;
        model.failed = true;
        meanwhile(n, repayments_are_taken);
        interrupt();
        more = meanwhile_done();
        repayments_are_taken();
        for (unsigned round = 0; round < 5 && woken; round++) {
            woken = false;
            wake(&rx_virt);
            wake(&tx_virt);
            repayments_are_taken();
        }
        assert_true(model.running);
        assert_int_equal(repaid, 6);
        fake_finish();
    }
}

/* The device receives a frame at each look, and the virtualiser gives its buffer back. */
static void sent_frames_are_taken(void)
{
    struct net_tx_done sent;

    (void)queue_look(&tx_virt.in);
    while (net_tx_dones_take(&tx_virt.in, &sent)) {}
    woken = queue_release(&tx_virt.in) || woken;
}

/* The device is full of sent frames, there are two places for them, and another frame waits. */
static void no_room_for_sent_frames_is_overslept(void **unused)
{
    bool more = true;

    for (unsigned n = 1; more; n++) {
        start_with(2);
        give_frames(1, 1);
        model.tx_done = 1;
        give_frames(2, 1);
        sent_frames_are_taken(); /* the indices are not all 0 */
        give_frames(3, 1);
        model.tx_done = 2;
        give_frames(4, 1);
        assert_int_equal(model.tx_count, 1); /* two are on their way back, and not taken */
        give_frames(5, RING - 1);
        model.tx_done = RING;
        fake_put(net_tx_frames, &tx_virt, &((struct net_tx_frame){.head_length = 60, .id = 99}));
        woken = false;
        meanwhile(n, sent_frames_are_taken);
        wake(&tx_virt);
        more = meanwhile_done();
        sent_frames_are_taken();
        if (woken) {
            wake(&tx_virt);
        }
        assert_int_equal(model.tx[model.tx_count - 1U], 99);
        (void)tear_down(unused);
    }
}

static void a_frame_comes_once_more(const volatile void *at)
{
    (void)at;
    if (model.tx_count > 0) {
        enough();
        return;
    }
    endless_turn();
    rx_virt.half->consume.head = rx_virt.pd->produce.tail;
    if (queue_look_for_room(&rx_virt.out) > 0) {
        assert_true(net_rx_buffers_put(&rx_virt.out, &((struct net_rx_buffer){.address = 0x1000})));
        (void)queue_publish(&rx_virt.out);
    }
    model.rx_done = model.rx_count;
}

static void a_frame_comes_and_the_carrier_goes(const volatile void *at)
{
    model.carrier_lost = model.carrier_lost || endless_turns == 5;
    if (told(&rx_virt).link == 0) {
        enough();
        return;
    }
    a_frame_comes_once_more(at);
}

static void frames_without_end_do_not_keep_back_what_the_device_says(void **unused)
{
    (void)unused;
    assert_int_equal(told(&rx_virt).link, 1);
    endless(a_frame_comes_and_the_carrier_goes);
    interrupt();
    assert_int_equal(told(&rx_virt).link, 0);
    assert_int_equal(told(&tx_virt).link, 0);
    assert_true(endless_turns <= 3U * FEW * ROUNDS);
    enough();
}

/* It may be that of an earlier life. */
static void a_device_at_rest_is_not_asked_why_it_interrupts(void **unused)
{
    (void)unused;
    prepare(16);
    init();
    (void)fake_acks(IRQ);
    model.carrier_lost = true;
    interrupt();
    assert_true(model.carrier_lost);
    assert_int_equal(fake_acks(IRQ), 1);
}

static void frames_without_end_from_the_device_do_not_keep_back_what_is_sent(void **unused)
{
    (void)unused;
    tx_virt.half->consume.wake_at = 77; /* it does not wait for sent frames, so nor do we */
    wake(&tx_virt);
    assert_false(driver.tx_interrupts);
    fake_put(net_tx_frames, &tx_virt, &((struct net_tx_frame){.head_length = 60, .id = 9}));
    endless(a_frame_comes_once_more);
    interrupt();
    assert_int_equal(model.tx_count, 1);
    assert_int_equal(model.tx[0], 9);
    assert_true(endless_turns <= 3U * FEW * ROUNDS);
    enough();
}

/* Each is sent at once. */
static void a_frame_is_sent_once_more(const volatile void *at)
{
    (void)at;
    if (model.rx_count > 0) {
        enough();
        return;
    }
    ONE_MORE(net_tx_frames, &tx_virt, &((struct net_tx_frame){.head_length = 60}));
    tx_virt.half->consume.head = tx_virt.pd->produce.tail;
    model.tx_done = model.tx_count;
}

static void frames_without_end_to_the_device_do_not_keep_back_what_is_received(void **unused)
{
    (void)unused;
    fake_put(net_rx_buffers, &rx_virt, &((struct net_rx_buffer){.address = 0x1007, .id = 7}));
    endless(a_frame_is_sent_once_more);
    give_frames(1, 1);
    assert_int_equal(model.rx_count, 1);
    assert_int_equal(model.rx[0], 7);
    assert_true(endless_turns <= 3U * FEW * ROUNDS);
    enough();
}

static void a_buffer_comes_while_frames_are_sent(const volatile void *at)
{
    if (endless_turns == 20) {
        fake_put(net_rx_buffers, &rx_virt, &((struct net_rx_buffer){.address = 0x1007, .id = 7}));
    }
    a_frame_is_sent_once_more(at);
}

/* Both virtualisers are there already, and one begins its flood when the device starts. */
static void nor_from_the_start(void **unused)
{
    (void)unused;
    prepare(64);
    fake_peer_up(&rx_virt);
    fake_peer_up(&tx_virt);
    fake_put(net_tx_frames, &tx_virt, &((struct net_tx_frame){.head_length = 60}));
    endless(a_buffer_comes_while_frames_are_sent);
    init();
    assert_true(model.running);
    assert_int_equal(model.rx_count, 1);
    assert_int_equal(model.rx[0], 7);
    assert_true(endless_turns <= 3U * FEW * ROUNDS);
    enough();
}

static void the_virtualiser_wavers(const volatile void *at)
{
    waver_with_room(&rx_virt, at);
}

/* It is to take back what the device had, before that can start anew. */
static void room_that_is_shown_and_taken_back_keeps_nobody(void **unused)
{
    (void)unused;
    start_with(4);
    give_buffers(1, RING);
    model.failed = true;
    begin_to_waver(&rx_virt);
    endless(the_virtualiser_wavers);
    interrupt();
    assert_true(endless_turns < 4U * ROUNDS + 4U * RING);
    enough();
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_buffer_is_overslept),
        cmocka_unit_test(no_frame_is_overslept),
        cmocka_unit_test(no_room_for_repayments_is_overslept),
        cmocka_unit_test(no_room_for_sent_frames_is_overslept),
        IN_A_PD(frames_without_end_do_not_keep_back_what_the_device_says),
        IN_A_PD(a_device_at_rest_is_not_asked_why_it_interrupts),
        IN_A_PD(frames_without_end_from_the_device_do_not_keep_back_what_is_sent),
        IN_A_PD(frames_without_end_to_the_device_do_not_keep_back_what_is_received),
        IN_A_PD(nor_from_the_start),
        IN_A_PD(room_that_is_shown_and_taken_back_keeps_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
