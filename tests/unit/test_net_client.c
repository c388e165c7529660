/* SPDX-License-Identifier: BSD-2-Clause */
/* The client library between a copier and a transmit virtualiser, played by the test. */
#include <string.h>

#include "fake_pd.h"

#include <quoll/net_client.h>

#define BUFFERS 4U

static struct fake_peer copier, tx_virt;
static unsigned char *rx_data, *tx_data;
static struct net_client nic;

/* The entry points that a program would have. */
void pd_start(void)
{
    assert_int_equal(net_client_open(&nic, "nic"), QUOLL_OK);
}

void pd_wake(microkit_channel channel)
{
    (void)net_client_wake(&nic, channel);
}

static void wake(struct fake_peer *peer)
{
    notified(peer->config->channel);
}

static int set_up(void **state)
{
    (void)state;
    memset(&nic, 0, sizeof nic);
    fake_reset();
    fake_link(&copier, LINK_NET_RX_CLIENT, "nic", 8, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    fake_link(&tx_virt, LINK_NET_TX_CLIENT, "nic", 8, sizeof(struct net_frame), 8,
              sizeof(struct net_frame));
    rx_data = fake_region(&copier.config->data, BUFFERS * NET_BUFFER_SIZE, 0);
    tx_data = fake_region(&tx_virt.config->data, BUFFERS * NET_BUFFER_SIZE, 0);
    memcpy(tx_virt.config->settings.net.mac, "\x52\x54\0\0\0\x10", 6);
    init();
    fake_peer_up(&copier);
    fake_peer_up(&tx_virt);
    wake(&copier);
    assert_true(net_client_sleep(&nic));
    (void)fake_signals(0);
    (void)fake_signals(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static uint32_t place(unsigned buffer)
{
    return buffer * NET_BUFFER_SIZE + NET_CLIENT_OFFSET;
}

static void deliver(uint32_t offset, uint16_t length)
{
    fake_put(net_frames, &copier, &((struct net_frame){.offset = offset, .length = length}));
}

static struct net_frame taken(struct fake_peer *peer)
{
    struct net_frame frame;

    fake_take(net_frames, peer, &frame);
    return frame;
}

static void there_is_no_device_of_another_name(void **state)
{
    struct net_client other = {0};

    (void)state;
    assert_int_equal(net_client_open(&other, "nid"), QUOLL_ENOTFOUND);
    assert_false(net_client_wake(&other, 0));
}

static void at_first_the_copier_has_all_rx_buffers(void **state)
{
    unsigned seen = 0;

    (void)state;
    for (unsigned i = 0; i < BUFFERS; i++) {
        struct net_frame frame = taken(&copier);

        assert_int_equal(frame.offset % NET_BUFFER_SIZE, NET_CLIENT_OFFSET);
        assert_int_equal(frame.length, NET_BUFFER_SIZE - NET_CLIENT_OFFSET);
        seen |= 1U << frame.offset / NET_BUFFER_SIZE;
    }
    assert_int_equal(seen, 15);
    assert_int_equal(queue_look(&copier.in), 0);
}

static void a_frame_is_received_and_its_buffer_given_again(void **state)
{
    struct net_received frame;
    uint32_t offset = taken(&copier).offset;

    (void)state;
    deliver(offset, 99);
    assert_true(net_client_wake(&nic, 0));
    assert_true(net_receive(&nic, &frame));
    assert_ptr_equal(frame.data, rx_data + offset);
    assert_int_equal(frame.length, 99);
    assert_false(net_receive(&nic, &frame));
    net_return(&nic, frame.buffer);
    net_return(&nic, frame.buffer); /* a mistake of the program's */
    assert_true(net_client_sleep(&nic));
    assert_int_equal(queue_look(&copier.in), BUFFERS);
    assert_int_equal(nic.rx.stock, 0);
}

static void what_the_copier_does_not_have_is_refused(void **state)
{
    struct net_received frame;
    const uint32_t bad[] = {place(BUFFERS), 0xffffffff, place(1) + 1, NET_BUFFER_SIZE, 0x80000000};

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        deliver(bad[i], 60);
        assert_false(net_receive(&nic, &frame));
    }
    net_client_flush(&nic);
    deliver(place(1), 13);
    deliver(place(1), 1515);
    deliver(place(1), 60);
    deliver(place(1), 60); /* the program has it now */
    assert_true(net_receive(&nic, &frame));
    assert_false(net_receive(&nic, &frame));
    assert_int_equal(fake_link_count(&copier, COUNT_REFUSED), 8);
}

static void a_frame_is_sent_with_one_signal_per_batch(void **state)
{
    (void)state;
    assert_true(queue_sleep(&tx_virt.in));
    uint8_t *a = net_tx_buffer(&nic), *b = net_tx_buffer(&nic);
    assert_non_null(a);
    assert_int_equal((uintptr_t)a % 4, 2);
    assert_int_equal((size_t)(a - tx_data) % NET_BUFFER_SIZE, NET_CLIENT_OFFSET);
    net_send(&nic, a, 60);
    net_send(&nic, b, 1514);
    net_send(&nic, b, 1514); /* not the program's any more */
    assert_int_equal(fake_signals(1), 0);
    net_client_flush(&nic);
    assert_int_equal(fake_signals(1), 1);
    struct net_frame frame = taken(&tx_virt);
    assert_int_equal(frame.offset, a - tx_data);
    assert_int_equal(frame.length, 60);
    frame = taken(&tx_virt);
    assert_int_equal(frame.offset, b - tx_data);
    assert_int_equal(queue_look(&tx_virt.in), 0);
}

static void an_unsent_buffer_can_be_given_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3 * BUFFERS; i++) {
        uint8_t *buffer = net_tx_buffer(&nic);

        assert_non_null(buffer);
        net_send(&nic, buffer, 0);
    }
    net_send(&nic, tx_data - 1, 60);
    net_send(&nic, tx_data + BUFFERS * NET_BUFFER_SIZE, 60);
    net_client_flush(&nic);
    assert_int_equal(queue_look(&tx_virt.in), 0);
}

