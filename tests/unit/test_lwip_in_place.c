/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A frame that lwIP has taken may change, since its buffer stays writable for who put it
 * there: all that lwIP decides by is a copy. Here the buffers become garbage right after
 * each frame was taken. What was in the copied part counts as it was; what lies beyond is
 * data, and comes as it is when it is read.
 */
#include <stdlib.h>

#include "fake_pd.h"

#include "lwip/ip4.h"
#include "lwip/udp.h"

static err_t garble_and_input(struct pbuf *p, struct netif *to);

#define ip4_input garble_and_input
#include "lwip_netif_world.h"
#undef ip4_input

#define PORT  7U
#define PEERS 0x1234U

static unsigned received;

static err_t garble_and_input(struct pbuf *p, struct netif *to)
{
    for (unsigned i = 0; i < BUFFERS * NET_BUFFER_SIZE; i++) {
        rx_data[i] = 0xdb;
    }
    return ip4_input(p, to);
}

static void on_datagram(void *argument, struct udp_pcb *pcb, struct pbuf *p,
                        const ip_addr_t *address, u16_t port)
{
    (void)argument;
    received += 1;
    assert_int_equal(ip4_addr_get_u32(address), lwip_htonl(0x0a000202));
    assert_int_equal(port, PEERS);
    assert_int_equal(udp_sendto(pcb, p, address, port), ERR_OK);
    pbuf_free(p);
}

/* A datagram without a checksum (RFC 768), so that its data may be any; where these begin. */
static unsigned datagram(unsigned char *frame, unsigned length, unsigned options)
{
    static const unsigned char fixed[] = {0x08, 0x00};
    unsigned udp = 34U + options;
    uint16_t sum;

    for (unsigned i = 0; i < length; i++) {
        frame[i] = (unsigned char)(i * 7U);
    }
    memcpy(frame, mine, 6);
    memcpy(frame + 6, theirs, 6);
    memcpy(frame + 12, fixed, 2);
    memset(frame + 14, 0, 20);
    frame[14] = (unsigned char)(0x40U | (5U + options / 4U));
    frame[16] = (unsigned char)((length - 14U) >> 8);
    frame[17] = (unsigned char)(length - 14U);
    frame[22] = 64; /* time to live */
    frame[23] = IP_PROTO_UDP;
    memcpy(frame + 26, "\x0a\x00\x02\x02\x0a\x00\x02\x10", 8);
    memset(frame + 34, 1, options); /* no operation (RFC 791) */
    sum = (uint16_t)~quoll_checksum(frame + 14, (int)(20U + options));
    memcpy(frame + 24, &sum, 2);
    frame[udp] = PEERS >> 8, frame[udp + 1U] = PEERS & 0xffU;
    frame[udp + 2U] = 0, frame[udp + 3U] = PORT;
    frame[udp + 4U] = (unsigned char)((length - udp) >> 8);
    frame[udp + 5U] = (unsigned char)(length - udp);
    frame[udp + 6U] = frame[udp + 7U] = 0;
    return udp + 8U;
}

/* What was copied as it came, what was not as it was when it was read. */
static void expect_echo(const unsigned char *frame, unsigned data, unsigned length)
{
    struct net_frame sent;

    fake_take(net_frames, &tx_virt, &sent);
    const unsigned char *back = tx_data + sent.offset;
    unsigned headers = 42;

    assert_int_equal(sent.length, headers + length - data);
    assert_memory_equal(back, theirs, 6);
    assert_memory_equal(back + 30, frame + 26, 4);
    assert_memory_equal(back + 36, frame + data - 8U, 2);
    for (unsigned i = data; i < length; i++) {
        assert_int_equal(back[headers + i - data], i < HEAD ? frame[i] : 0xdb);
    }
    fake_put(net_frames, &tx_virt, &sent);
}

static void what_lwip_decides_by_does_not_change(void **state)
{
    unsigned char frame[NET_FRAME_MAX];
    struct udp_pcb *pcb = udp_new();
    unsigned sent = 0;

    (void)state;
    assert_int_equal(udp_bind(pcb, IP4_ADDR_ANY, PORT), ERR_OK);
    udp_recv(pcb, on_datagram, NULL);
    meet();
    for (unsigned options = 0; options <= 40; options += 4) {
        for (unsigned length = 60 + options; length <= NET_FRAME_MAX; length += 13) {
            unsigned data = datagram(frame, length, options);

            deliver(frame, (uint16_t)length);
            work();
            sent += 1;
            assert_int_equal(received, sent);
            expect_echo(frame, data, length);
            assert_int_equal(free_buffers(), BUFFERS);
        }
    }
    udp_remove(pcb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_lwip_decides_by_does_not_change, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
