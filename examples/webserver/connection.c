/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "net/lwip/quoll_lwip.h"

#include "connection.h"

/* lwIP must be told when a callback has aborted its connection. */
static bool aborted;

static void set_deadline(struct connection *c, uint64_t delay)
{
    c->deadline = quoll_now() + delay;
    c->progress = 0;
}

/* ---- The end ---- */

static void forget(struct connection *c)
{
    stream_drop(c);
    if (c->input != NULL) {
        pbuf_free(c->input);
    }
    memset(c, 0, offsetof(struct connection, request));
}

static struct tcp_pcb *detach(struct connection *c)
{
    struct tcp_pcb *pcb = c->pcb;

    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
    return pcb;
}

/* Nothing of ours may be on its way any more, or lwIP's copies would change under it. */
static void give_up(struct connection *c)
{
    tcp_abort(detach(c));
    aborted = true;
    forget(c);
}

static void finish(struct connection *c)
{
    struct tcp_pcb *pcb = detach(c);

    if (tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
        aborted = true;
    }
    forget(c);
}

static void throw_away_input(struct connection *c)
{
    if (c->input != NULL) {
        tcp_recved(c->pcb, c->input->tot_len);
        pbuf_free(c->input);
        c->input = NULL;
    }
}

/* Half-close, and wait for the peer to do the same. */
static void work_closing(struct connection *c)
{
    throw_away_input(c);
    if (!c->fin_sent) {
        c->fin_sent = tcp_shutdown(c->pcb, 0, 1) == ERR_OK;
    }
    if (c->fin_sent && c->peer_closed && c->pieces == 0) {
        finish(c);
    }
}

static void close_politely(struct connection *c)
{
    c->phase = LEAVING;
    set_deadline(c, CLOSING_TIME);
    work_closing(c);
}

/* ---- Requests and answers ---- */

static void begin_answering(struct connection *c)
{
    c->phase = ANSWERING;
    c->head_written = false;
    c->body_written = 0;
    c->served = true;
    set_deadline(c, PROGRESS_TIME);
}

static void begin_reading(struct connection *c)
{
    c->phase = READING;
    http_begin(&c->request);
    set_deadline(c, IDLE_TIME);
}

static void refuse(struct connection *c, unsigned status, const char *why)
{
    c->request.keep_alive = false;
    answer_status(&c->answer, &c->request, status, why);
    begin_answering(c);
}

/* @return whether a request is complete, or refused */
static bool work_reading(struct connection *c)
{
    while (c->input != NULL) {
        bool begun = http_begun(&c->request);
        size_t used;
        unsigned status = http_read(&c->request, c->input->payload, c->input->len, &used);

        c->input = lwip_drop(c->input, (u16_t)used);
        tcp_recved(c->pcb, (u16_t)used);
        if (!begun && http_begun(&c->request)) {
            set_deadline(c, REQUEST_TIME);
        }
        if (status == 200) {
            answer_to(&c->answer, &c->request);
            begin_answering(c);
            return true;
        }
        if (status != 0) {
            refuse(c, status, NULL);
            return true;
        }
    }
    return false;
}

/* A body that fails before its head is sent becomes a 503; later, only a broken connection is true.
 */
static bool work_answering(struct connection *c)
{
    switch (stream_write(c)) {
    case STREAM_WAIT:
        return false;
    case STREAM_FAILED:
        if (c->head_written) {
            give_up(c);
            return false;
        }
        refuse(c, 503, "the disk failed to read this file");
        return true;
    case STREAM_DONE:
        break;
    }
    if (!c->answer.head.keep_alive) {
        close_politely(c);
        return false;
    }
    begin_reading(c);
    return true;
}

/* Each turn reads or writes something; both have bounds: input held, room to send. */
void connection_work(struct connection *c)
{
    bool more = true;

    while (more) {
        more = c->phase == READING && work_reading(c);
        more = (c->pcb != NULL && c->phase == ANSWERING && work_answering(c)) || more;
    }
    if (c->pcb == NULL) {
        return;
    }
    if (c->phase == READING && c->peer_closed) {
        close_politely(c);
    } else if (c->phase == LEAVING) {
        work_closing(c);
    }
    if (c->pcb != NULL) {
        tcp_output(c->pcb);
    }
}

/* ---- lwIP's callbacks ---- */

static err_t verdict(void)
{
    bool was = aborted;

    aborted = false;
    return was ? ERR_ABRT : ERR_OK;
}

static err_t on_received(void *argument, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct connection *c = argument;

    (void)pcb, (void)error;
    aborted = false;
    if (p == NULL) {
        c->peer_closed = true;
    } else if (c->input == NULL) {
        c->input = lwip_drop(p, 0);
    } else if (pbuf_clen(c->input) + pbuf_clen(p) > CONNECTION_INPUT_MAX) {
        return ERR_MEM; /* lwIP keeps it and takes no more until we do */
    } else {
        pbuf_cat(c->input, p);
    }
    connection_work(c);
    return verdict();
}

static err_t on_sent(void *argument, struct tcp_pcb *pcb, u16_t bytes)
{
    struct connection *c = argument;

    (void)pcb;
    aborted = false;
    stream_acknowledged(c, bytes);
    c->progress += bytes;
    if (c->phase == ANSWERING && (c->progress >= PROGRESS_SIZE || c->pieces == 0)) {
        set_deadline(c, PROGRESS_TIME);
    }
    connection_work(c);
    return verdict();
}

/* The connection is gone, and its pcb with it. */
static void on_error(void *argument, err_t error)
{
    (void)error;
    forget(argument);
}

static void time_out(struct connection *c)
{
    if (c->phase == READING && (http_begun(&c->request) || !c->served)) {
        refuse(c, 408, NULL); /* RFC 9110, 15.5.9 */
    } else if (c->phase == READING) {
        close_politely(c);
    } else if (c->phase == ANSWERING && c->waiting && !c->head_written) {
        refuse(c, 503, "the disk does not answer");
    } else if (c->phase == LEAVING && c->fin_sent && c->pieces == 0) {
        finish(c); /* a reset could take from the peer what it has not read yet */
    } else {
        give_up(c);
    }
}

static err_t on_poll(void *argument, struct tcp_pcb *pcb)
{
    struct connection *c = argument;

    (void)pcb;
    aborted = false;
    if (quoll_now() >= c->deadline) {
        time_out(c);
    }
    if (c->pcb != NULL) {
        connection_work(c);
    }
    return verdict();
}

#define POLL_INTERVAL 5 /* of lwIP's fifths of a second (TCP_TMR_INTERVAL) */

void connection_begin(struct connection *c, struct tcp_pcb *pcb)
{
    memset(c, 0, offsetof(struct connection, request));
    c->pcb = pcb;
    begin_reading(c);
    set_deadline(c, REQUEST_TIME);
    tcp_arg(pcb, c);
    tcp_recv(pcb, on_received);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    tcp_poll(pcb, on_poll, POLL_INTERVAL);
    tcp_nagle_disable(pcb);
}
