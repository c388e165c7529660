/* SPDX-License-Identifier: BSD-2-Clause */
/* Network drivers with a simulated device that is not as it should be. */
#include "net_world.h"

static void traffic(unsigned number)
{
    uint32_t length;

    give(48);
    for (unsigned n = 0; n < 3; n++) {
        come_in(60 + n, number + n);
        (void)put_frame(100 + n * 300, 80, number + n);
    }
    driver_run(300000);
    take_sent();
    while (receive(&length) != NULL) {}
    (void)take_off_wire();
    if (number % 3U == 0) {
        driver_wake(&rx);
        driver_wake(&tx);
    }
}

/*
 * Whatever the device does: what is given comes back at most once and nothing else
 * does (receive() and take_sent() check), and when it has come to its senses, frames flow.
 */
static void chaos(const char *options)
{
    for (uint64_t seed = 1; seed <= 150; seed++) {
        power_on(options);
        machine_misbehave(seed);
        start();
        for (unsigned n = 0; n < 40; n++) {
            traffic(n * 10);
        }
        machine_misbehave(0);
        settle();
        if (info_of(&rx).ready == 0) {
            fail_msg("seed %u: the driver has given up", (unsigned)seed);
        }
        flows(5000);
    }
}

static void a_device_that_breaks_its_protocol_is_reset(void **state)
{
    (void)state;
    chaos("faults=id+length+index+data");
}

static void a_device_that_is_late_or_interrupts_for_nothing_is_served(void **state)
{
    (void)state;
    chaos("faults=late+spurious+stuck");
}

static void a_device_that_changes_is_followed(void **state)
{
    (void)state;
    chaos("faults=config+torn");
}

static void a_device_that_wants_to_be_reset_is_reset(void **state)
{
    (void)state;
    chaos("faults=reset+slow+lost");
}

/* However slow it is otherwise: nobody could tell when that is over. */
static void the_reset_of_a_device_at_rest_takes_no_time(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        power_on("faults=slow");
        machine_misbehave(seed);
        start();
        assert_int_equal(info_of(&rx).ready, 1);
    }
}

static void a_device_may_do_it_all(void **state)
{
    (void)state;
    chaos("faults=all");
}

static void a_device_that_does_not_come_to_rest_is_left_alone(void **state)
{
    unsigned lost = 0;
    uint32_t length;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        power_on("faults=dead+reset");
        machine_misbehave(seed);
        start();
        for (unsigned n = 0; n < 40 && info_of(&rx).ready; n++) {
            traffic(n * 10);
        }
        machine_misbehave(0);
        settle();
        come_in(100, 1);
        driver_run(2000000);
        if (receive(&length) == NULL) { /* it has been left alone, and that is counted */
            assert_true(fake_pd_count(COUNT_DEVICE_ERRORS) >= 1);
            lost++;
        }
    }
    assert_true(lost > 0);
}

/* The link state is told, and told again. */
static void the_carrier_is_told(void **state)
{
    bool down = false, up_again = false;

    (void)state;
    power_on("faults=config");
    machine_misbehave(3);
    start();
    for (unsigned n = 0; n < 400; n++) {
        traffic(n * 10);
        down = down || !info_of(&rx).link;
        up_again = up_again || (down && info_of(&rx).link);
        assert_int_equal(info_of(&rx).link, info_of(&tx).link);
    }
    assert_true(down && up_again);
}

static void odd_devices_work(void **state)
{
    static const char *const options[] = {"without=event_idx",
                                          "without=mac+status",
                                          "queue=2",
                                          "queue=4,without=event_idx",
                                          "queue=100",
                                          "latency=50000",
                                          "mtu=1500",
                                          "mtu=576",
                                          "without=status,queue=16"};

    (void)state;
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        begin(options[i]);
        assert_int_equal(info_of(&rx).link, 1);
        assert_int_equal(info_of(&rx).mtu, strcmp(options[i], "mtu=576") == 0 ? 576 : 1500);
        for (uint32_t n = 0; n < 50; n++) {
            flows(n * 10);
        }
    }
}

