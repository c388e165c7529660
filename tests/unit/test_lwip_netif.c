/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's glue, on lwIP: copier, transmit virtualiser and clock are played. Frames are
 * compared byte by byte, and each buffer is followed until it is back.
 */
#include "lwip_netif_world.h"

#include "lwip/prot/icmp.h"
#include "lwip/udp.h"

/* ---- Start ---- */

static void expect_no_network(const char *nic_name, const char *clock_name, enum quoll_error error,
                              const char *log)
{
    assert_int_equal(lwip_start(&netif, nic_name, clock_name), error);
    assert_string_equal(fake_output(), log);
    assert_false(lwip_wake(0));
    assert_false(lwip_wake(2));
    assert_false(lwip_poll());
    lwip_flush();
    fake_finish();
}

static void without_devices_or_address_there_is_no_network(void **state)
{
    (void)state;
    links();
    expect_no_network("nic", "watch", QUOLL_ENOTFOUND,
                      "test: no network: this client has no clock 'watch'\n");
    links();
    expect_no_network("nid", "clock", QUOLL_ENOTFOUND,
                      "test: no network: this client has no network device 'nid'\n");
    links();
    settings("", 1);
    expect_no_network("nic", "clock", QUOLL_EINVALID,
                      "test: no network: setting 'ip' is missing; it must be like 10.0.2.16/24\n");
    links();
    settings("ip=10.0.2.16", 13);
    expect_no_network(
        "nic", "clock", QUOLL_EINVALID,
        "test: no network: setting 'ip' is '10.0.2.16'; it must be like 10.0.2.16/24\n");
    links();
    settings("ip=10.0.2.16/24\0gateway=here", 29);
    expect_no_network("nic", "clock", QUOLL_EINVALID,
                      "test: no network: setting 'gateway' is 'here'; it must be like 10.0.2.2\n");
}

/* A network of its own needs no gateway, and may be as large as there are addresses. */
static void a_gateway_is_not_needed(void **state)
{
    links();
    settings("ip=10.0.2.16/0", 15);
    assert_int_equal(lwip_start(&netif, "nic", "clock"), QUOLL_OK);
    assert_int_equal(netif.gw.addr, 0);
    assert_int_equal(netif.netmask.addr, 0);
    (void)end(state);
}

static void the_interface_is_as_system_yaml_says(void **state)
{
    (void)state;
    assert_int_equal(netif.ip_addr.addr, lwip_htonl(0x0a000210));
    assert_int_equal(netif.netmask.addr, lwip_htonl(0xffffff00));
    assert_int_equal(netif.gw.addr, lwip_htonl(0x0a000202));
    assert_int_equal(netif.mtu, 1500);
    assert_memory_equal(netif.hwaddr, mine, 6);
}

static void only_its_own_channels_are_its_own(void **state)
{
    (void)state;
    assert_true(lwip_wake(0));
    assert_true(lwip_wake(1));
    assert_true(lwip_wake(2));
    assert_false(lwip_wake(3));
    work();
}

static void the_address_is_announced_with_each_carrier(void **state)
{
    (void)state;
    carrier(false);
    work();
    assert_false(netif_is_link_up(&netif));
    expect_nothing_sent();
    carrier(true);
    work();
    assert_true(netif_is_link_up(&netif));
    expect_announcement();
    work();
    expect_nothing_sent();
}

/* ---- Frames ---- */

static void who_asks_for_the_address_is_told(void **state)
{
    unsigned char frame[60] = {0};

    (void)state;
    arp(frame, all, 1, theirs, 2, nobody, 16);
    deliver(frame, sizeof frame);
    work();
    arp(frame, theirs, 2, mine, 16, theirs, 2);
    expect_sent(frame, 42);
    arp(frame, all, 1, theirs, 2, nobody, 17); /* not for us */
    deliver(frame, sizeof frame);
    work();
    expect_nothing_sent();
    assert_int_equal(free_buffers(), BUFFERS);
}

