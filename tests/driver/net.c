/* SPDX-License-Identifier: BSD-2-Clause */
/* What every network driver does, whatever the device: <quoll/net.h>, net_driver.h. */
#include "net_world.h"

static void the_device_is_described_to_both(void **state)
{
    struct net_info info;

    (void)state;
    begin("");
    info = info_of(&rx);
    assert_memory_equal(&info, tx.pd->info, sizeof info);
    assert_int_equal(info.link, 1);
    assert_int_equal(info.mtu, 1500);
    assert_memory_equal(info.mac, "\x52\x54\x00\x12\x34\x56", 6);
}

static void frames_of_all_sizes_go_out(void **state)
{
    static const uint32_t sizes[] = {18, 60, 239, 240, 241, 256, 1000, 1513, 1514};

    (void)state;
    begin("");
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        go_out(sizes[i], i);
        expect_out(sizes[i], i);
    }
    assert_true(put_frame(60, NET_FRAME_MIN, 77)); /* the shortest head */
    expect_out(60, 77);
    wait_sent();
    assert_int_equal(sent_back, sizeof sizes / sizeof sizes[0] + 1);
}

static void frames_of_all_sizes_come_in(void **state)
{
    static const uint32_t sizes[] = {60, 61, 255, 256, 1000, 1513, 1514};

    (void)state;
    begin("");
    give(32);
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        come_in(sizes[i], i);
        expect_in(sizes[i], i);
    }
}

static void many_go_out_in_order(void **state)
{
    unsigned put = 0;

    (void)state;
    begin("");
    for (unsigned got = 0; got < 2000;) {
        for (; put < 2000 && put - got < 8 && put_frame(60 + put % 1400, 60, put); put++) {}
        expect_out(60 + got % 1400, got);
        got++;
        take_sent();
    }
    wait_sent();
    assert_int_equal(sent_back, 2000);
}

static void many_come_in_in_order(void **state)
{
    unsigned put = 0;

    (void)state;
    begin("");
    give(BUFFERS);
    for (unsigned got = 0; got < 2000; got++) {
        for (; put < 2000 && put - got < 8; put++) {
            come_in(60 + put % 1400, put);
        }
        expect_in(60 + got % 1400, got);
        give(BUFFERS);
    }
    assert_int_equal(came_empty, 0);
}

/* More than any ring holds, all at once; and the heads come back only when asked for. */
static void a_full_device_takes_the_rest_later(void **state)
{
    unsigned arrived = 0;

    (void)state;
    begin("");
    for (unsigned n = 0; n < HEADS; n++) {
        assert_true(put_frame(1514, 240, n));
    }
    EVENTUALLY((arrived += take_off_wire(), all_sent()));
    arrived += take_off_wire();
    assert_true(arrived > 0 && arrived <= HEADS); /* a wire may lose some */
}

static void without_buffers_nothing_comes_and_nothing_breaks(void **state)
{
    uint32_t length;

    (void)state;
    begin("");
    for (unsigned n = 0; n < 4; n++) {
        come_in(60, n);
    }
    driver_run(2000000);
    assert_null(receive(&length));
    give(1);
    for (unsigned n = 0; n < 20; n++) { /* whatever is left of those four */
        (void)receive(&length);
        give(1);
        driver_run(1000000);
    }
    come_in(61, 9);
    expect_in(61, 9);
}

static void a_quiet_wire_does_not_interrupt(void **state)
{
    (void)state;
    begin("");
    flows(5);
    driver_run(1000000);
    driver_interrupts = 0;
    for (unsigned i = 0; i < 30; i++) {
        driver_run(1000000);
    }
    assert_int_equal(driver_interrupts, 0);
}

static void interrupts_for_nothing_change_nothing(void **state)
{
    (void)state;
    begin("");
    for (unsigned i = 0; i < 5; i++) {
        driver_interrupt();
        flows(i);
    }
    driver_interrupt();
    assert_int_equal(fake_pd_count(COUNT_DEVICE_ERRORS), 0);
    assert_int_equal(fake_pd_count(COUNT_RESETS), 1);
}

static void a_new_life_takes_up_the_work(void **state)
{
    (void)state;
    begin("");
    for (uint32_t n = 0; n < 5; n++) {
        flows(n * 10);
        give(100);
        start();
        memset(with_driver, 0, sizeof with_driver); /* the links began anew */
        memset(sending, 0, sizeof sending);
        held = 0;
    }
    flows(99);
}