static void impossible_devices_are_refused(void **state)
{
    static const char *const options[] = {"version=1", "without=version_1", "queue=0"};

    (void)state;
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        power_on(options[i]);
        start();
        assert_int_equal(info_of(&rx).ready, 0);
        assert_int_equal(info_of(&tx).ready, 0);
    }
}

/* Interrupts tell of frames; the virtualisers are only told what has changed. */
static void what_has_not_changed_is_not_told_again(void **state)
{
    (void)state;
    begin("");
    uint32_t before = rx.pd->generation;

    for (uint32_t n = 0; n < 20; n++) {
        flows(n * 10);
    }
    assert_int_equal(rx.pd->generation, before);
}

static void an_mtu_that_does_not_fit_is_not_accepted(void **state)
{
    (void)state;
    begin("mtu=9000");
    assert_int_equal(info_of(&rx).mtu, 1500);
    flows(1); /* the device looks whether our buffers fit what we accepted */
    begin("mtu=67");
    assert_int_equal(info_of(&rx).mtu, 1500);
    flows(1);
}

/* A frame that arrives between any two accesses of a driver that goes to sleep. */
static void no_frame_is_overslept(void **state)
{
    bool acted = true;

    (void)state;
    for (unsigned access = 1; acted; access++) {
        begin("");
        give(8);
        driver_run(1000000);
        come_in(60, 1);
        driver_device_acts_at(access);
        driver_wake(&rx);
        acted = driver_device_acted();
        driver_device_acts_at(0);
        expect_in(60, 1);
    }
}

static bool came_back(void)
{
    take_sent();
    return in_sending() == 0;
}

/* Likewise the end of a transmission that somebody waits for. */
static void no_sent_frame_is_overslept(void **state)
{
    bool acted = true;

    (void)state;
    for (unsigned access = 1; acted; access++) {
        begin("");
        assert_true(queue_sleep(&tx.in));
        go_out(60, 0); /* the indices are not all 0 */
        EVENTUALLY(came_back());
        assert_true(queue_sleep(&tx.in));
        driver_device_acts_at(access);
        go_out(60, 1);
        acted = driver_device_acted();
        driver_device_acts_at(0);
        EVENTUALLY(came_back());
    }
}

/* Frames that were too short to be any are counted, and their buffers come back. */
static void bad_frames_are_counted(void **state)
{
    (void)state;
    power_on("faults=data");
    machine_misbehave(1);
    start();
    for (unsigned n = 0; n < 100; n++) {
        traffic(n * 10);
    }
    assert_true(came_empty > 0);
    assert_int_equal(fake_pd_count(COUNT_DEVICE_ERRORS), came_empty);
}
const struct CMUnitTest net_odd[NET_ODD_TESTS] = {
    DRIVER_TEST(no_frame_is_overslept),
    DRIVER_TEST(no_sent_frame_is_overslept),
    DRIVER_TEST(bad_frames_are_counted),
    DRIVER_TEST(a_device_that_breaks_its_protocol_is_reset),
    DRIVER_TEST(a_device_that_is_late_or_interrupts_for_nothing_is_served),
    DRIVER_TEST(a_device_that_changes_is_followed),
    DRIVER_TEST(a_device_that_wants_to_be_reset_is_reset),
    DRIVER_TEST(the_reset_of_a_device_at_rest_takes_no_time),
    DRIVER_TEST(a_device_may_do_it_all),
    DRIVER_TEST(a_device_that_does_not_come_to_rest_is_left_alone),
    DRIVER_TEST(the_carrier_is_told),
    DRIVER_TEST(odd_devices_work),
    DRIVER_TEST(impossible_devices_are_refused),
    DRIVER_TEST(what_has_not_changed_is_not_told_again),
    DRIVER_TEST(an_mtu_that_does_not_fit_is_not_accepted),
};
