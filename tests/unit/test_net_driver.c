/* SPDX-License-Identifier: BSD-2-Clause */
/* The loops of all network drivers: frames both ways, lives, a device that fails. */
#include "net_driver_world.h"

static void it_starts_the_device_when_both_links_are_up(void **unused)
{
    (void)unused;
    prepare(64);
    init();
    assert_int_equal(model.stops, 1);
    assert_int_equal(fake_acks(IRQ), 1);
    assert_int_equal(model.starts, 0);
    fake_peer_up(&tx_virt);
    wake(&tx_virt);
    assert_int_equal(model.starts, 0);
    fake_peer_up(&rx_virt);
    wake(&rx_virt);
    assert_int_equal(model.starts, 1);
    assert_int_equal(told(&rx_virt).ready, 1);
    assert_int_equal(told(&tx_virt).ready, 1);
    assert_int_equal(told(&tx_virt).mtu, 1500);
    assert_memory_equal(told(&rx_virt).mac, "\1\2\3\4\5\6", 6);
}

static void buffers_and_frames_cross(void **unused)
{
    (void)unused;
    give_buffers(100, 5);
    assert_int_equal(model.rx_count, 5);
    model.rx_done = 2;
    interrupt();
    assert_int_equal(fake_acks(IRQ), 1);
    assert_received(100, 60);
    assert_received(101, 60);
    assert_true(model.rx_armed);
    give_frames(7, 3);
    assert_int_equal(model.tx_count, 3);
    model.tx_done = 1;
    give_frames(10, 1); /* any wake-up for sending collects what was sent */
    assert_sent(7);
    assert_int_equal(model.tx_count, 3);
}

static void sent_frames_interrupt_only_if_someone_waits(void **unused)
{
    (void)unused;
    give_frames(1, 1);
    model.tx_done = 1;
    give_frames(2, 1);
    assert_sent(1);
    assert_false(model.tx_armed);
    assert_true(queue_sleep(&tx_virt.in));
    give_frames(3, 1);
    assert_true(model.tx_armed);
    model.tx_done = 2;
    interrupt();
    assert_int_equal(fake_signals(1), 1);
    assert_sent(2);
    assert_sent(3);
    assert_false(model.tx_armed);
}

static void a_full_device_takes_the_rest_later(void **unused)
{
    (void)unused;
    give_frames(1, 2);
    model.tx_done = 2;
    give_frames(10, RING + 4);
    assert_int_equal(model.tx_count, RING);
    assert_true(model.tx_armed);
    model.tx_done = 5;
    interrupt();
    assert_int_equal(model.tx_count, 7);
    assert_int_equal(model.tx[6], 10 + RING + 3);
    give_buffers(100, RING + 4);
    assert_int_equal(model.rx_count, RING);
    model.rx_done = RING;
    interrupt();
    assert_int_equal(model.rx_count, 4);
}

static void a_virtualiser_without_room_is_waited_for(void **unused)
{
    struct net_rx_done done;

    (void)unused;
    start_with(4);
    give_buffers(1, RING);
    model.rx_done = 6;
    interrupt();
    assert_int_equal(model.rx_done, 2);
    assert_int_equal(queue_look(&rx_virt.in), 4);
    assert_true(net_rx_dones_take(&rx_virt.in, &done));
    assert_true(queue_release(&rx_virt.in)); /* it asked */
    wake(&rx_virt);
    assert_int_equal(model.rx_done, 1);
    assert_int_equal(queue_look(&rx_virt.in), 4);
}

static void a_new_life_of_one_stops_the_device_first_and_repays_the_other(void **unused)
{
    (void)unused;
    give_buffers(1, 3);
    give_frames(50, 2);
    uint32_t seen_before = rx_virt.pd->seen;
    fake_peer_new_life(&rx_virt);
    wake(&rx_virt);
    assert_int_equal(model.stops, 2);
    assert_int_equal(model.seen_at_stop, seen_before);
    assert_int_equal(rx_virt.pd->seen, seen_before + 1);
    assert_int_equal(model.starts, 2);
    assert_int_equal(model.rx_count, 0);
    assert_int_equal(queue_look(&rx_virt.in), 0);
    assert_sent(50);
    assert_sent(51);
    give_buffers(1, 3);
    assert_int_equal(model.rx_count, 3);

    give_frames(60, 2);
    fake_peer_new_life(&tx_virt);
    wake(&tx_virt);
    assert_int_equal(model.starts, 3);
    for (uint32_t id = 1; id <= 3; id++) {
        assert_received(id, 0);
    }
    assert_int_equal(queue_look(&tx_virt.in), 0);
}

