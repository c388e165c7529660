/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's interface on a network client.
 *
 * Receiving. The buffers stay writable for the copier, so nothing that lwIP decides
 * by may lie in them: a frame's first HEAD bytes, more than all headers together, are
 * copied into memory of our own. A short frame is thereby copied as a whole and its
 * buffer goes back at once; of a long one, the rest stays where it is, as a second
 * pbuf that gives the buffer back when lwIP is done with it. If lwIP holds half of
 * all buffers, the rest is copied too: slow readers cannot stop the network.
 *
 * Sending. A frame is copied into a Tx buffer. When there is none, lwIP keeps the frame,
 * and is told to try again as soon as there are some; meanwhile nothing is received. Where the last
 * packet went, the next one goes without lwIP's looking for the way, for a second.
 *
 * Sums. Those of IPv4's header, UDP and TCP are the interface's task both ways, since it can
 * sum what it copies. One pass over a packet does for all, because the sum of a header
 * that is right is zero: what is left is that of the data.
 */
#include <string.h>

#include <quoll/log.h>
#include <quoll/net_client.h>

#include "lwip/etharp.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/udp.h"
#include "netif/ethernet.h"

#include "net/lwip/quoll_lwip.h"

#define ETHERNET 14U   /* bytes of its header; lwIP's SIZEOF_ETH_HDR is with ETH_PAD_SIZE */
#define HEAD     206U  /* Ethernet, IPv4 and TCP with all options would be 14 + 60 + 60 bytes */
#define BATCH    64U   /* frames per lwip_poll() */
#define HOP_TIME 1000U /* ms */

static_assert(HEAD >= ETHERNET + IP_HLEN_MAX + 60, "headers are copied whole");
static_assert(HEAD + ETH_PAD_SIZE <= PBUF_POOL_BUFSIZE, "in one piece");
static_assert(HEAD % 2 == ETHERNET % 2, "the rest of a packet begins with a whole word");

struct held {
    struct pbuf_custom pbuf;
    uint16_t buffer;
};

static struct net_client nic;
static struct netif *interface;
static struct held held[NET_CLIENT_BUFFERS]; /* by number of the buffer */
static unsigned held_count;
static bool starved; /* lwIP had something to send and found no buffer */

unsigned lwip_held(void)
{
    return held_count;
}

/* ---- Packets ---- */

static inline uint16_t ip_length(const uint8_t *ip)
{
    return (uint16_t)(ip[2] << 8 | ip[3]);
}

static inline unsigned ip_header(const uint8_t *ip)
{
    return (ip[0] & 15U) * 4U;
}

/* RFC 768, RFC 9293 (3.1): addresses, protocol and length, as they would lie in memory. */
static inline uint64_t pseudo_header(const uint8_t *ip, uint32_t segment)
{
    uint32_t from, to;

    memcpy(&from, ip + 12, sizeof from);
    memcpy(&to, ip + 16, sizeof to);
    return (uint64_t)from + to + lwip_htons(ip[9]) + lwip_htons((uint16_t)segment);
}

/* Of five words, or more. */
static inline uint64_t header_sum(const uint8_t *ip, unsigned header)
{
    uint64_t first, second;
    uint32_t third;

    if (header != IP_HLEN) {
        return quoll_sum(ip, header);
    }
    memcpy(&first, ip, sizeof first);
    memcpy(&second, ip + 8, sizeof second);
    memcpy(&third, ip + 16, sizeof third);
    return quoll_sum_add(quoll_sum_add(first, second), third);
}

/* ---- Receiving ---- */

/*
 * Whether the sums of a packet of `length` bytes are right, of which the headers are copied:
 * that of its header, and that of the whole with it. What else may be wrong is lwIP's to see:
 * lengths that cannot be, for one; the bytes looked at lie in a head, whatever they are.
 */