/* A new life of one virtualiser: the other gets back what it had given. */
static void a_virtualiser_that_begins_anew_has_nothing_in_the_device(void **state)
{
    uint32_t length;

    (void)state;
    begin("");
    flows(1);
    fake_peer_new_life(&tx);
    driver_wake(&tx);
    assert_true(queue_sleep(&tx.in));
    memset(sending, 0, sizeof sending);
    (void)receive(&length);
    assert_int_equal(held, 0);
    flows(2);

    fake_peer_new_life(&rx);
    memset(with_driver, 0, sizeof with_driver);
    held = 0;
    driver_wake(&rx);
    assert_true(queue_sleep(&rx.in));
    assert_int_equal(in_sending(), 0);
    flows(3);
}

#define FEW 16U

#define MANY (6U * FEW)

/* Frames in and out, more than the driver has places to give back. */
static void more_than_can_be_answered(void)
{
    power_on_with("", FEW);
    start();
    give(MANY);
    for (uint32_t n = 0; n < MANY; n++) {
        go_out(60, 1000U + n);
        expect_out(60, 1000U + n);
    }
    for (uint32_t n = 0; n < 2U * FEW; n++) {
        come_in(60, n);
    }
    EVENTUALLY(queue_look(&rx.in) == FEW);
    driver_run(1000000);
    assert_int_equal(queue_look(&rx.in), FEW);
    assert_in_range(queue_look(&tx.in), 0, FEW);
}

static void who_takes_nothing_back_is_waited_for(void **state)
{
    (void)state;
    more_than_can_be_answered();
    for (uint32_t n = 0; n < 2U * FEW; n++) {
        expect_in(60, n);
    }
    wait_sent();
    assert_int_equal(sent_back, MANY);
    flows(1000);
}

/* The device stops for one; what it had of the other goes back first, as there is room. */
static void anothers_new_life_waits_for_who_takes_nothing_back(void **state)
{
    (void)state;
    more_than_can_be_answered();
    fake_peer_new_life(&rx);
    memset(with_driver, 0, sizeof with_driver);
    held = 0;
    driver_wake(&rx);
    assert_int_equal(info_of(&tx).ready, 0);
    EVENTUALLY(all_sent());
    assert_int_equal(sent_back, MANY);
    assert_int_equal(info_of(&tx).ready, 1);
    assert_true(queue_sleep(&rx.in));
    flows(1000);
}

static void impossible_indices_stop_only_this_life(void **state)
{
    (void)state;
    begin("");
    flows(1);
    rx.half->produce.tail += CAPACITY + 1U;
    driver_wake(&rx);
    assert_int_equal(fake_link_count(&rx, COUNT_BROKEN), 1);
    go_out(100, 5); /* the other goes on */
    expect_out(100, 5);
    fake_peer_new_life(&rx);
    memset(with_driver, 0, sizeof with_driver);
    held = 0;
    driver_wake(&rx);
    assert_true(queue_sleep(&rx.in));
    flows(7);
}
static void it_may_die_at_any_access(void **state)
{
    (void)state;
    for (unsigned access = 1;; access += machine == &machine_qemu ? 13 : 1) {
        power_on("");
        driver_dies_at(access);
        start();
        give(40);
        for (unsigned n = 0; n < 5; n++) {
            come_in(60, n);
            if (queue_look_for_room(&tx.out) > 0) {
                (void)put_frame(300, 100, n);
            }
            driver_run(100000);
        }
        if (!driver_dead()) {
            assert_true(access > 30);
            break;
        }
        driver_dies_at(0);
        fake_peer_new_life(&rx);
        fake_peer_new_life(&tx);
        memset(with_driver, 0, sizeof with_driver);
        memset(sending, 0, sizeof sending);
        held = 0;
        start();
        give(40);
        settle();
        flows(1000);
    }
}

static const struct CMUnitTest tests[] = {
    DRIVER_TEST(the_device_is_described_to_both),
    DRIVER_TEST(frames_of_all_sizes_go_out),
    DRIVER_TEST(frames_of_all_sizes_come_in),
    DRIVER_TEST(many_go_out_in_order),
    DRIVER_TEST(many_come_in_in_order),
    DRIVER_TEST(a_full_device_takes_the_rest_later),
    DRIVER_TEST(without_buffers_nothing_comes_and_nothing_breaks),
    DRIVER_TEST(a_quiet_wire_does_not_interrupt),
    DRIVER_TEST(interrupts_for_nothing_change_nothing),
    DRIVER_TEST(a_new_life_takes_up_the_work),
    DRIVER_TEST(a_virtualiser_that_begins_anew_has_nothing_in_the_device),
    DRIVER_TEST(who_takes_nothing_back_is_waited_for),
    DRIVER_TEST(anothers_new_life_waits_for_who_takes_nothing_back),
    DRIVER_TEST(impossible_indices_stop_only_this_life),
    DRIVER_TEST(it_may_die_at_any_access),
};

const struct driver_tests driver_tests = {"net", tests, sizeof tests / sizeof tests[0], net_odd,
                                          NET_ODD_TESTS};
