/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is received is summed while it is copied, so that lwIP does not: a packet comes to
 * the program byte by byte if its sums are right, whatever its size, its options and what
 * follows it in its frame; and with any byte of it damaged, it does not.
 */
#include <stdlib.h>

#include "lwip_netif_world.h"

#include "lwip/udp.h"

#define PORT    7U
#define IP      14U /* where the IP header begins in a frame */
#define TRAILER 40U

static unsigned received, kept_count;
static struct pbuf *kept[BUFFERS];
static bool keep;
static unsigned char data[NET_FRAME_MAX];
static uint16_t data_length;

static void on_datagram(void *argument, struct udp_pcb *pcb, struct pbuf *p,
                        const ip_addr_t *address, u16_t port)
{
    (void)argument, (void)pcb, (void)address, (void)port;
    received += 1;
    data_length = pbuf_copy_partial(p, data, sizeof data, 0);
    assert_int_equal(data_length, p->tot_len);
    if (keep) {
        kept[kept_count++] = p;
    } else {
        pbuf_free(p);
    }
}

static struct udp_pcb *listen_udp(void)
{
    struct udp_pcb *pcb = udp_new();

    assert_int_equal(udp_bind(pcb, IP4_ADDR_ANY, PORT), ERR_OK);
    udp_recv(pcb, on_datagram, NULL);
    received = kept_count = 0;
    keep = false;
    return pcb;
}

/* RFC 1071, section 4.1 */
static uint32_t words(const unsigned char *at, unsigned size)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < size; i++) {
        sum += (uint32_t)at[i] << (i % 2 == 0 ? 8 : 0);
    }
    return sum;
}

static void write_sum(unsigned char *to, uint32_t sum)
{
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    to[0] = (unsigned char)(~sum >> 8), to[1] = (unsigned char)~sum;
}

struct packet {
    unsigned char frame[NET_FRAME_MAX + TRAILER];
    unsigned header;  /* bytes of IPv4's */
    unsigned segment; /* of UDP or TCP */
    unsigned hole;    /* where the checksum is */
};

static unsigned start_of(const struct packet *packet)
{
    return IP + packet->header;
}

static unsigned end_of(const struct packet *packet)
{
    return start_of(packet) + packet->segment;
}

static void sum_up(struct packet *packet)
{
    unsigned char *ip = packet->frame + IP;
    uint32_t pseudo = words(ip + 12, 8) + ip[9] + packet->segment;

    ip[10] = ip[11] = 0;
    write_sum(ip + 10, words(ip, packet->header));
    memset(packet->frame + packet->hole, 0, 2);
    write_sum(packet->frame + packet->hole,
              pseudo + words(packet->frame + start_of(packet), packet->segment));
}

static void make(struct packet *packet, uint8_t protocol, unsigned options, unsigned segment)
{
    unsigned char *ip = packet->frame + IP;

    for (unsigned i = 0; i < sizeof packet->frame; i++) {
        packet->frame[i] = (unsigned char)rand();
    }
    packet->header = 20U + options;
    packet->segment = segment;
    packet->hole = start_of(packet) + (protocol == IP_PROTO_UDP ? 6U : 16U);
    memcpy(packet->frame, mine, 6);
    memcpy(packet->frame + 6, theirs, 6);
    packet->frame[12] = 0x08, packet->frame[13] = 0;
    memset(ip, 0, 20);
    ip[0] = (unsigned char)(0x40U | packet->header / 4U);
    ip[2] = (unsigned char)((packet->header + segment) >> 8);
    ip[3] = (unsigned char)(packet->header + segment);
    ip[8] = 64;
    ip[9] = protocol;
    memcpy(ip + 12, "\x0a\x00\x02\x02\x0a\x00\x02\x10", 8);
    memset(ip + 20, 1, options); /* no operation (RFC 791) */
}

static void make_datagram(struct packet *packet, unsigned options, unsigned size)
{
    make(packet, IP_PROTO_UDP, options, 8U + size);
    unsigned char *udp = packet->frame + start_of(packet);

    udp[2] = 0, udp[3] = PORT;
    udp[4] = (unsigned char)(packet->segment >> 8), udp[5] = (unsigned char)packet->segment;
    sum_up(packet);
}

static void receive_with(const struct packet *packet, unsigned trailer)
{
    unsigned length = end_of(packet) + trailer;

    deliver(packet->frame, (uint16_t)(length > NET_FRAME_MAX ? NET_FRAME_MAX : length));
    work();
    assert_int_equal(free_buffers(), BUFFERS - lwip_held());
}