static inline bool is_whole(const uint8_t *ip, uint32_t length, uint64_t sum)
{
    uint32_t header = ip_header(ip), segment = length - header;

    static_assert(ETHERNET + IP_HLEN_MAX + UDP_HLEN <= HEAD, "headers are copied");
    if (!quoll_sum_is_right(header_sum(ip, header))) {
        return false;
    }
    if (ip[9] != IP_PROTO_UDP && ip[9] != IP_PROTO_TCP) {
        return true;
    }
    if (ip[9] == IP_PROTO_UDP && ip[header + 6U] == 0 && ip[header + 7U] == 0) {
        return true; /* it has none */
    }
    return quoll_sum_is_right(quoll_sum_add(sum, pseudo_header(ip, segment)));
}

static void give_back(struct pbuf *pbuf)
{
    struct held *h = (struct held *)pbuf; /* its first member */

    held_count -= 1;
    net_return(&nic, h->buffer);
}

/*
 * `length` bytes after a frame's head, in place or as a copy; the buffer goes back either
 * way, now or later.
 */
static struct pbuf *take_rest(struct net_received frame, uint16_t length)
{
    struct held *h = &held[frame.buffer];
    struct pbuf *copy;

    if (held_count < nic.rx.count / 2U) {
        held_count += 1;
        h->buffer = frame.buffer;
        h->pbuf.custom_free_function = give_back;
        return pbuf_alloced_custom(PBUF_RAW, length, PBUF_REF, &h->pbuf, frame.data + HEAD, length);
    }
    copy = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);
    if (copy != NULL) {
        memcpy(copy->payload, frame.data + HEAD, length);
    }
    net_return(&nic, frame.buffer);
    return copy;
}

__attribute__((noinline)) static void receive_other(struct net_received frame, struct pbuf *p,
                                                    uint32_t copied)
{
    p->len = p->tot_len = (uint16_t)(ETH_PAD_SIZE + copied);
    if (copied == frame.length) {
        net_return(&nic, frame.buffer);
    } else {
        struct pbuf *rest = take_rest(frame, (uint16_t)(frame.length - HEAD));

        if (rest == NULL) {
            pbuf_free(p);
            link_count(&nic.rx.link, COUNT_DROPPED, 1);
            return;
        }
        pbuf_cat(p, rest);
    }
    if (interface->input(p, interface) != ERR_OK) {
        pbuf_free(p);
    }
}

/*
 * To lwIP goes the packet alone: that Ethernet addressed it to all matters only to who
 * forwards. What Ethernet (or anybody) appended is left out. `sum` is that of what was copied.
 */
static inline void receive_packet(struct net_received frame, struct pbuf *p, uint32_t copied,
                                  uint64_t sum)
{
    const uint8_t *ip = (const uint8_t *)p->payload + SIZEOF_ETH_HDR;
    uint32_t length = ip_length(ip);

    if (copied < IP_HLEN || ETHERNET + length > frame.length) {
        net_return(&nic, frame.buffer);
        pbuf_free(p);
        return;
    }
    if (length <= HEAD - ETHERNET) {
        net_return(&nic, frame.buffer);
        sum = length == copied ? sum : quoll_sum(ip, length);
        copied = length;
    } else {
        p->next = take_rest(frame, (uint16_t)(ETHERNET + length - HEAD));
        if (p->next == NULL) {
            pbuf_free(p);
            link_count(&nic.rx.link, COUNT_DROPPED, 1);
            return;
        }
        sum = quoll_sum_add(sum, quoll_sum(p->next->payload, p->next->len));
    }
    p->payload = (uint8_t *)p->payload + SIZEOF_ETH_HDR;
    p->len = (uint16_t)copied;
    p->tot_len = (uint16_t)length;
    if (is_whole(ip, length, sum)) {
        ip4_input(p, interface);
    } else {
        pbuf_free(p);
    }
}

