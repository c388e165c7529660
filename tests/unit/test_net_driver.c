/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops of all network drivers, between a device and the two virtualisers, all
 * played by the test. The device keeps what it is given in order and says when it is
 * done; what it does wrong is the test's choice.
 */
#include <string.h>

#include "meanwhile.h"

#include "endless.h"

#include <quoll/link.h>
#include <quoll/net_driver.h>

#define RING 8U
#define IRQ  40U

static struct fake_peer rx_virt, tx_virt;

static struct {
    uint32_t rx[RING], tx[RING]; /* ids that the device has, oldest first */
    unsigned rx_count, tx_count;
    unsigned rx_done, tx_done; /* of these, done */
    unsigned starts, stops;
    bool running, failed, rx_armed, tx_armed;
    bool carrier_lost; /* and not yet said */
    enum quoll_error stop_error, start_error;
    uint32_t seen_at_stop; /* what the rx link told its peer at the last stop() */
} model;

enum quoll_error net_device_stop(void)
{
    model.running = false;
    model.stops++;
    model.seen_at_stop = rx_virt.pd->seen;
    return model.stop_error;
}

enum quoll_error net_device_start(struct net_info *info)
{
    if (model.start_error != QUOLL_OK) {
        return model.start_error;
    }
    assert_int_equal(model.rx_count + model.tx_count, 0); /* all was taken back */
    model.starts++;
    model.running = true;
    model.failed = false;
    memcpy(info->mac, "\1\2\3\4\5\6", 6);
    info->link = 1;
    info->mtu = 1500;
    return QUOLL_OK;
}

bool net_device_interrupted(void)
{
    bool lost = model.carrier_lost;

    assert_true(model.running); /* one that is being reset is not asked */
    model.carrier_lost = false;
    return lost;
}

void net_device_changed(struct net_info *info)
{
    info->link = 0;
}

bool net_device_failed(void)
{
    return model.failed;
}

uint32_t net_device_rx_room(void)
{
    return RING - model.rx_count;
}

uint32_t net_device_tx_room(void)
{
    return RING - model.tx_count;
}

uint32_t net_device_tx_held(void)
{
    return model.tx_count;
}

void net_device_rx_give(struct queue_consumer *from)
{
    struct net_rx_buffer buffer;

    assert_true(model.running);
    while (net_device_rx_room() > 0 && net_rx_buffers_take(from, &buffer)) {
        assert_int_equal(buffer.address, 0x1000 + buffer.id);
        model.rx[model.rx_count++] = buffer.id;
    }
}

void net_device_tx_give(struct queue_consumer *from)
{
    struct net_tx_frame frame;

    assert_true(model.running);
    while (net_device_tx_room() > 0 && net_tx_frames_take(from, &frame)) {
        model.tx[model.tx_count++] = frame.id;
    }
}

static bool take(uint32_t *ids, unsigned *count, unsigned *done, uint32_t *id)
{
    if (model.running ? *done == 0 : *count == 0) {
        *done = 0;
        return false;
    }
    *id = ids[0];
    *count -= 1;
    *done -= *done > 0;
    memmove(ids, ids + 1, *count * sizeof *ids);
    return true;
}

static void rx_back(struct queue_putting *to, bool running)
{
    struct net_rx_done done = {.length = running ? 60 : 0};

    assert_int_equal(model.running, running);
    while (to->at != to->end && take(model.rx, &model.rx_count, &model.rx_done, &done.id)) {
        net_rx_dones_push(to, &done);
    }
}

static void tx_back(struct queue_putting *to, bool running)
{
    struct net_tx_done done;

    assert_int_equal(model.running, running);
    while (to->at != to->end && take(model.tx, &model.tx_count, &model.tx_done, &done.id)) {
        net_tx_dones_push(to, &done);
    }
}

void net_device_rx_take(struct queue_producer *to)
{
    struct queue_putting out = queue_putting_begin(to);

    rx_back(&out, true);
    queue_putting_end(to, &out);
}

void net_device_tx_take(struct queue_producer *to)
{
    struct queue_putting out = queue_putting_begin(to);

    tx_back(&out, true);
    queue_putting_end(to, &out);
}