static void while_one_is_dead_the_device_rests(void **unused)
{
    (void)unused;
    give_buffers(1, 3);
    give_frames(50, 2);
    fake_lives[tx_virt.config->peer_pd] += 1;
    interrupt();
    assert_false(model.running);
    assert_int_equal(told(&rx_virt).ready, 0);
    assert_int_equal(model.tx_count, 0);
    fake_peer_up(&tx_virt);
    wake(&tx_virt);
    assert_true(model.running);
    assert_int_equal(told(&rx_virt).ready, 1);
    for (uint32_t id = 1; id <= 3; id++) {
        assert_received(id, 0);
    }
}

static void a_failed_device_is_reset_and_everything_repaid(void **unused)
{
    (void)unused;
    give_buffers(1, 2);
    give_frames(50, 1);
    model.failed = true;
    interrupt();
    assert_int_equal(model.starts, 2);
    assert_received(1, 0);
    assert_received(2, 0);
    assert_sent(50);
}

static void repayment_waits_for_room(void **unused)
{
    (void)unused;
    start_with(2);
    give_buffers(1, 3);
    model.failed = true;
    interrupt();
    assert_false(model.running);
    assert_received(1, 0);
    assert_received(2, 0);
    wake(&rx_virt);
    assert_true(model.running);
    assert_received(3, 0);
}

static void a_device_that_does_not_stop_is_left_alone_for_ever(void **unused)
{
    (void)unused;
    give_buffers(1, 3);
    model.stop_error = QUOLL_ETIMEDOUT;
    uint32_t seen_before = rx_virt.pd->seen;
    fake_peer_new_life(&rx_virt);
    wake(&rx_virt);
    assert_int_equal(rx_virt.pd->seen, seen_before); /* so it gives nothing to others again */
    assert_int_equal(model.starts, 1);
    interrupt();
    assert_int_equal(fake_acks(IRQ), 0);
    assert_int_equal(model.starts, 1);

    prepare(64);
    model.stop_error = QUOLL_ETIMEDOUT;
    init();
    assert_int_equal(rx_virt.pd->seen, 0);
    wake(&rx_virt);
    interrupt();
    assert_int_equal(model.starts, 0);
}

static void a_device_that_does_not_start_is_tried_again(void **unused)
{
    (void)unused;
    prepare(64);
    model.start_error = QUOLL_EUNSUPPORTED;
    init();
    fake_peer_up(&rx_virt);
    fake_peer_up(&tx_virt);
    wake(&rx_virt);
    assert_string_equal(fake_output(), "test: cannot start: unsupported\n");
    assert_int_equal(told(&rx_virt).ready, 0);
    model.start_error = QUOLL_OK;
    wake(&tx_virt);
    assert_true(model.running);
}

static void impossible_indices_cut_off_one_side_only(void **unused)
{
    (void)unused;
    tx_virt.half->produce.tail = 65;
    tx_virt.half->consume.head = 99;
    wake(&tx_virt);
    give_buffers(1, 3);
    model.rx_done = 1;
    interrupt();
    assert_received(1, 60);
    assert_int_equal(fake_link_count(&tx_virt, COUNT_BROKEN), 2);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(it_starts_the_device_when_both_links_are_up),
        IN_A_PD(buffers_and_frames_cross),
        IN_A_PD(sent_frames_interrupt_only_if_someone_waits),
        IN_A_PD(a_full_device_takes_the_rest_later),
        IN_A_PD(a_virtualiser_without_room_is_waited_for),
        IN_A_PD(a_new_life_of_one_stops_the_device_first_and_repays_the_other),
        IN_A_PD(while_one_is_dead_the_device_rests),
        IN_A_PD(a_failed_device_is_reset_and_everything_repaid),
        IN_A_PD(repayment_waits_for_room),
        IN_A_PD(a_device_that_does_not_stop_is_left_alone_for_ever),
        IN_A_PD(a_device_that_does_not_start_is_tried_again),
        IN_A_PD(impossible_indices_cut_off_one_side_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