static void send_all(void)
{
    for (unsigned i = 0; i < BUFFERS; i++) {
        net_send(&nic, net_tx_buffer(&nic), 60);
    }
    assert_null(net_tx_buffer(&nic));
}

static void out_of_buffers_we_ask_before_the_frames_are_seen(void **state)
{
    (void)state;
    send_all();
    assert_true(net_client_sleep(&nic));
    assert_true(queue_look(&tx_virt.in) == BUFFERS);
    assert_true(queue_awaited(&tx_virt.out));
    struct net_frame frame = taken(&tx_virt);
    queue_look_for_room(&tx_virt.out);
    net_frames_put(&tx_virt.out, &frame);
    assert_true(queue_publish(&tx_virt.out));
    wake(&tx_virt);
    assert_false(net_client_sleep(&nic)); /* there is something to do: buffers */
    assert_true(net_client_sleep(&nic));
    assert_ptr_equal(net_tx_buffer(&nic), tx_data + frame.offset);
    assert_null(net_tx_buffer(&nic));
}

/* The virtualiser has woken us for what came back: it must be told that we wait anew. */
static void who_keeps_what_comes_back_asks_for_the_rest(void **state)
{
    (void)state;
    send_all();
    assert_true(net_client_sleep(&nic));
    struct net_frame frame = taken(&tx_virt);
    fake_put(net_frames, &tx_virt, &frame);
    assert_non_null(net_tx_buffer(&nic)); /* just before we are woken, and kept */
    assert_null(net_tx_buffer(&nic));
    (void)fake_signals(1);
    assert_true(net_client_sleep(&nic));
    assert_true(queue_awaited(&tx_virt.out));
    assert_int_equal(fake_signals(1), 1);
    wake(&tx_virt); /* now we are, and there is nothing new to ask for */
    assert_true(net_client_sleep(&nic));
    assert_int_equal(fake_signals(1), 0);
}

