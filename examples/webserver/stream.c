/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers on their way: writing them to TCP without copying their bodies, and
 * letting go of what they lie in.
 */
#include "connection.h"
#include "disk.h"

static bool freed_pages;

bool stream_freed_pages(void)
{
    bool freed = freed_pages;

    freed_pages = false;
    return freed;
}

/* ---- Pieces ---- */

static struct piece *last_piece(struct connection *c)
{
    return &c->piece[(c->first_piece + c->pieces - 1U) % CONNECTION_PIECES];
}

static void let_go(uint32_t holder)
{
    if (holder == PIECE_FREE) {
        return;
    }
    if ((holder & PIECE_JSON) != 0) {
        answer_json_done((uint8_t)(holder & ~PIECE_JSON));
        return;
    }
    disk_unpin(holder);
    freed_pages = true;
}

static bool has_room(const struct connection *c)
{
    return c->pieces < CONNECTION_PIECES;
}

/* Bytes more in the last piece, or a piece more; there is room. */
static void add_piece(struct connection *c, uint32_t bytes, uint32_t holder)
{
    if (c->pieces > 0 && last_piece(c)->holder == holder) {
        last_piece(c)->bytes += bytes;
        return;
    }
    c->pieces += 1;
    *last_piece(c) = (struct piece){bytes, holder};
    if (holder < PIECE_JSON) {
        disk_pin(holder);
    }
}

/* A text of counters is let go with its last byte only. */
static void end_piece(struct connection *c, struct piece *piece)
{
    bool more = c->phase == ANSWERING && c->answer.json != ANSWER_NO_JSON &&
                piece->holder == (PIECE_JSON | c->answer.json) &&
                c->body_written < c->answer.head.length;

    if (!more) {
        let_go(piece->holder);
    }
    c->first_piece = (c->first_piece + 1U) % CONNECTION_PIECES;
    c->pieces -= 1;
}

void stream_acknowledged(struct connection *c, uint32_t bytes)
{
    while (c->pieces > 0 && bytes >= c->piece[c->first_piece].bytes) {
        bytes -= c->piece[c->first_piece].bytes;
        end_piece(c, &c->piece[c->first_piece]);
    }
    if (c->pieces > 0) {
        c->piece[c->first_piece].bytes -= bytes;
    }
}

void stream_drop(struct connection *c)
{
    bool json_held = false;

    for (; c->pieces > 0; c->pieces--) {
        json_held = json_held || last_piece(c)->holder == (PIECE_JSON | c->answer.json);
        let_go(last_piece(c)->holder);
    }
    if (c->phase == ANSWERING && c->answer.json != ANSWER_NO_JSON && !json_held) {
        answer_json_done(c->answer.json);
    }
}

/* ---- Writing ---- */

static bool write(struct connection *c, const void *data, uint32_t length, uint8_t flags,
                  uint32_t holder)
{
    if (!has_room(c) || length > tcp_sndbuf(c->pcb) ||
        tcp_write(c->pcb, data, (u16_t)length, flags) != ERR_OK) {
        return false;
    }
    add_piece(c, length, holder);
    return true;
}

static bool write_head(struct connection *c)
{
    char head[HTTP_RESPONSE_MAX];
    size_t length = http_write(head, &c->answer.head);

    c->head_written = write(c, head, (uint32_t)length, TCP_WRITE_FLAG_COPY, PIECE_FREE);
    return c->head_written;
}

/* As much of the body as lies at `data`, `length` bytes or less if TCP takes less. */
static bool write_body(struct connection *c, const void *data, uint32_t length, uint8_t flags,
                       uint32_t holder)
{
    uint64_t left = c->answer.head.length - c->body_written;
    uint32_t room = tcp_sndbuf(c->pcb);

    length = length > left ? (uint32_t)left : length;
    length = length > room ? room : length;
    if (length == 0 || !write(c, data, length, flags, holder)) {
        return false;
    }
    c->body_written += length;
    return true;
}

/* The page that the body goes on in, or why not. */
static enum disk_answer want(struct connection *c, uint32_t *page)
{
    const struct site_file *file = c->answer.file;
    uint64_t at = file->offset + c->body_written;
    enum disk_answer answer = disk_want(at, page);
    uint64_t end = file->offset + file->size;

    for (uint64_t next = at + DISK_PIECE_MAX; next < end && next <= at + 2U * DISK_PIECE_MAX;
         next += DISK_PIECE_MAX) {
        disk_want_ahead(next);
    }
    c->waiting = answer == DISK_WAIT;
    return answer;
}

static enum stream_answer write_file(struct connection *c)
{
    uint32_t page, length;

    while (c->body_written < c->answer.head.length) {
        if (tcp_sndbuf(c->pcb) == 0 || !has_room(c)) {
            return STREAM_WAIT;
        }
        switch (want(c, &page)) {
        case DISK_WAIT:
            return STREAM_WAIT;
        case DISK_ERROR:
            return STREAM_FAILED;
        case DISK_HERE:
            break;
        }
        /* The head goes out only now that it is known to be true. */
        if (!c->head_written && !write_head(c)) {
            return STREAM_WAIT;
        }
        const void *data = disk_bytes(page, c->answer.file->offset + c->body_written, &length);

        if (!write_body(c, data, length, 0, page)) {
            return STREAM_WAIT;
        }
    }
    return STREAM_DONE;
}

enum stream_answer stream_write(struct connection *c)
{
    const struct answer *a = &c->answer;

    c->waiting = false;
    if (a->file != NULL && a->has_body && a->head.length > 0) {
        return write_file(c);
    }
    if (!c->head_written && !write_head(c)) {
        return STREAM_WAIT;
    }
    while (a->has_body && c->body_written < a->head.length) {
        bool is_json = a->json != ANSWER_NO_JSON;
        const char *body = (is_json ? answer_json(a->json) : a->text) + c->body_written;

        if (!write_body(c, body, UINT32_MAX, is_json ? 0 : TCP_WRITE_FLAG_COPY,
                        is_json ? PIECE_JSON | a->json : PIECE_FREE)) {
            return STREAM_WAIT;
        }
    }
    return STREAM_DONE;
}