/* An echo request of so many bytes in all (RFC 792), or the answer to it. */
static void echo(unsigned char *frame, uint16_t length, bool answer)
{
    static const uint8_t fixed[] = {0x12, 0x34, 0, 0, 64, 1, 0, 0};
    uint16_t sum;

    memcpy(frame, answer ? theirs : mine, 6);
    memcpy(frame + 6, answer ? mine : theirs, 6);
    memcpy(frame + 12, "\x08\x00\x45\x00", 4);
    frame[16] = (unsigned char)((length - 14) >> 8);
    frame[17] = (unsigned char)(length - 14);
    memcpy(frame + 18, fixed, 8);
    frame[22] = answer ? 255 : 64; /* time to live */
    memcpy(frame + 26,
           answer ? "\x0a\x00\x02\x10\x0a\x00\x02\x02" : "\x0a\x00\x02\x02\x0a\x00\x02\x10", 8);
    sum = (uint16_t)~quoll_checksum(frame + 14, 20);
    memcpy(frame + 24, &sum, 2);
    memset(frame + 34, 0, 8);
    frame[34] = answer ? 0 : 8;
    frame[39] = 7;
    for (unsigned n = 42; n < length; n++) {
        frame[n] = (unsigned char)(n * 5);
    }
    sum = (uint16_t)~quoll_checksum(frame + 34, length - 34);
    memcpy(frame + 36, &sum, 2);
}

static void echoes_of_all_sizes_come_back(void **state)
{
    unsigned char frame[NET_FRAME_MAX];

    (void)state;
    meet();
    for (uint16_t length = 42; length <= NET_FRAME_MAX; length = (uint16_t)(length + 1)) {
        echo(frame, length, false);
        deliver(frame, length);
        work();
        echo(frame, length, true);
        expect_sent(frame, length);
        assert_int_equal(free_buffers(), BUFFERS); /* its buffer went back */
        assert_int_equal(lwip_held(), 0);
    }
}

static void a_batch_at_a_time(void **state)
{
    unsigned char frame[60] = {0};

    (void)state;
    arp(frame, all, 1, theirs, 2, nobody, 17);
    for (unsigned n = 0; n < BATCH + 3; n++) {
        deliver(frame, sizeof frame);
    }
    assert_true(lwip_poll());
    assert_int_equal(free_buffers(), BUFFERS - 3);
    assert_false(lwip_poll());
    for (unsigned n = 0; n < BATCH - 1; n++) {
        deliver(frame, sizeof frame);
    }
    assert_false(lwip_poll());
}

/* ---- What lwIP holds ---- */

static struct pbuf *kept[BUFFERS];
static unsigned kept_count;

static err_t keep(struct pbuf *p, struct netif *from)
{
    assert_ptr_equal(from, &netif);
    kept[kept_count++] = p;
    return ERR_OK;
}

static err_t refuse(struct pbuf *p, struct netif *from)
{
    (void)p, (void)from;
    return ERR_MEM;
}

static void pattern(unsigned char *frame, uint16_t length, unsigned seed)
{
    for (unsigned n = 0; n < length; n++) {
        frame[n] = (unsigned char)(n * 3 + seed);
    }
}

static void expect_kept(unsigned which, uint16_t length)
{
    unsigned char frame[NET_FRAME_MAX], is[NET_FRAME_MAX];

    pattern(frame, length, which);
    assert_int_equal(kept[which]->tot_len, length + ETH_PAD_SIZE);
    assert_int_equal(pbuf_copy_partial(kept[which], is, length, ETH_PAD_SIZE), length);
    assert_memory_equal(is, frame, length);
}

static void free_kept(void)
{
    for (unsigned n = 0; n < kept_count; n++) {
        pbuf_free(kept[n]);
    }
}

static void deliver_patterns(unsigned count, uint16_t length)
{
    unsigned char frame[NET_FRAME_MAX];

    kept_count = 0;
    netif.input = keep;
    for (unsigned n = 0; n < count; n++) {
        pattern(frame, length, n);
        deliver(frame, length);
    }
    work();
    assert_int_equal(kept_count, count);
}