static void with_buffers_left_returned_ones_wake_nobody(void **state)
{
    (void)state;
    net_send(&nic, net_tx_buffer(&nic), 60);
    fake_put(net_frames, &tx_virt, &((struct net_frame){.offset = 0xffff})); /* the first wakes */
    wake(&tx_virt);
    assert_true(net_client_sleep(&nic));
    assert_false(queue_awaited(&tx_virt.out));
}

static void what_the_virtualiser_does_not_have_is_refused(void **state)
{
    (void)state;
    send_all();
    net_client_flush(&nic);
    const uint32_t bad[] = {0, place(BUFFERS), 0xffffffff, place(2) + 1};
    for (unsigned i = 0; i < 4; i++) {
        fake_put(net_frames, &tx_virt, &((struct net_frame){.offset = bad[i]}));
    }
    fake_put(net_frames, &tx_virt, &((struct net_frame){.offset = place(2)}));
    fake_put(net_frames, &tx_virt, &((struct net_frame){.offset = place(2)}));
    wake(&tx_virt);
    assert_ptr_equal(net_tx_buffer(&nic), tx_data + place(2));
    assert_null(net_tx_buffer(&nic));
    assert_int_equal(fake_link_count(&tx_virt, COUNT_REFUSED), 5);
}

static void new_lives_bring_all_buffers_back_but_those_of_the_program(void **state)
{
    struct net_received frame;

    (void)state;
    deliver(place(3), 60);
    assert_true(net_receive(&nic, &frame));
    uint8_t *mine = net_tx_buffer(&nic);
    net_send(&nic, net_tx_buffer(&nic), 60);
    for (unsigned life = 0; life < 3; life++) {
        fake_peer_new_life(&copier);
        fake_peer_new_life(&tx_virt);
        wake(&tx_virt);
        (void)net_client_sleep(&nic);
        assert_int_equal(queue_look(&copier.in), BUFFERS - 1);
        assert_int_equal(nic.rx.holder[3], 2);
        assert_int_equal(nic.tx.stock, BUFFERS - 1);
        assert_int_equal(queue_look(&tx_virt.in), 0);
    }
    net_return(&nic, frame.buffer);
    net_send(&nic, mine, 60);
    (void)net_client_sleep(&nic);
    assert_int_equal(queue_look(&copier.in), BUFFERS);
    assert_int_equal(taken(&tx_virt).offset, mine - tx_data);
}

static void the_dead_leave_no_frames(void **state)
{
    struct net_received frame;

    (void)state;
    deliver(taken(&copier).offset, 99);
    fake_lives[copier.config->peer_pd] += 1;
    wake(&copier);
    assert_false(net_receive(&nic, &frame));
    assert_int_equal(fake_link_count(&copier, COUNT_REFUSED), 0);
    assert_int_equal(nic.rx.link.in.head, 0);
}

/* It looks as if it had none left, and is given what there is. */
static void who_gives_back_more_than_it_has_gets_buffers_all_the_same(void **state)
{
    struct net_received frame;
    uint32_t offset = taken(&copier).offset;

    (void)state;
    for (unsigned i = 0; i < BUFFERS + 2; i++) {
        deliver(0xffff, 60);
    }
    deliver(offset, 60);
    assert_true(net_receive(&nic, &frame));
    net_return(&nic, frame.buffer);
    net_client_flush(&nic);
    assert_int_equal(fake_link_count(&copier, COUNT_REFUSED), BUFFERS + 2);
    assert_int_equal(queue_look(&copier.in), BUFFERS);
    assert_int_equal(nic.rx.stock, 0);
}

static void without_a_virtualiser_frames_are_lost_and_buffers_are_not(void **state)
{
    (void)state;
    fake_lives[tx_virt.config->peer_pd] += 1;
    wake(&tx_virt);
    for (unsigned i = 0; i < 10; i++) {
        uint8_t *buffer = net_tx_buffer(&nic);

        assert_non_null(buffer);
        net_send(&nic, buffer, 60);
        net_client_flush(&nic);
    }
    assert_int_equal(fake_link_count(&tx_virt, COUNT_DROPPED), 10);
    assert_int_equal(nic.tx.stock, BUFFERS);
}

