/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every network driver does, whatever the device: <quoll/net.h>, net_driver.h. The
 * test plays both virtualisers and the other end of the wire.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "driver.h"

#include <quoll/net.h>

#define BUFFERS  512U
#define HEADS    256U
#define CAPACITY 512U

static struct fake_peer rx, tx;
static int wire = -1; /* our end */
static int plug = -1; /* the device's */
static unsigned char *pool, *heads, *bodies;
static uint64_t pool_io, heads_io, bodies_io;
static bool with_driver[BUFFERS]; /* Rx buffers */
static bool sending[HEADS];
static unsigned held, sent_back, came_empty;

/* ---- Surroundings ---- */

/* A machine with these options, and so many places for what the driver gives back. */
static void power_on_with(const char *options, uint32_t answers)
{
    int pair[2];

    if (wire >= 0) {
        (void)close(wire);
        (void)close(plug);
    }
    assert_return_code(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), errno);
    /* A device that takes no frames fails its tests, it does not stop them. */
    assert_return_code(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = 5},
                                  sizeof(struct timeval)),
                       errno);
    wire = pair[0];
    plug = pair[1];
    driver_power_on(&(struct machine_plugs){.wire = plug, .options = options});
    fake_link(&rx, LINK_NET_RX_DEVICE, "rx", answers, sizeof(struct net_rx_done), CAPACITY,
              sizeof(struct net_rx_buffer));
    fake_link(&tx, LINK_NET_TX_DEVICE, "tx", answers, sizeof(struct net_tx_done), CAPACITY,
              sizeof(struct net_tx_frame));
    pool = driver_memory(BUFFERS * NET_BUFFER_SIZE, &pool_io);
    heads = driver_memory(HEADS * NET_HEAD_SIZE, &heads_io);
    bodies = driver_memory(HEADS * NET_BUFFER_SIZE, &bodies_io);
    memset(with_driver, 0, sizeof with_driver);
    memset(sending, 0, sizeof sending);
    held = sent_back = came_empty = 0;
}

static void power_on(const char *options)
{
    power_on_with(options, CAPACITY);
}

static struct net_info info_of(const struct fake_peer *peer)
{
    struct net_info info;

    memcpy(&info, peer->pd->info, sizeof info);
    return info;
}

static void come_up(void)
{
    fake_peer_up(&rx);
    fake_peer_up(&tx);
    driver_wake(&rx);
    driver_wake(&tx);
    assert_true(queue_sleep(&rx.in));
    assert_true(queue_sleep(&tx.in));
}

static void start(void)
{
    driver_start();
    come_up();
}

static void begin(const char *options)
{
    power_on(options);
    start();
    assert_int_equal(info_of(&rx).ready, 1);
}

/* ---- Receiving ---- */

/* Give the driver buffers until it has `want`. */
static void give(unsigned want)
{
    for (uint32_t id = 0; id < BUFFERS && held < want; id++) {
        const struct net_rx_buffer buffer = {.address = pool_io + id * NET_BUFFER_SIZE, .id = id};

        if (!with_driver[id] && queue_look_for_room(&rx.out) > 0 &&
            net_rx_buffers_put(&rx.out, &buffer)) {
            with_driver[id] = true;
            held++;
        }
    }
    if (queue_publish(&rx.out)) {
        driver_wake(&rx);
    }
}

/* The next received frame; NULL: none. Buffers come back once, and only those given. */
static unsigned char *receive(uint32_t *length)
{
    struct net_rx_done done;

    while (queue_look(&rx.in) > 0 && net_rx_dones_take(&rx.in, &done)) {
        if (queue_release(&rx.in)) {
            driver_wake(&rx);
        }
        assert_true(done.id < BUFFERS && with_driver[done.id]);
        assert_true(done.length <= NET_FRAME_MAX);
        with_driver[done.id] = false;
        held--;
        if (done.length > 0) {
            *length = done.length;
            return pool + done.id * NET_BUFFER_SIZE + NET_HEADROOM;
        }
        came_empty++;
    }
    return NULL;
}

static void make_frame(unsigned char *frame, uint32_t length, uint32_t number)
{
    for (uint32_t i = 0; i < length; i++) {
        frame[i] = (unsigned char)(number * 7U + i * 31U + (i >> 8));
    }
    memcpy(frame, "\x52\x54\x00\x12\x34\x56\x52\x54\x00\x00\x00\x01\x88\xb5", NET_FRAME_MIN);
    memcpy(frame + NET_FRAME_MIN, &number, sizeof number);
}

