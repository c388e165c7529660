/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The echo protocol on UDP and TCP, port 7 (RFC 862): what the system's network path
 * costs, without anything else.
 *
 * Over TCP a connection takes no more from its peer than it can send back: received
 * bytes are only acknowledged to the window when they are on their way.
 */
#include <string.h>

#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/time.h>

#include "lwip/tcp.h"
#include "lwip/udp.h"

#include "net/lwip/quoll_lwip.h"

#define ECHO_PORT              7
#define CONNECTIONS_MAX        16U /* its lwIP has pools for so many (mk/example.mk) */
#define CONNECTIONS_PER_REMOTE 12U
#define INPUT_MAX              16U /* pbufs that wait to be sent back, per connection */
#define IDLE_TIME              QUOLL_S(120)
#define POLL_INTERVAL          10 /* of lwIP's fifths of a second */

struct connection {
    struct tcp_pcb *pcb; /* NULL: not in use */
    struct pbuf *input;  /* received and not yet sent back */
    bool peer_closed;
    uint64_t deadline;
};

static struct netif interface;
static struct connection connections[CONNECTIONS_MAX];

/* ---- UDP ---- */

/* RFC 862 would let two echo servers entertain each other for ever; port 7 gets no answer. */
static void on_datagram(void *argument, struct udp_pcb *pcb, struct pbuf *p,
                        const ip_addr_t *remote, u16_t port)
{
    (void)argument;
    if (port != ECHO_PORT) {
        udp_sendto_if_src(pcb, p, remote, port, &interface, netif_ip_addr4(&interface));
    }
    pbuf_free(p);
}

/* ---- TCP ---- */

static struct tcp_pcb *forget(struct connection *c)
{
    struct tcp_pcb *pcb = c->pcb;

    if (c->input != NULL) {
        pbuf_free(c->input);
    }
    *c = (struct connection){0};
    return pcb;
}

static void detach(struct tcp_pcb *pcb)
{
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
}

static err_t end(struct connection *c)
{
    struct tcp_pcb *pcb = forget(c);

    detach(pcb);
    if (tcp_close(pcb) == ERR_OK) {
        return ERR_OK;
    }
    tcp_abort(pcb);
    return ERR_ABRT;
}

/* Send back as much as there is room for. */
static err_t work(struct connection *c)
{
    while (c->input != NULL) {
        struct pbuf *first = c->input;
        u16_t length = LWIP_MIN(first->len, tcp_sndbuf(c->pcb));

        if (length == 0 ||
            tcp_write(c->pcb, first->payload, length, TCP_WRITE_FLAG_COPY) != ERR_OK) {
            break;
        }
        tcp_recved(c->pcb, length);
        c->deadline = quoll_now() + IDLE_TIME;
        c->input = lwip_drop(first, length);
    }
    if (c->input == NULL && c->peer_closed) {
        return end(c);
    }
    tcp_output(c->pcb);
    return ERR_OK;
}

static err_t on_received(void *argument, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct connection *c = argument;

    (void)pcb, (void)error;
    if (p == NULL) {
        c->peer_closed = true;
    } else if (c->input == NULL) {
        c->input = lwip_drop(p, 0);
    } else if (pbuf_clen(c->input) + pbuf_clen(p) > INPUT_MAX) {
        return ERR_MEM;
    } else {
        pbuf_cat(c->input, p);
    }
    return work(c);
}

static err_t on_sent(void *argument, struct tcp_pcb *pcb, u16_t bytes)
{
    (void)pcb, (void)bytes;
    return work(argument);
}

static void on_error(void *argument, err_t error)
{
    (void)error;
    forget(argument);
}

static err_t on_poll(void *argument, struct tcp_pcb *pcb)
{
    struct connection *c = argument;

    if (quoll_now() < c->deadline) {
        return work(c);
    }
    forget(c);
    detach(pcb);
    tcp_abort(pcb);
    return ERR_ABRT;
}

static struct connection *find_free(const ip_addr_t *remote)
{
    struct connection *free = NULL;
    unsigned same = 0;

    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *c = &connections[i];

        if (c->pcb == NULL) {
            free = c;
        } else {
            same += ip_addr_cmp(&c->pcb->remote_ip, remote);
        }
    }
    return same < CONNECTIONS_PER_REMOTE ? free : NULL;
}

static err_t on_accept(void *argument, struct tcp_pcb *pcb, err_t error)
{
    struct connection *c;

    (void)argument;
    if (error != ERR_OK || pcb == NULL) {
        return ERR_VAL;
    }
    c = find_free(&pcb->remote_ip);
    if (c == NULL) {
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    *c = (struct connection){.pcb = pcb, .deadline = quoll_now() + IDLE_TIME};
    tcp_arg(pcb, c);
    tcp_recv(pcb, on_received);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    tcp_poll(pcb, on_poll, POLL_INTERVAL);
    return ERR_OK;
}

/* ---- The protection domain ---- */

static bool listen_udp(void)
{
    struct udp_pcb *pcb = udp_new();

    if (pcb == NULL || udp_bind(pcb, IP_ADDR_ANY, ECHO_PORT) != ERR_OK) {
        return false;
    }
    udp_recv(pcb, on_datagram, NULL);
    return true;
}

static bool listen_tcp(void)
{
    struct tcp_pcb *pcb = tcp_new();

    if (pcb == NULL || tcp_bind(pcb, IP_ADDR_ANY, ECHO_PORT) != ERR_OK) {
        return false;
    }
    pcb = tcp_listen(pcb);
    if (pcb != NULL) {
        tcp_accept(pcb, on_accept);
    }
    return pcb != NULL;
}

void pd_start(void)
{
    if (lwip_start(&interface, "nic", "clock") == QUOLL_OK) {
        bool good = listen_udp() && listen_tcp();

        quoll_log("%s on %s, port %u", good ? "listening" : "cannot listen",
                  ip4addr_ntoa(netif_ip4_addr(&interface)), ECHO_PORT);
    }
    lwip_flush();
}

void pd_wake(microkit_channel channel)
{
    lwip_wake(channel);
    while (lwip_poll()) {}
}