/* A frame's head, or all of it, is copied, and what comes after Ethernet's header summed. */
static void receive(struct net_received frame)
{
    uint32_t length = frame.length < HEAD ? frame.length : HEAD;
    struct pbuf *p = pbuf_alloc(PBUF_RAW, PBUF_POOL_BUFSIZE, PBUF_POOL);

    if (p == NULL) {
        net_return(&nic, frame.buffer);
        link_count(&nic.rx.link, COUNT_DROPPED, 1);
        return;
    }
    uint8_t *head = (uint8_t *)p->payload + ETH_PAD_SIZE;

    memcpy(head, frame.data, ETHERNET);
    uint64_t sum = quoll_copy_sum(head + ETHERNET, frame.data + ETHERNET, length - ETHERNET);

    if (((const struct eth_hdr *)p->payload)->type == PP_HTONS(ETHTYPE_IP)) {
        receive_packet(frame, p, length - ETHERNET, sum);
    } else {
        receive_other(frame, p, length);
    }
}

/* ---- Sending ---- */

/* Copy a packet but for what comes before it in its first pbuf. @return its sum */
static inline uint64_t copy_and_sum(uint8_t *to, const struct pbuf *p, uint16_t skip)
{
    size_t at = p->len - skip;
    uint64_t sum = quoll_copy_sum(to, (const uint8_t *)p->payload + skip, at);

    for (p = p->next; p != NULL; p = p->next) {
        uint64_t part = quoll_copy_sum(to + at, p->payload, p->len);

        sum = quoll_sum_add(sum, at % 2U == 0 ? part : part << 8 | part >> 56);
        at += p->len;
    }
    return sum;
}

/* Where in a packet whose first `size` bytes are in one piece the checksum belongs; 0: nowhere. */
static inline unsigned checksum_at(const uint8_t *ip, unsigned size)
{
    unsigned header = size < IP_HLEN ? size : ip_header(ip);

    return ip[9] == IP_PROTO_UDP && header + UDP_HLEN <= size   ? header + 6U
           : ip[9] == IP_PROTO_TCP && header + TCP_HLEN <= size ? header + 16U
                                                                : 0;
}

static inline void copy_packet(uint8_t *to, const struct pbuf *p, uint16_t skip)
{
    const uint8_t *ip = (const uint8_t *)p->payload + skip;
    uint32_t segment = p->tot_len - skip - ip_header(ip);
    unsigned at = checksum_at(ip, p->len - skip);
    uint64_t sum = copy_and_sum(to, p, skip);

    if (at > 0) {
        uint16_t checksum =
            (uint16_t)~quoll_sum_fold(quoll_sum_add(sum, pseudo_header(ip, segment)));

        if (checksum == 0 && ip[9] == IP_PROTO_UDP) {
            checksum = 0xffff; /* 0 says that there is none */
        }
        memcpy(to + at, &checksum, sizeof checksum);
    }
}

static inline void copy_out(uint8_t *frame, const uint8_t *ethernet, const struct pbuf *p,
                            uint16_t skip)
{
    uint16_t type;

    memcpy(frame, ethernet, ETHERNET);
    memcpy(&type, ethernet + 12, sizeof type);
    if (type == PP_HTONS(ETHTYPE_IP)) {
        copy_packet(frame + ETHERNET, p, skip);
    } else {
        pbuf_copy_partial(p, frame + ETHERNET, p->tot_len, skip);
    }
}

/* Send what follows the first `skip` bytes of a pbuf. */
__attribute__((always_inline)) static inline err_t send_frame(const uint8_t *ethernet,
                                                              const struct pbuf *p, uint16_t skip)
{
    uint32_t length = (uint32_t)ETHERNET + p->tot_len - skip;
    uint8_t *buffer;

    if (length > NET_FRAME_MAX) {
        return ERR_IF;
    }
    buffer = net_tx_buffer(&nic);
    if (buffer == NULL) {
        link_count(&nic.tx.link, COUNT_DROPPED, !starved); /* TCP's are only late */
        starved = true;
        return ERR_MEM;
    }
    copy_out(buffer, ethernet, p, skip);
    net_send(&nic, buffer, (uint16_t)length);
    return ERR_OK;
}