static void impossible_indices_stop_the_service_and_not_the_program(void **state)
{
    struct net_received frame;

    (void)state;
    copier.half->produce.tail = 9;
    tx_virt.half->produce.tail = 0x80000000;
    tx_virt.half->consume.head = 77;
    assert_false(net_receive(&nic, &frame));
    for (unsigned i = 0; i < 10; i++) {
        net_send(&nic, net_tx_buffer(&nic), 60);
    }
    assert_true(net_client_sleep(&nic));
    wake(&copier);
    wake(&tx_virt);
    assert_int_equal(fake_link_count(&copier, COUNT_BROKEN), 1);
    assert_int_equal(fake_link_count(&tx_virt, COUNT_BROKEN), 1);
    assert_true(net_client_sleep(&nic));
}

static void ready_means_both_ways(void **state)
{
    const struct net_info up = {.ready = 1, .link = 1}, unplugged = {.ready = 1};
    uint8_t mac[6];

    (void)state;
    assert_false(net_client_ready(&nic));
    fake_peer_tell(&copier, &up, sizeof up);
    assert_false(net_client_ready(&nic));
    fake_peer_tell(&tx_virt, &unplugged, sizeof unplugged);
    assert_false(net_client_ready(&nic));
    fake_peer_tell(&tx_virt, &up, sizeof up);
    assert_true(net_client_ready(&nic));
    net_client_mac(&nic, mac);
    assert_memory_equal(mac, "\x52\x54\0\0\0\x10", 6);
}

/* A new life's information is not taken for the old one's, though it has the same number. */
static void ready_means_in_these_lives(void **state)
{
    const struct net_info up = {.ready = 1, .link = 1};

    (void)state;
    fake_peer_tell(&copier, &up, sizeof up);
    fake_peer_tell(&tx_virt, &up, sizeof up);
    assert_true(net_client_changed(&nic));
    assert_true(net_client_ready(&nic));
    assert_false(net_client_changed(&nic));

    copier.half->generation = 0;
    memset(copier.half->info, 0, sizeof copier.half->info);
    fake_peer_new_life(&copier);
    fake_peer_tell(&copier, &up, sizeof up);
    wake(&copier);
    assert_true(net_client_changed(&nic));
    assert_true(net_client_ready(&nic));

    copier.half->generation = 1; /* of which it is just writing the first */
    fake_peer_new_life(&copier);
    wake(&copier);
    assert_false(net_client_ready(&nic));
    copier.half->generation = 3;
    assert_false(net_client_ready(&nic));
    copier.half->generation = 4;
    assert_true(net_client_ready(&nic));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(there_is_no_device_of_another_name),
        IN_A_PD(at_first_the_copier_has_all_rx_buffers),
        IN_A_PD(a_frame_is_received_and_its_buffer_given_again),
        IN_A_PD(what_the_copier_does_not_have_is_refused),
        IN_A_PD(a_frame_is_sent_with_one_signal_per_batch),
        IN_A_PD(an_unsent_buffer_can_be_given_back),
        IN_A_PD(out_of_buffers_we_ask_before_the_frames_are_seen),
        IN_A_PD(who_keeps_what_comes_back_asks_for_the_rest),
        IN_A_PD(with_buffers_left_returned_ones_wake_nobody),
        IN_A_PD(what_the_virtualiser_does_not_have_is_refused),
        IN_A_PD(new_lives_bring_all_buffers_back_but_those_of_the_program),
        IN_A_PD(the_dead_leave_no_frames),
        IN_A_PD(who_gives_back_more_than_it_has_gets_buffers_all_the_same),
        IN_A_PD(without_a_virtualiser_frames_are_lost_and_buffers_are_not),
        IN_A_PD(impossible_indices_stop_the_service_and_not_the_program),
        IN_A_PD(ready_means_both_ways),
        IN_A_PD(ready_means_in_these_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