static void expect_data(const struct packet *packet)
{
    assert_int_equal(data_length, packet->segment - 8U);
    assert_memory_equal(data, packet->frame + start_of(packet) + 8, data_length);
}

static void of_all_sizes_they_arrive(void **state)
{
    struct udp_pcb *pcb = listen_udp();
    struct packet packet;
    unsigned sent = 0;

    (void)state;
    for (unsigned size = 0; size <= 1472; size++) {
        unsigned options = size % 3 == 0 && size < 1400 ? 4U * (size % 11) : 0;
        unsigned length = IP + 20U + options + 8U + size;
        unsigned trailer = size % 2 == 0 ? 0 : size % TRAILER;

        make_datagram(&packet, options, size);
        receive_with(&packet, length < 60 ? 60 - length : trailer);
        sent += 1;
        assert_int_equal(received, sent);
        expect_data(&packet);
    }
    udp_remove(pcb);
}

/* A checksum of 0 says that there is none (RFC 768), which damage might bring forth. */
static bool has_no_sum(const struct packet *packet)
{
    return packet->frame[packet->hole] == 0 && packet->frame[packet->hole + 1U] == 0;
}

static void damaged_ones_do_not(void **state)
{
    struct udp_pcb *pcb = listen_udp();
    struct packet packet;

    (void)state;
    for (unsigned n = 0; n < 40000; n++) {
        make_datagram(&packet, n % 4 == 0 ? 4U * (n % 11) : 0, (unsigned)rand() % 1400U);
        unsigned at = IP + (unsigned)rand() % (n % 2 == 0 ? 40 : packet.header + packet.segment);

        at = at < end_of(&packet) ? at : IP;
        packet.frame[at] ^= (unsigned char)(1 + rand() % 255);
        if (!has_no_sum(&packet)) {
            receive_with(&packet, n % 3 == 0 ? n % TRAILER : 0);
            assert_int_equal(received, 0);
        }
    }
    expect_nothing_sent();
    udp_remove(pcb);
}

/* A packet that its frame does not hold, or whose header is longer than itself, is none. */
static void lengths_that_cannot_be(void **state)
{
    struct udp_pcb *pcb = listen_udp();
    struct packet packet;

    (void)state;
    for (unsigned length = NET_FRAME_MIN; length < 100; length++) {
        make_datagram(&packet, 0, 64);
        deliver(packet.frame, (uint16_t)(length < end_of(&packet) ? length : length - 60));
        work();
    }
    for (unsigned header = 0; header < 16; header++) {
        for (unsigned length = 0; length < 80; length++) {
            make_datagram(&packet, 0, 64);
            packet.header = header * 4U;
            packet.frame[IP] = (unsigned char)(0x40 | header);
            packet.frame[IP + 2] = 0, packet.frame[IP + 3] = (unsigned char)length;
            memset(packet.frame + IP + 10, 0, 2);
            write_sum(packet.frame + IP + 10, words(packet.frame + IP, packet.header));
            deliver(packet.frame, 100);
            work();
            received = header == 5 && length >= 28 ? 0 : received; /* its port may have none */
        }
    }
    assert_int_equal(received, 0);
    assert_int_equal(free_buffers(), BUFFERS);
    udp_remove(pcb);
}

static void without_a_sum_datagrams_are_taken(void **state)
{
    struct udp_pcb *pcb = listen_udp();
    struct packet packet;

    (void)state;
    for (unsigned size = 0; size <= 1472; size += 9) {
        make_datagram(&packet, 0, size);
        memset(packet.frame + packet.hole, 0, 2);
        received = 0;
        receive_with(&packet, 0);
        assert_int_equal(received, 1);
        expect_data(&packet);
        packet.frame[IP + 8] -= 1U; /* but the header has one */
        receive_with(&packet, 0);
        assert_int_equal(received, 1);
    }
    udp_remove(pcb);
}

/* To all: what wants that gets it, if it is whole. */
static void for_all_too(void **state)
{
    struct udp_pcb *pcb = listen_udp();
    struct packet packet;

    (void)state;
    ip_set_option(pcb, SOF_BROADCAST);
    for (unsigned size = 0; size <= 1472; size += 46) {
        make_datagram(&packet, 0, size);
        memcpy(packet.frame, all, 6);
        packet.frame[IP + 19] = 255;
        sum_up(&packet);
        received = 0;
        receive_with(&packet, size % TRAILER);
        assert_int_equal(received, 1);
        expect_data(&packet);
        packet.frame[IP + 15] ^= 1;
        receive_with(&packet, size % TRAILER);
        assert_int_equal(received, 1);
    }
    udp_remove(pcb);
}

