/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server's connections: one HTTP conversation each.
 *
 *     READING     a request's head is coming (or none is: idle)
 *     ANSWERING   the answer is being written; further requests wait
 *     LEAVING     the last answer is on its way; what still comes is thrown away, so
 *                 that it does not make TCP reset the answer (RFC 9112, 9.6)
 *
 * An answer's body is sent from where it lies: the cache's page is pinned, the text
 * of counters kept, until the peer has acknowledged the last byte of it. What is on
 * its way is remembered in a small ring of pieces; when that or TCP's send buffer is
 * full, the connection goes on when the peer acknowledges. So a connection's memory
 * is bounded, whatever the peer does, and the peer's address has a bounded number of
 * connections.
 */
#ifndef WEB_CONNECTION_H
#define WEB_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/time.h>

#include "answer.h"
#include "http.h"

#include "lwip/tcp.h"

#define CONNECTIONS_MAX        128U
#define CONNECTIONS_PER_REMOTE 96U
#define CONNECTION_PIECES      32U /* on their way; a power of two */
#define CONNECTION_INPUT_MAX   4U  /* pbufs of requests that wait for their turn */

/* A peer that is slower than this is given up, so that it does not keep others out. */
#define REQUEST_TIME  QUOLL_S(10) /* for a whole head, from its first byte */
#define IDLE_TIME     QUOLL_S(30) /* between requests */
#define PROGRESS_TIME QUOLL_S(20) /* to acknowledge PROGRESS_SIZE bytes */
#define PROGRESS_SIZE 4096U
#define CLOSING_TIME  QUOLL_S(5)

enum phase { READING, ANSWERING, LEAVING };

/* Bytes on their way and what must stay until they are acknowledged. */
struct piece {
    uint32_t bytes;
    uint32_t holder; /* a page of the cache, PIECE_JSON + number, or PIECE_FREE */
};
#define PIECE_FREE UINT32_MAX
#define PIECE_JSON 0x80000000U

struct connection {
    struct tcp_pcb *pcb; /* NULL: not in use */
    struct pbuf *input;  /* received, not yet read */
    uint8_t phase;       /* enum phase */
    bool head_written;
    bool waiting;     /* for the disk */
    bool peer_closed; /* no further request will come */
    bool fin_sent;
    bool served; /* at least one request */
    uint64_t deadline;
    uint64_t body_written;
    uint32_t progress; /* bytes acknowledged since the deadline was set */
    uint32_t first_piece, pieces;
    struct piece piece[CONNECTION_PIECES];
    struct http_request request;
    struct answer answer;
};

/** Let the connection do what it can: read, answer, close. */
void connection_work(struct connection *connection);

/** Begin to serve a new peer. */
void connection_begin(struct connection *connection, struct tcp_pcb *pcb);

/* ---- Between connection.c and stream.c ---- */

enum stream_answer { STREAM_DONE, STREAM_WAIT, STREAM_FAILED };

/** Write as much of the answer as fits. FAILED: the disk failed in the middle of it. */
enum stream_answer stream_write(struct connection *connection);

/** The peer has acknowledged this many bytes more. */
void stream_acknowledged(struct connection *connection, uint32_t bytes);

/** Nothing is on its way any more: let go of all pieces. */
void stream_drop(struct connection *connection);

/** Whether pages were unpinned since last asked. */
bool stream_freed_pages(void);

#endif