/* Up to HEAD bytes are copied: the copier may write what it likes afterwards. */
static void short_frames_are_copied(void **state)
{
    (void)state;
    deliver_patterns(3, HEAD);
    assert_int_equal(lwip_held(), 0);
    assert_int_equal(free_buffers(), BUFFERS);
    memset(rx_data, 0, BUFFERS * NET_BUFFER_SIZE);
    for (unsigned n = 0; n < 3; n++) {
        expect_kept(n, HEAD);
    }
    free_kept();
}

/* One byte more, and the rest of it stays where it is until lwIP is done with it. */
static void of_long_frames_the_rest_stays(void **state)
{
    (void)state;
    deliver_patterns(3, HEAD + 1);
    assert_int_equal(lwip_held(), 3);
    assert_int_equal(free_buffers(), BUFFERS - 3);
    for (unsigned n = 0; n < 3; n++) {
        expect_kept(n, HEAD + 1);
        assert_in_range(kept[n]->next->payload, rx_data, rx_data + BUFFERS * NET_BUFFER_SIZE - 1);
        assert_not_in_range(kept[n]->payload, rx_data, rx_data + BUFFERS * NET_BUFFER_SIZE - 1);
    }
    free_kept();
    assert_int_equal(lwip_held(), 0);
    lwip_flush();
    assert_int_equal(free_buffers(), BUFFERS);
}

/* lwIP may hold half of the buffers; what else it holds, it has copies of. */
static void slow_readers_do_not_keep_all_buffers(void **state)
{
    (void)state;
    deliver_patterns(BUFFERS / 2 + 2, NET_FRAME_MAX);
    assert_int_equal(lwip_held(), BUFFERS / 2);
    assert_int_equal(free_buffers(), BUFFERS / 2);
    for (unsigned n = 0; n < kept_count; n++) {
        expect_kept(n, NET_FRAME_MAX);
    }
    free_kept();
    lwip_flush();
    assert_int_equal(free_buffers(), BUFFERS);
}

static void frames_that_lwip_refuses_are_freed(void **state)
{
    unsigned char frame[NET_FRAME_MAX] = {0};

    (void)state;
    netif.input = refuse;
    for (unsigned n = 0; n < 3 * PBUF_POOL_SIZE; n++) {
        deliver(frame, sizeof frame);
        work();
        assert_int_equal(free_buffers(), BUFFERS);
    }
    assert_int_equal(fake_link_count(&copier, COUNT_DROPPED), 0);
}

/* Without memory, frames are dropped and counted, and no buffer is lost. */
static void without_memory_frames_are_dropped(void **state)
{
    static struct pbuf *taken[20000];
    unsigned char frame[NET_FRAME_MAX] = {0};
    unsigned count = 0;

    (void)state;
    while ((taken[count] = pbuf_alloc(PBUF_RAW, 60, PBUF_POOL)) != NULL) {
        count++;
    }
    deliver(frame, sizeof frame);
    work();
    assert_int_equal(fake_link_count(&copier, COUNT_DROPPED), 1);
    assert_int_equal(free_buffers(), BUFFERS);
    while (count > 0) {
        pbuf_free(taken[--count]);
    }

    deliver_patterns(BUFFERS / 2, NET_FRAME_MAX); /* now the rest must be copied */
    while ((taken[count] = pbuf_alloc(PBUF_RAW, 1000, PBUF_RAM)) != NULL) {
        count++;
    }
    deliver(frame, sizeof frame);
    work();
    assert_int_equal(fake_link_count(&copier, COUNT_DROPPED), 2);
    assert_int_equal(free_buffers(), BUFFERS / 2);
    while (count > 0) {
        pbuf_free(taken[--count]);
    }
    free_kept();
    lwip_flush();
    assert_int_equal(free_buffers(), BUFFERS);
}

/* ---- Sending ---- */

static err_t send_bytes(uint16_t length)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (uint16_t)(length + ETH_PAD_SIZE), PBUF_RAM);
    err_t error;

    memset(p->payload, 's', p->len);
    error = netif.linkoutput(&netif, p);
    pbuf_free(p);
    return error;
}

