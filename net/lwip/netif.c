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
 * Sending. A frame is copied into a Tx buffer, and the checksum of its UDP or TCP is made
 * of what is copied. When there is no buffer, lwIP keeps the frame, and is told to try
 * again as soon as there are some.
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

#define HEAD  192U /* Ethernet, IPv4 and TCP with all options: 14 + 60 + 60 bytes */
#define BATCH 64U  /* frames per lwip_poll() */

static_assert(HEAD >= SIZEOF_ETH_HDR - ETH_PAD_SIZE + IP_HLEN_MAX + 60, "headers are copied whole");

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

/* ---- Receiving ---- */

static void give_back(struct pbuf *pbuf)
{
    struct held *h = (struct held *)pbuf; /* its first member */

    held_count -= 1;
    net_return(&nic, h->buffer);
}

/* The rest of a frame, in place or as a copy; the buffer goes back either way, now or later. */
static struct pbuf *take_rest(const struct net_received *frame)
{
    uint16_t length = (uint16_t)(frame->length - HEAD);
    struct held *h = &held[frame->buffer];
    struct pbuf *copy;

    if (held_count < nic.rx.count / 2U) {
        held_count += 1;
        h->buffer = frame->buffer;
        h->pbuf.custom_free_function = give_back;
        return pbuf_alloced_custom(PBUF_RAW, length, PBUF_REF, &h->pbuf, frame->data + HEAD,
                                   length);
    }
    copy = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);
    if (copy != NULL) {
        memcpy(copy->payload, frame->data + HEAD, length);
    }
    net_return(&nic, frame->buffer);
    return copy;
}

static struct pbuf *take(const struct net_received *frame)
{
    uint16_t length = frame->length < HEAD ? frame->length : HEAD;
    struct pbuf *head = pbuf_alloc(PBUF_RAW, length + ETH_PAD_SIZE, PBUF_POOL);
    struct pbuf *rest;

    if (head == NULL) {
        net_return(&nic, frame->buffer);
        return NULL;
    }
    memcpy((uint8_t *)head->payload + ETH_PAD_SIZE, frame->data, length);
    if (length == frame->length) {
        net_return(&nic, frame->buffer);
        return head;
    }
    rest = take_rest(frame);
    if (rest == NULL) {
        pbuf_free(head);
        return NULL;
    }
    pbuf_cat(head, rest);
    return head;
}

static void receive(const struct net_received *frame)
{
    struct pbuf *p = take(frame);

    if (p == NULL) {
        link_count(&nic.rx.link, COUNT_DROPPED, 1);
    } else if (interface->input(p, interface) != ERR_OK) {
        pbuf_free(p);
    }
}

/* ---- Sending ---- */

/* Where in a frame's first pbuf UDP or TCP begins; 0: it is something else. */
static uint16_t transport_in(const struct pbuf *p)
{
    const uint8_t *frame = (const uint8_t *)p->payload + ETH_PAD_SIZE;
    const struct ip_hdr *ip = (const struct ip_hdr *)(frame + SIZEOF_ETH_HDR - ETH_PAD_SIZE);
    uint16_t end = p->len;

    if (end < SIZEOF_ETH_HDR + IP_HLEN ||
        ((const struct eth_hdr *)p->payload)->type != PP_HTONS(ETHTYPE_IP) ||
        (IPH_PROTO(ip) != IP_PROTO_UDP && IPH_PROTO(ip) != IP_PROTO_TCP)) {
        return 0;
    }
    uint16_t start = (uint16_t)(SIZEOF_ETH_HDR + IPH_HL_BYTES(ip));

    return start + UDP_HLEN <= end ? (uint16_t)(start - ETH_PAD_SIZE) : 0;
}

/* Copy a frame whose first `start` bytes lie in its first pbuf; the sum of what follows them. */
static uint32_t copy_and_sum(uint8_t *to, const struct pbuf *p, uint16_t start)
{
    const uint8_t *from = (const uint8_t *)p->payload + ETH_PAD_SIZE;
    uint16_t size = (uint16_t)(p->len - ETH_PAD_SIZE - start);
    uint32_t at = start, sum = 0;

    memcpy(to, from, start);
    from += start;
    for (;;) {
        uint16_t part = quoll_copy_checksum(to + at, from, size);

        sum += (at - start) % 2U == 0 ? part : (uint16_t)(part << 8 | part >> 8);
        at += size;
        p = p->next;
        if (p == NULL) {
            return sum;
        }
        from = p->payload;
        size = p->len;
    }
}

/* RFC 768, RFC 9293 (3.1): the sum with the pseudo header before it, complemented. */
static void write_checksum(uint8_t *frame, uint16_t start, uint16_t length, uint32_t sum)
{
    const uint8_t *ip = frame + SIZEOF_ETH_HDR - ETH_PAD_SIZE;
    bool udp = ip[9] == IP_PROTO_UDP;
    uint16_t address[4];

    memcpy(address, ip + 12, sizeof address);
    sum += address[0] + address[1] + address[2] + address[3];
    sum += lwip_htons(ip[9]) + lwip_htons((uint16_t)(length - start));
    sum = (sum & 0xffffU) + (sum >> 16);
    sum = (sum & 0xffffU) + (sum >> 16);

    uint16_t checksum = (uint16_t)~sum;

    if (udp && checksum == 0) {
        checksum = 0xffff; /* 0 says that there is none */
    }
    memcpy(frame + start + (udp ? 6 : 16), &checksum, sizeof checksum);
}

static void copy_out(uint8_t *frame, const struct pbuf *p, uint16_t length)
{
    uint16_t start = transport_in(p);

    if (start == 0) {
        pbuf_copy_partial(p, frame, length, ETH_PAD_SIZE);
    } else {
        write_checksum(frame, start, length, copy_and_sum(frame, p, start));
    }
}

static err_t send(struct netif *netif, struct pbuf *p)
{
    uint16_t length = (uint16_t)(p->tot_len - ETH_PAD_SIZE);
    uint8_t *buffer;

    (void)netif;
    if (length < NET_FRAME_MIN || length > NET_FRAME_MAX) {
        return ERR_IF;
    }
    buffer = net_tx_buffer(&nic);
    if (buffer == NULL) {
        link_count(&nic.tx.link, COUNT_DROPPED, !starved); /* TCP's are only late */
        starved = true;
        return ERR_MEM;
    }
    copy_out(buffer, p, length);
    net_send(&nic, buffer, length);
    return ERR_OK;
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
    netif->output = etharp_output;
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
    if (net_client_ready(&nic) == netif_is_link_up(interface)) {
        return;
    }
    if (net_client_ready(&nic)) {
        netif_set_link_up(interface);
    } else {
        netif_set_link_down(interface);
    }
}

bool lwip_netif_receive(void)
{
    struct net_received frame;
    unsigned n = 0;

    follow_carrier();
    try_again();
    for (; n < BATCH && net_receive(&nic, &frame); n++) {
        receive(&frame);
    }
    return n == BATCH;
}

bool lwip_netif_sleep(void)
{
    return net_client_sleep(&nic);
}

void lwip_netif_flush(void)
{
    net_client_flush(&nic);
}