bool net_device_rx_take_one(struct queue_producer *to, uint32_t spare)
{
    if (model.rx_done != 1 || to->room <= spare) {
        return false;
    }
    net_device_rx_take(to);
    return true;
}

bool net_device_tx_give_one(struct queue_consumer *from)
{
    if (from->ready != 1 || net_device_tx_room() == 0) {
        return false;
    }
    net_device_tx_give(from);
    return true;
}

void net_device_rx_reclaim(struct queue_putting *to)
{
    rx_back(to, false);
}

void net_device_tx_reclaim(struct queue_putting *to)
{
    tx_back(to, false);
}

bool net_device_rx_sleep(void)
{
    model.rx_armed = model.rx_done == 0;
    return model.rx_armed;
}

bool net_device_tx_sleep(bool wanted)
{
    model.tx_armed = wanted && model.tx_done == 0;
    return !wanted || model.tx_armed;
}

#include "net/driver.c"

void pd_start(void)
{
    net_driver_start();
}

void pd_wake(microkit_channel channel)
{
    net_driver_wake(channel);
}

static void wake(struct fake_peer *peer)
{
    notified(peer->config->channel);
}

static void prepare(unsigned done_capacity)
{
    memset(&model, 0, sizeof model);
    memset(&driver, 0, sizeof driver);
    fake_reset();
    fake_config.device.interrupt[0] = IRQ;
    fake_link(&rx_virt, LINK_NET_RX_DEVICE, "rx", done_capacity, sizeof(struct net_rx_done), 64,
              sizeof(struct net_rx_buffer));
    fake_link(&tx_virt, LINK_NET_TX_DEVICE, "tx", done_capacity, sizeof(struct net_tx_done), 64,
              sizeof(struct net_tx_frame));
}

static void start_with(unsigned done_capacity)
{
    prepare(done_capacity);
    init();
    fake_peer_up(&rx_virt);
    fake_peer_up(&tx_virt);
    wake(&rx_virt);
    assert_true(model.running);
    (void)fake_signals(0);
    (void)fake_signals(1);
    (void)fake_acks(IRQ);
}

static int set_up(void **unused)
{
    (void)unused;
    start_with(64);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    fake_finish();
    return 0;
}

static void give_buffers(uint32_t from, unsigned count)
{
    for (uint32_t id = from; id < from + count; id++) {
        fake_put(net_rx_buffers, &rx_virt,
                 &((struct net_rx_buffer){.address = 0x1000 + id, .id = id}));
    }
    wake(&rx_virt);
}

static void give_frames(uint32_t from, unsigned count)
{
    for (uint32_t id = from; id < from + count; id++) {
        fake_put(net_tx_frames, &tx_virt, &((struct net_tx_frame){.head_length = 60, .id = id}));
    }
    wake(&tx_virt);
}

static void interrupt(void)
{
    notified(IRQ);
}

static void assert_received(uint32_t id, uint32_t length)
{
    struct net_rx_done done;

    fake_take(net_rx_dones, &rx_virt, &done);
    assert_int_equal(done.id, id);
    assert_int_equal(done.length, length);
}

static void assert_sent(uint32_t id)
{
    struct net_tx_done done;

    fake_take(net_tx_dones, &tx_virt, &done);
    assert_int_equal(done.id, id);
}

static struct net_info told(const struct fake_peer *peer)
{
    struct net_info got;

    memcpy(&got, peer->pd->info, sizeof got);
    return got;
}

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

/* ---- The virtualisers act as it goes to sleep ---- */

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
        cmocka_unit_test(no_buffer_is_overslept),
        cmocka_unit_test(no_frame_is_overslept),
        cmocka_unit_test(no_room_for_repayments_is_overslept),
        IN_A_PD(frames_without_end_do_not_keep_back_what_the_device_says),
        IN_A_PD(a_device_at_rest_is_not_asked_why_it_interrupts),
        IN_A_PD(frames_without_end_from_the_device_do_not_keep_back_what_is_sent),
        IN_A_PD(frames_without_end_to_the_device_do_not_keep_back_what_is_received),
        IN_A_PD(nor_from_the_start),
        IN_A_PD(room_that_is_shown_and_taken_back_keeps_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