static void what_is_no_frame_is_not_sent(void **state)
{
    char frame[NET_FRAME_MAX];

    (void)state;
    assert_int_equal(send_bytes(NET_FRAME_MIN - 1), ERR_IF);
    assert_int_equal(send_bytes(NET_FRAME_MAX + 1), ERR_IF);
    assert_int_equal(send_bytes(NET_FRAME_MIN), ERR_OK);
    assert_int_equal(send_bytes(NET_FRAME_MAX), ERR_OK);
    lwip_flush();
    memset(frame, 's', sizeof frame);
    expect_sent(frame, NET_FRAME_MIN);
    expect_sent(frame, NET_FRAME_MAX);
}

static void deliver_some(unsigned number)
{
    unsigned char frame[60] = {0};

    for (unsigned n = 0; n < number; n++) {
        deliver(frame, sizeof frame);
    }
    work(); /* ends: it sleeps */
    lwip_flush();
}

/* What comes waits until there is a Tx buffer; without a virtualiser there is nothing to wait for.
 */
static void with_nothing_to_answer_with_nothing_is_received(void **state)
{
    struct net_frame sent;

    (void)state;
    for (unsigned n = 0; n < BUFFERS; n++) {
        assert_int_equal(send_bytes(60), ERR_OK);
    }
    deliver_some(3);
    assert_int_equal(free_buffers(), BUFFERS); /* nobody has found no buffer yet */
    assert_int_equal(send_bytes(60), ERR_MEM);
    deliver_some(3);
    assert_int_equal(free_buffers(), BUFFERS - 3);
    fake_take(net_frames, &tx_virt, &sent);
    fake_put(net_frames, &tx_virt, &sent);
    lwip_wake(1);
    work();
    lwip_flush();
    assert_int_equal(free_buffers(), BUFFERS);

    assert_int_equal(send_bytes(60), ERR_OK);
    assert_int_equal(send_bytes(60), ERR_MEM);
    nic.tx.link.up = false;
    deliver_some(3);
    assert_int_equal(free_buffers(), BUFFERS);
    nic.tx.link.up = true;
}

/* TCP keeps what found no buffer, and is told as soon as there is one. */
static void without_buffers_tcp_is_told_to_try_again(void **state)
{
    struct tcp_pcb *pcb = tcp_new();
    struct net_frame sent;
    ip4_addr_t peer = {.addr = lwip_htonl(0x0a000202)};

    (void)state;
    meet();
    for (unsigned n = 0; n < BUFFERS; n++) {
        assert_int_equal(send_bytes(60), ERR_OK);
    }
    assert_int_equal(send_bytes(60), ERR_MEM);
    assert_int_equal(fake_link_count(&tx_virt, COUNT_DROPPED), 1);
    assert_int_equal(send_bytes(60), ERR_MEM); /* counted once until there is room again */
    assert_int_equal(fake_link_count(&tx_virt, COUNT_DROPPED), 1);
    assert_int_equal(tcp_connect(pcb, &peer, 9, NULL), ERR_OK);
    work();
    assert_int_equal(queue_look(&tx_virt.in), BUFFERS);
    assert_true(starved);
    for (unsigned n = 0; n < BUFFERS; n++) {
        fake_take(net_frames, &tx_virt, &sent);
        fake_put(net_frames, &tx_virt, &sent);
    }
    expect_nothing_sent();
    lwip_wake(1);
    work();
    assert_false(starved);
    fake_take(net_frames, &tx_virt, &sent); /* the SYN */
    assert_int_equal(sent.length, 14 + 20 + 24);
    assert_int_equal(tx_data[sent.offset + 47] & 0x3f, 2);
    fake_put(net_frames, &tx_virt, &sent);
    expect_nothing_sent();
    assert_int_equal(send_bytes(60), ERR_OK);
    tcp_abort(pcb);
}