/* Bytes that did not come are not taken for zeros, which would not change the sum. */
static void cut_short_they_do_not_arrive(void **state)
{
    struct udp_pcb *pcb = listen_udp();
    struct packet packet;

    (void)state;
    for (unsigned size = 1; size <= 1472; size++) {
        memset(rx_data, 0, BUFFERS * NET_BUFFER_SIZE);
        make_datagram(&packet, 0, size);
        packet.frame[end_of(&packet) - 1U] = 0;
        sum_up(&packet);
        deliver(packet.frame, (uint16_t)(end_of(&packet) - 1U));
        work();
        assert_int_equal(received, 0);
    }
    udp_remove(pcb);
}

/* What fits a head is copied, and no more is held. */
static void only_long_ones_are_held(void **state)
{
    struct udp_pcb *pcb = listen_udp();
    struct packet packet;

    (void)state;
    keep = true;
    for (unsigned n = 0; n < 2; n++) {
        make_datagram(&packet, 0, HEAD - 42U + n);
        receive_with(&packet, 0);
        assert_int_equal(received, n + 1);
        assert_int_equal(lwip_held(), n);
        expect_data(&packet);
    }
    while (kept_count > 0) {
        pbuf_free(kept[--kept_count]);
    }
    udp_remove(pcb);
}

/* Those that lwIP holds too many of are copies, with the same sums. */
static void slow_readers_get_good_ones_only(void **state)
{
    struct udp_pcb *pcb = listen_udp();
    struct packet packet;

    (void)state;
    keep = true;
    for (unsigned n = 0; n < BUFFERS / 2 + 8; n++) {
        make_datagram(&packet, 0, 1001 + n);
        receive_with(&packet, 0);
        assert_int_equal(received, n + 1);
        expect_data(&packet);
        packet.frame[1000 + n] ^= 0x10;
        receive_with(&packet, 0);
        assert_int_equal(received, n + 1);
    }
    assert_int_equal(lwip_held(), BUFFERS / 2);

    static struct pbuf *taken[20000];
    unsigned count = 0, before = received;

    while ((taken[count] = pbuf_alloc(PBUF_RAW, 1200, PBUF_RAM)) != NULL) {
        count++;
    }
    make_datagram(&packet, 0, 1400); /* without memory for a copy, it is dropped */
    receive_with(&packet, 0);
    assert_int_equal(received, before);
    assert_int_equal(fake_link_count(&copier, COUNT_DROPPED), 1);
    while (count > 0) {
        pbuf_free(taken[--count]);
    }
    while (kept_count > 0) {
        pbuf_free(kept[--kept_count]);
    }
    lwip_flush();
    udp_remove(pcb);
}

static unsigned answers(void)
{
    unsigned count = 0;
    struct net_frame sent;

    while (queue_look(&tx_virt.in) > 0) {
        fake_take(net_frames, &tx_virt, &sent);
        fake_put(net_frames, &tx_virt, &sent);
        count += 1;
    }
    return count;
}

/* To a port where nobody listens: TCP answers (RFC 9293, 3.10.7.1), but not what is damaged. */
static void segments_too(void **state)
{
    struct packet packet;

    (void)state;
    meet();
    for (unsigned n = 0; n < 2000; n++) {
        make(&packet, IP_PROTO_TCP, 0, 20U + n % 1400U);
        unsigned char *tcp = packet.frame + start_of(&packet);

        tcp[2] = 0, tcp[3] = 9;
        tcp[12] = 5U << 4, tcp[13] = 2; /* SYN */
        sum_up(&packet);
        receive_with(&packet, n % TRAILER);
        assert_int_equal(answers(), 1);
        packet.frame[start_of(&packet) + (unsigned)rand() % packet.segment] ^= 0x40;
        receive_with(&packet, n % TRAILER);
        assert_int_equal(answers(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_all_sizes_they_arrive, begin, end),
        cmocka_unit_test_setup_teardown(damaged_ones_do_not, begin, end),
        cmocka_unit_test_setup_teardown(lengths_that_cannot_be, begin, end),
        cmocka_unit_test_setup_teardown(without_a_sum_datagrams_are_taken, begin, end),
        cmocka_unit_test_setup_teardown(for_all_too, begin, end),
        cmocka_unit_test_setup_teardown(cut_short_they_do_not_arrive, begin, end),
        cmocka_unit_test_setup_teardown(only_long_ones_are_held, begin, end),
        cmocka_unit_test_setup_teardown(slow_readers_get_good_ones_only, begin, end),
        cmocka_unit_test_setup_teardown(segments_too, begin, end),
    };

    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