static void come_in(uint32_t length, uint32_t number)
{
    unsigned char frame[NET_FRAME_MAX];

    make_frame(frame, length, number);
    assert_int_equal(send(wire, frame, length, 0), (ssize_t)length);
}

static void expect_in(uint32_t length, uint32_t number)
{
    unsigned char frame[NET_FRAME_MAX], *got = NULL;
    uint32_t size = 0;

    make_frame(frame, length, number);
    EVENTUALLY((got = receive(&size)) != NULL);
    assert_int_equal(size, length);
    assert_memory_equal(got, frame, length);
}

/* ---- Sending ---- */

static void take_sent(void)
{
    struct net_tx_done done;

    (void)queue_look(&tx.in);
    while (net_tx_dones_take(&tx.in, &done)) {
        assert_true(done.id < HEADS && sending[done.id]);
        sending[done.id] = false;
        sent_back++;
    }
    if (queue_release(&tx.in)) {
        driver_wake(&tx);
    }
}

static bool put_frame(uint32_t length, uint32_t head_length, uint32_t number)
{
    unsigned char frame[NET_FRAME_MAX];
    uint32_t id = 0;

    while (id < HEADS && sending[id]) {
        id++;
    }
    if (id == HEADS || queue_look_for_room(&tx.out) == 0) {
        return false;
    }
    make_frame(frame, length, number);
    memcpy(heads + id * NET_HEAD_SIZE + NET_HEADROOM, frame, head_length);
    memcpy(bodies + id * NET_BUFFER_SIZE, frame + head_length, length - head_length);
    const struct net_tx_frame entry = {
        .head = heads_io + id * NET_HEAD_SIZE + NET_HEADROOM,
        .body = length > head_length ? bodies_io + id * NET_BUFFER_SIZE : 0,
        .head_length = (uint16_t)head_length,
        .body_length = (uint16_t)(length - head_length),
        .id = id,
    };

    assert_true(net_tx_frames_put(&tx.out, &entry));
    sending[id] = true;
    if (queue_publish(&tx.out)) {
        driver_wake(&tx);
    }
    return true;
}

static void go_out(uint32_t length, uint32_t number)
{
    const uint32_t most = NET_HEAD_SIZE - NET_HEADROOM;

    assert_true(put_frame(length, length < most ? length : most, number));
}

static bool on_wire(unsigned char *frame, ssize_t *length)
{
    *length = recv(wire, frame, NET_FRAME_MAX + 100U, MSG_DONTWAIT);
    return *length >= 0;
}

static unsigned take_off_wire(void)
{
    unsigned char frame[NET_FRAME_MAX + 100];
    ssize_t length;
    unsigned n = 0;

    while (on_wire(frame, &length)) {
        n++;
    }
    return n;
}

static void expect_out(uint32_t length, uint32_t number)
{
    unsigned char frame[NET_FRAME_MAX], got[NET_FRAME_MAX + 100];
    ssize_t size = 0;

    make_frame(frame, length, number);
    EVENTUALLY(on_wire(got, &size));
    assert_int_equal(size, length);
    assert_memory_equal(got, frame, length);
}

static unsigned in_sending(void)
{
    unsigned n = 0;

    for (unsigned id = 0; id < HEADS; id++) {
        n += sending[id];
    }
    return n;
}

/* Whether all has come back; if not, the driver knows that somebody waits for it. */
static bool all_sent(void)
{
    take_sent();
    if (in_sending() > 0) {
        while (!queue_sleep(&tx.in)) {
            take_sent();
        }
        driver_wake(&tx);
    }
    return in_sending() == 0;
}

static void wait_sent(void)
{
    EVENTUALLY(all_sent());
}

static void flows(uint32_t number)
{
    give(64);
    come_in(100, number);
    expect_in(100, number);
    go_out(200, number + 1U);
    expect_out(200, number + 1U);
    wait_sent();
}

/* ---- Tests ---- */

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

/* What was under way may still come, also after an interrupt was lost. */
static void settle(void)
{
    uint32_t length;

    for (unsigned n = 0; n < 20; n++) {
        give(48);
        driver_wake(&rx);
        driver_wake(&tx);
        driver_run(2000000);
        take_sent();
        while (take_off_wire() > 0 || receive(&length) != NULL) {}
    }
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

/* ---- With a simulated device that is not as it should be ---- */

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

static const struct CMUnitTest simulated[] = {
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

const struct driver_tests driver_tests = {"net", tests, sizeof tests / sizeof tests[0], simulated,
                                          sizeof simulated / sizeof simulated[0]};