static void send_datagram(struct udp_pcb *pcb, uint8_t to)
{
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, 0, PBUF_RAM);
    ip4_addr_t address = {.addr = lwip_htonl(0x0a000200U + to)};

    assert_int_equal(udp_sendto(pcb, p, &address, 9), ERR_OK);
    pbuf_free(p);
    lwip_flush();
}

static void expect_sent_to(const uint8_t *mac, uint8_t type)
{
    struct net_frame sent;

    fake_take(net_frames, &tx_virt, &sent);
    assert_memory_equal(tx_data + sent.offset, mac, 6);
    assert_memory_equal(tx_data + sent.offset + 6, mine, 6);
    assert_int_equal(tx_data[sent.offset + 12], 8);
    assert_int_equal(tx_data[sent.offset + 13], type);
    fake_put(net_frames, &tx_virt, &sent);
    expect_nothing_sent();
}

/* The way is found anew each second, so a neighbour that changes is soon found again. */
static void the_last_way_is_remembered_for_a_second(void **state)
{
    static const uint8_t others[6] = {2, 0, 0, 0, 0, 10};
    struct udp_pcb *pcb = udp_new();
    unsigned char frame[60] = {0};

    (void)state;
    meet();
    for (unsigned round = 0; round < 3; round++) {
        send_datagram(pcb, 2);
        expect_sent_to(theirs, 0);
    }
    arp(frame, mine, 2, others, 2, mine, 16);
    deliver(frame, sizeof frame);
    work();
    fake_time += QUOLL_MS(HOP_TIME - 1U);
    send_datagram(pcb, 2);
    expect_sent_to(theirs, 0);
    fake_time += QUOLL_MS(1);
    work();
    send_datagram(pcb, 2);
    expect_sent_to(others, 0);
    send_datagram(pcb, 3); /* it is nobody else's way, nor are questions for it packets */
    expect_sent_to(all, 6);
    send_datagram(pcb, 3);
    expect_nothing_sent();
    assert_null(asked);
    arp(frame, mine, 2, theirs, 3, mine, 16);
    deliver(frame, sizeof frame);
    work();
    expect_sent_to(theirs, 0); /* the one that lwIP kept */
    send_datagram(pcb, 2);
    expect_sent_to(others, 0);
    ip_set_option(pcb, SOF_BROADCAST);
    send_datagram(pcb, 255);
    expect_sent_to(all, 0);
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, 1473, PBUF_RAM); /* longer than a frame */

    assert_int_equal(udp_sendto(pcb, p, &hop.address, 9), ERR_IF);
    pbuf_free(p);
    lwip_flush();
    expect_nothing_sent();
    send_datagram(pcb, 2);
    expect_sent_to(others, 0);
    udp_remove(pcb);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_devices_or_address_there_is_no_network),
        cmocka_unit_test(a_gateway_is_not_needed),
        cmocka_unit_test_setup_teardown(the_interface_is_as_system_yaml_says, begin, end),
        cmocka_unit_test_setup_teardown(only_its_own_channels_are_its_own, begin, end),
        cmocka_unit_test_setup_teardown(the_address_is_announced_with_each_carrier, begin, end),
        cmocka_unit_test_setup_teardown(who_asks_for_the_address_is_told, begin, end),
        cmocka_unit_test_setup_teardown(echoes_of_all_sizes_come_back, begin, end),
        cmocka_unit_test_setup_teardown(a_batch_at_a_time, begin, end),
        cmocka_unit_test_setup_teardown(short_frames_are_copied, begin, end),
        cmocka_unit_test_setup_teardown(of_long_frames_the_rest_stays, begin, end),
        cmocka_unit_test_setup_teardown(slow_readers_do_not_keep_all_buffers, begin, end),
        cmocka_unit_test_setup_teardown(frames_that_lwip_refuses_are_freed, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_frames_are_dropped, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_frame_is_not_sent, begin, end),
        cmocka_unit_test_setup_teardown(without_buffers_tcp_is_told_to_try_again, begin, end),
        cmocka_unit_test_setup_teardown(with_nothing_to_answer_with_nothing_is_received, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_last_way_is_remembered_for_a_second, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