/* Where the last packet went, and how its frame began. */
static struct {
    ip4_addr_t address;
    uint8_t ethernet[ETHERNET];
    uint64_t until; /* ms */
} hop;
static const ip4_addr_t *asked; /* while lwIP looks for the way there */

static err_t send(struct netif *netif, struct pbuf *p)
{
    const struct eth_hdr *ethernet = p->payload;

    (void)netif;
    if (p->len < SIZEOF_ETH_HDR) {
        return ERR_IF;
    }
    if (asked != NULL && ethernet->type == PP_HTONS(ETHTYPE_IP)) {
        hop.address = *asked;
        memcpy(hop.ethernet, &ethernet->dest, ETHERNET);
        hop.until = lwip_now() + HOP_TIME;
    }
    return send_frame((const uint8_t *)&ethernet->dest, p, SIZEOF_ETH_HDR);
}

__attribute__((noinline)) static err_t find_way(struct netif *netif, struct pbuf *p,
                                                const ip4_addr_t *to)
{
    err_t error;

    asked = to;
    error = etharp_output(netif, p, to);
    asked = NULL;
    return error;
}

static err_t output(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
    if (ip4_addr_cmp(to, &hop.address) && lwip_now() < hop.until) {
        return send_frame(hop.ethernet, p, 0);
    }
    return find_way(netif, p, to);
}

/* Connections whose segments found no buffer were marked by lwIP. */
static void try_again(void)
{
    uint8_t *buffer = starved ? net_tx_buffer(&nic) : NULL;

    if (buffer != NULL) {
        net_send(&nic, buffer, 0);
        starved = false;
        tcp_txnow();
    }
}

/* ---- The interface ---- */

static err_t set_up(struct netif *netif)
{
    netif->name[0] = 'q';
    netif->name[1] = 'n';
    netif->output = output;
    netif->linkoutput = send;
    netif->mtu = 1500;
    netif->hwaddr_len = ETH_HWADDR_LEN;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    net_client_mac(&nic, netif->hwaddr);
    return ERR_OK;
}

enum quoll_error lwip_netif_add(struct netif *netif, const char *name, const ip4_addr_t *address,
                                const ip4_addr_t *mask, const ip4_addr_t *gateway)
{
    enum quoll_error error = net_client_open(&nic, name);

    if (error != QUOLL_OK) {
        quoll_log("no network: this client has no network device '%s'", name);
        return error;
    }
    interface = netif_add(netif, address, mask, gateway, NULL, set_up, ethernet_input);
    netif_set_default(netif);
    netif_set_up(netif);
    return QUOLL_OK;
}

bool lwip_netif_wake(microkit_channel channel)
{
    return net_client_wake(&nic, channel);
}

/* lwIP announces its address when the carrier comes. */
static void follow_carrier(void)
{
    if (!net_client_changed(&nic) || net_client_ready(&nic) == netif_is_link_up(interface)) {
        return;
    }
    if (net_client_ready(&nic)) {
        netif_set_link_up(interface);
    } else {
        netif_set_link_down(interface);
    }
}

/*
 * Whether there is nothing to answer with. What came would be work for nothing, and take the
 * time of what was to be sent; it waits, or is dropped where it has cost less.
 */
static bool out_of_buffers(void)
{
    return starved && nic.tx.link.up && nic.tx.stock == 0;
}

bool lwip_netif_receive(void)
{
    struct net_received frame;
    unsigned n = 0;

    follow_carrier();
    try_again();
    do {
        if (out_of_buffers() || !net_receive(&nic, &frame)) {
            return false;
        }
        receive(frame);
        n += 1;
    } while (n < BATCH && nic.rx.link.in.ready > 0); /* lwip_netif_sleep() looks again */
    return n == BATCH;
}

bool lwip_netif_sleep(void)
{
    bool asleep = net_client_sleep(&nic);

    return asleep || out_of_buffers();
}

void lwip_netif_flush(void)
{
    net_client_flush(&nic);
}
