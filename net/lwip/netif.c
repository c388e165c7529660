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
 * Sending. A frame is copied into a Tx buffer. When there is none, lwIP keeps it, and
 * is told to try again as soon as there are some.
 */
#include <string.h>

#include <quoll/log.h>
#include <quoll/net_client.h>

#include "lwip/etharp.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "netif/ethernet.h"

#include "net/lwip/quoll_lwip.h"

#define HEAD  192U /* Ethernet, IPv4 and TCP with all options: 14 + 60 + 60 bytes */
#define BATCH 64U  /* frames per lwip_poll() */

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
    pbuf_copy_partial(p, buffer, length, ETH_PAD_SIZE);
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
