/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lwIP sends is summed while it is copied into its Tx buffer: whatever pieces a
 * packet comes in, the frame has every byte of it and a checksum that its receiver finds
 * right; and what has no checksum of this kind is copied as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_pd.h"

#include "net/lwip/netif.c"

#define IP       14U /* where the IP header begins in a frame */
#define PIECES   5U
#define UNSUMMED 0xa5U /* in the checksum's place, before it is written */

/* A packet in pieces: the pad of the first one's payload counts for lwIP, and is not sent. */
struct packet {
    unsigned char bytes[ETH_PAD_SIZE + NET_FRAME_MAX];
    struct pbuf piece[PIECES];
    uint16_t length; /* as a frame */
};

/* IPv4's own sum, which is lwIP's task (RFC 791, 3.1). */
static void sum_header(unsigned char *ip, unsigned size)
{
    uint32_t sum = 0;

    memset(ip + 10, 0, 2);
    for (unsigned i = 0; i < size; i += 2) {
        sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    ip[10] = (unsigned char)(sum >> 8), ip[11] = (unsigned char)sum;
}

/* The headers of a frame of so many bytes; where its segment begins. */
static unsigned write_headers(unsigned char *frame, unsigned length, uint8_t protocol,
                              unsigned options)
{
    unsigned start = IP + 20U + options;

    frame[12] = 0x08, frame[13] = 0x00;
    frame[IP] = (unsigned char)(0x40U | (5U + options / 4U));
    frame[IP + 2] = (unsigned char)((length - IP) >> 8);
    frame[IP + 3] = (unsigned char)(length - IP);
    frame[IP + 9] = protocol;
    sum_header(frame + IP, start - IP);
    return start;
}

static void fill(struct packet *packet, unsigned length)
{
    for (unsigned i = 0; i < sizeof packet->bytes; i++) {
        packet->bytes[i] = (unsigned char)rand();
    }
    packet->length = (uint16_t)length;
}

/* In `count` pieces, of which the first has `first` bytes; the others' are random. */
static struct pbuf *cut(struct packet *packet, unsigned count, unsigned first)
{
    unsigned at = 0, rest = packet->length + ETH_PAD_SIZE;

    memset(packet->piece, 0, sizeof packet->piece);
    for (unsigned i = 0; i < count; i++) {
        unsigned size = i == 0 ? first + ETH_PAD_SIZE : 1U + (unsigned)rand() % rest;

        size = i == count - 1U || size > rest ? rest : size;
        packet->piece[i].payload = packet->bytes + at;
        packet->piece[i].len = (uint16_t)size;
        packet->piece[i].tot_len = (uint16_t)rest;
        at += size, rest -= size;
        packet->piece[i].next = rest > 0 ? &packet->piece[i + 1U] : NULL;
        if (rest == 0) {
            break;
        }
    }
    return packet->piece;
}

/* RFC 1071, section 4.1, with RFC 768's pseudo header: 0xffff if the checksum is right. */
static uint16_t received_sum(const unsigned char *frame, unsigned start, unsigned length)
{
    uint32_t sum = frame[IP + 9] + (length - start);

    for (unsigned i = IP + 12; i < IP + 20; i += 2) {
        sum += (uint32_t)frame[i] << 8 | frame[i + 1];
    }
    for (unsigned i = start; i < length; i++) {
        sum += (uint32_t)frame[i] << ((i - start) % 2 == 0 ? 8 : 0);
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static unsigned hole_in(unsigned start, uint8_t protocol)
{
    return start + (protocol == IP_PROTO_UDP ? 6U : 16U);
}

static void copy(unsigned char *frame, const struct packet *packet, const struct pbuf *pieces)
{
    copy_out(frame, packet->bytes + ETH_PAD_SIZE, pieces, SIZEOF_ETH_HDR);
}

static void expect_copied(const unsigned char *frame, const struct packet *packet, unsigned hole)
{
    const unsigned char *sent = packet->bytes + ETH_PAD_SIZE;

    assert_memory_equal(frame, sent, hole);
    if (hole < packet->length) {
        assert_memory_equal(frame + hole + 2, sent + hole + 2, packet->length - hole - 2U);
    }
}

/* As lwIP leaves the place for the checksum: 0 (lwipopts.h). */
static void send_in_pieces(uint8_t protocol, unsigned options, unsigned length, unsigned count)
{
    unsigned char frame[NET_FRAME_MAX];
    struct packet packet;

    fill(&packet, length);
    unsigned start = write_headers(packet.bytes + ETH_PAD_SIZE, length, protocol, options);
    unsigned hole = hole_in(start, protocol);
    unsigned headers = hole + 4U; /* lwIP has them in one piece; data may be with them */

    memset(packet.bytes + ETH_PAD_SIZE + hole, 0, 2);
    copy(frame, &packet, cut(&packet, count, headers + (unsigned)rand() % (length - headers)));
    expect_copied(frame, &packet, hole);
    assert_int_equal(received_sum(frame, start, length), 0xffff);
}

static void in_whatever_pieces_sums_are_right(void **state)
{
    (void)state;
    srand(1);
    for (unsigned n = 0; n < 20000; n++) {
        uint8_t protocol = n % 2 == 0 ? IP_PROTO_UDP : IP_PROTO_TCP;
        unsigned options = n % 5 == 0 ? 4U * ((unsigned)rand() % 11U) : 0;

        send_in_pieces(protocol, options, 100U + (unsigned)rand() % (NET_FRAME_MAX - 99U),
                       1U + n % PIECES);
    }
}

/* RFC 768: a UDP checksum of 0 says that there is none, so 0xffff is sent. Not so TCP's. */
static void a_sum_of_zero(uint8_t protocol, uint16_t expected)
{
    unsigned char frame[NET_FRAME_MAX];
    struct packet packet;
    unsigned char *sent = packet.bytes + ETH_PAD_SIZE;
    uint16_t written;

    fill(&packet, 80);
    unsigned start = write_headers(sent, 80, protocol, 0);
    unsigned hole = hole_in(start, protocol);

    memset(sent + hole, 0, 2);
    memset(sent + 78, 0, 2);
    uint16_t lacking = (uint16_t)~received_sum(sent, start, 80);

    sent[78] = (unsigned char)(lacking >> 8), sent[79] = (unsigned char)lacking;
    copy(frame, &packet, cut(&packet, 1, 80));
    memcpy(&written, frame + hole, 2);
    assert_int_equal(written, expected);
    expect_copied(frame, &packet, hole);
}

static void zero_is_no_checksum_for_udp(void **state)
{
    (void)state;
    a_sum_of_zero(IP_PROTO_UDP, 0xffff);
    a_sum_of_zero(IP_PROTO_TCP, 0);
}

/* Nothing is written into it, wherever a checksum would be. */
static void expect_as_it_is(uint8_t protocol, uint8_t type, unsigned options, unsigned length)
{
    unsigned char frame[NET_FRAME_MAX];
    struct packet packet;

    fill(&packet, length);
    memset(packet.bytes + ETH_PAD_SIZE + IP + 20, UNSUMMED, 60);
    (void)write_headers(packet.bytes + ETH_PAD_SIZE, length, protocol, options);
    packet.bytes[ETH_PAD_SIZE + 13] = type;
    memset(frame, 0, sizeof frame);
    copy(frame, &packet, cut(&packet, 1, length));
    expect_copied(frame, &packet, length);
    assert_int_equal(frame[length], 0);
}

static void what_has_no_such_checksum_is_copied(void **state)
{
    (void)state;
    expect_as_it_is(IP_PROTO_ICMP, 0x00, 0, 100);
    expect_as_it_is(IP_PROTO_UDP, 0x06, 0, 100); /* ARP */
    expect_as_it_is(IP_PROTO_UDP, 0x00, 0, IP + 19);
    expect_as_it_is(IP_PROTO_UDP, 0x00, 0, IP + 20 + 7); /* no whole UDP header, */
    expect_as_it_is(IP_PROTO_TCP, 0x00, 0, IP + 20 + 7);
    expect_as_it_is(IP_PROTO_TCP, 0x00, 0, IP + 20 + 19);
    expect_as_it_is(IP_PROTO_UDP, 0x00, 40, IP + 20 + 39); /* and with options, none at all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_whatever_pieces_sums_are_right),
        cmocka_unit_test(zero_is_no_checksum_for_udp),
        cmocka_unit_test(what_has_no_such_checksum_is_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
