/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "connection.h"
#include "server.h"

static struct connection connections[CONNECTIONS_MAX];
static unsigned turn; /* whom server_work() serves first */

/* Not worth a connection's memory: sent from here, and closed. */
static const char too_many[] = "HTTP/1.1 503 Service Unavailable\r\n"
                               "Server: Quoll\r\n"
                               "Content-Length: 21\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Retry-After: 1\r\n"
                               "Connection: close\r\n"
                               "\r\n"
                               "too many connections\n";

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

/* lwIP goes on alone: it acknowledges and drops what comes, and times the close out. */
static err_t turn_away(struct tcp_pcb *pcb)
{
    tcp_write(pcb, too_many, sizeof too_many - 1, 0);
    if (tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    return ERR_OK;
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
        return turn_away(pcb);
    }
    connection_begin(c, pcb);
    return ERR_OK;
}

bool server_start(uint16_t port)
{
    struct tcp_pcb *pcb = tcp_new();

    if (pcb == NULL || tcp_bind(pcb, IP_ADDR_ANY, port) != ERR_OK) {
        return false;
    }
    pcb = tcp_listen(pcb);
    if (pcb == NULL) {
        return false;
    }
    tcp_accept(pcb, on_accept);
    return true;
}

void server_work(void)
{
    turn = (turn + 1U) % CONNECTIONS_MAX;
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *c = &connections[(turn + i) % CONNECTIONS_MAX];

        if (c->pcb != NULL && c->waiting) {
            connection_work(c);
        }
    }
}
