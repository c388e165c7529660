/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <quoll/block.h>
#include <quoll/net.h>
#include <quoll/serial.h>
#include <quoll/timer.h>

#include "fields.h"

#define FIELD(type, member, ...)                                                                   \
    {                                                                                              \
        .name = #type "." #member, .at = offsetof(struct type, member),                            \
        .width = sizeof(((struct type *)0)->member), .limit = {                                    \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
/* Of what a device is told: only an SMMU could confine it (see field_is_safe()). */
#define REACH(type, member, ...)                                                                   \
    {                                                                                              \
        .name = #type "." #member, .at = offsetof(struct type, member),                            \
        .width = sizeof(((struct type *)0)->member), .limit = {__VA_ARGS__}, .reach = true         \
    }
#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

const struct field field_words[] = {
    FIELD(link_half, magic, LINK_MAGIC),
    FIELD(link_half, version, LINK_VERSION),
    FIELD(link_half, kind, LINK_BLOCK_CLIENT),
    FIELD(link_half, entry_size, 32),
    FIELD(link_half, capacity, 256),
    FIELD(link_half, life, 1),
    FIELD(link_half, seen, 1),
    FIELD(link_half, consume.wake_at, 64, 256),
    FIELD(link_half, produce.room_at, 64, 256),
    FIELD(link_half, generation, 2),
    END,
};

static const struct field net_info[] = {
    FIELD(net_info, ready, 1),
    FIELD(net_info, link, 1),
    FIELD(net_info, mac),
    FIELD(net_info, mtu, 0, 14, 1500, 1514),
    END,
};

static const struct field block_info[] = {
    FIELD(block_info, blocks, 34, 2048, 16384),
    FIELD(block_info, block_size, 512, 4096),
    FIELD(block_info, max_count, 1, 128, 32768),
    FIELD(block_info, ready, 1),
    FIELD(block_info, writable, 1),
    FIELD(block_info, can_flush, 1),
    FIELD(block_info, can_discard, 1),
    FIELD(block_info, can_write_zeroes, 1),
    FIELD(block_info, error, 0xff, 0xf6),
    END,
};

static const struct field frame[] = {
    FIELD(net_frame, offset, NET_BUFFER_SIZE, 256U * NET_BUFFER_SIZE, 1024U * NET_BUFFER_SIZE, 16),
    FIELD(net_frame, length, NET_FRAME_MIN, NET_FRAME_MAX, NET_BUFFER_SIZE, 256),
    FIELD(net_frame, reserved),
    END,
};

static const struct field rx_buffer[] = {
    REACH(net_rx_buffer, address, 0x70000000, 0x80000000),
    FIELD(net_rx_buffer, id, 256, 1024),
    FIELD(net_rx_buffer, reserved),
    END,
};

static const struct field rx_done[] = {
    FIELD(net_rx_done, id, 256, 1024),
    FIELD(net_rx_done, length, NET_FRAME_MIN, NET_FRAME_MAX, NET_BUFFER_SIZE, 0x10000),
    END,
};

static const struct field tx_frame[] = {
    REACH(net_tx_frame, head, 0x70000000, 0x80000000),
    REACH(net_tx_frame, body, 0x70000000, 0x80000000),
    REACH(net_tx_frame, head_length, NET_FRAME_MIN, NET_HEAD_SIZE - NET_HEADROOM, NET_HEAD_SIZE),
    REACH(net_tx_frame, body_length, NET_FRAME_MAX, NET_BUFFER_SIZE),
    FIELD(net_tx_frame, id, 256),
    END,
};

static const struct field tx_done[] = {FIELD(net_tx_done, id, 256), END};

static const struct field block_request[] = {
    FIELD(block_request, id, 8, 64),
    REACH(block_request, operation, BLOCK_READ, BLOCK_WRITE_ZEROES),
    FIELD(block_request, reserved),
    REACH(block_request, count, 1, 128, 2048, 32768),
    FIELD(block_request, reserved2),
    REACH(block_request, block, 2048, 4096, 16384),
    REACH(block_request, data, BLOCK_ALIGN, 65536, 0x70000000, 0x80000000),
    END,
};

static const struct field block_response[] = {
    FIELD(block_response, id, 8, 64),
    FIELD(block_response, status, 0xffffffff, 0xfffffff6),
    END,
};

static const struct field timer_request[] = {
    FIELD(timer_request, id, TIMER_IDS),
    FIELD(timer_request, operation, TIMER_AT, TIMER_CANCEL),
    FIELD(timer_request, when, 1000000000),
    FIELD(timer_request, period, TIMER_PERIOD_MIN, 1000000000),
    END,
};

static const struct field timer_expiry[] = {
    FIELD(timer_expiry, id, TIMER_IDS),
    FIELD(timer_expiry, status, 0xffffffff),
    FIELD(timer_expiry, count, 1),
    END,
};

static const struct field a_byte[] = {
    {.name = "byte", .width = 1, .limit = {0x1b, 0x20, 0x7e, 0x9b}}, END};

#define FRAMES(kind_)                                                                              \
    {                                                                                              \
        .kind = (kind_), .entry_size = sizeof(struct net_frame), .info = net_info, .entry = frame, \
        .asked_size = sizeof(struct net_frame), .step = NET_BUFFER_SIZE, .first = NET_HEADROOM     \
    }
#define SIDE(kind_, type, info_, entry_, id, asked_type, asked)                                    \
    {                                                                                              \
        .kind = (kind_), .entry_size = sizeof(struct type), .info = (info_), .entry = (entry_),    \
        .id_at = offsetof(struct type, id), .asked_at = offsetof(struct asked_type, asked),        \
        .asked_size = sizeof(struct asked_type), .step = 1                                         \
    }

static const struct side sides[] = {
    FRAMES(LINK_NET_RX_COPIER),
    FRAMES(LINK_NET_RX_CLIENT),
    FRAMES(LINK_NET_TX_CLIENT),
    /* The two sides of a device link of net differ in who speaks of whom, or in size. */
    SIDE(LINK_NET_RX_DEVICE, net_rx_buffer, net_info, rx_buffer, id, net_rx_done, id),
    SIDE(LINK_NET_RX_DEVICE, net_rx_done, net_info, rx_done, id, net_rx_buffer, id),
    SIDE(LINK_NET_TX_DEVICE, net_tx_frame, net_info, tx_frame, id, net_tx_done, id),
    SIDE(LINK_NET_TX_DEVICE, net_tx_done, net_info, tx_done, id, net_tx_frame, id),
    SIDE(LINK_BLOCK_DEVICE, block_request, block_info, block_request, id, block_response, id),
    SIDE(LINK_BLOCK_DEVICE, block_response, block_info, block_response, id, block_request, id),
    SIDE(LINK_BLOCK_CLIENT, block_request, block_info, block_request, id, block_response, id),
    SIDE(LINK_BLOCK_CLIENT, block_response, block_info, block_response, id, block_request, id),
    SIDE(LINK_TIMER_DEVICE, timer_request, block_info, timer_request, id, timer_expiry, id),
    SIDE(LINK_TIMER_DEVICE, timer_expiry, block_info, timer_expiry, id, timer_request, id),
    SIDE(LINK_TIMER_CLIENT, timer_request, block_info, timer_request, id, timer_expiry, id),
    SIDE(LINK_TIMER_CLIENT, timer_expiry, block_info, timer_expiry, id, timer_request, id),
    {.kind = LINK_SERIAL_TX_DEVICE,
     .entry_size = 1,
     .info = block_info,
     .entry = a_byte,
     .asked_size = 1,
     .step = 1},
    {.kind = LINK_SERIAL_TX_CLIENT,
     .entry_size = 1,
     .info = block_info,
     .entry = a_byte,
     .asked_size = 1,
     .step = 1},
};

/* The honest program has said how large its entries are, when it opened the link. */
const struct side *field_side(const struct quoll_link_config *link)
{
    const struct link_half *mine = (const struct link_half *)(uintptr_t)link->mine;

    for (unsigned i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        if (sides[i].kind == link->kind && sides[i].entry_size == mine->entry_size) {
            return &sides[i];
        }
    }
    return NULL;
}

/* ---- Values ---- */

/* Ends of 8, 15, 16, 31, 32, 63 and 64 bits, and their neighbours. */
static const uint64_t ends[] = {
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x10001,
    0x7fffffff,
    0x80000000,
    0xfffffffe,
    0xffffffff,
    1ULL << 32,
    (1ULL << 32) + 1,
    INT64_MAX,
    1ULL << 63,
    UINT64_MAX - 511,
    UINT64_MAX - 1,
    UINT64_MAX,
};
#define ENDS ((unsigned)(sizeof ends / sizeof ends[0]))

/* From what is there now: neighbours, the capacity and its multiples. */
static const struct {
    int8_t capacities, plus;
} steps[] = {{0, -1}, {0, 1},   {1, -1}, {1, 0},  {1, 1}, {2, 0},
             {3, 0},  {-1, -1}, {-1, 0}, {-1, 1}, {-2, 0}};
#define STEPS ((unsigned)(sizeof steps / sizeof steps[0]))

unsigned field_values(void)
{
    return STEPS + ENDS + 3U * FIELD_LIMITS;
}

uint64_t field_value(const struct field *field, unsigned n, uint64_t now, uint64_t capacity)
{
    n %= field_values();
    if (n < STEPS) {
        return now + (uint64_t)(int64_t)steps[n].capacities * capacity +
               (uint64_t)(int64_t)steps[n].plus;
    }
    n -= STEPS;
    if (n < ENDS) {
        return ends[n];
    }
    n -= ENDS;
    return field->limit[n / 3U] + n % 3U - 1U;
}

uint64_t field_get(const void *base, const struct field *field)
{
    uint64_t value = 0;

    memcpy(&value, (const unsigned char *)base + field->at, field->width < 8 ? field->width : 8);
    return value;
}

void field_set(void *base, const struct field *field, uint64_t value)
{
    memcpy((unsigned char *)base + field->at, &value, field->width < 8 ? field->width : 8);
}

/*
 * On a machine without an SMMU, whoever names memory to a device reaches all of it, the
 * kernel's too; that is not what is tried. The simulator's devices reach only what they may.
 */
bool field_is_safe(const struct quoll_link_config *link, const struct field *field)
{
#ifdef QUOLL_SIM
    (void)link, (void)field;
    return true;
#else
    bool device = link->kind == LINK_NET_RX_DEVICE || link->kind == LINK_NET_TX_DEVICE ||
                  link->kind == LINK_BLOCK_DEVICE;

    return !device || !field->reach;
#endif
}

bool field_gives_id(const struct side *side)
{
    return side->entry == block_request;
}

#define TABLE_END  2048U  /* where the first partition begins, */
#define TABLE_COPY 16000U /* and a block after the last one, of 8 MiB */

void field_spare_table(const struct side *side, unsigned char *entry)
{
    struct block_request request;

    if (side->kind != LINK_BLOCK_DEVICE || side->entry != block_request) {
        return;
    }
    memcpy(&request, entry, sizeof request);
    if (request.operation != BLOCK_READ &&
        (request.block < TABLE_END || request.count > TABLE_COPY ||
         request.block > TABLE_COPY - request.count)) {
        request.operation = BLOCK_READ;
        memcpy(entry, &request, sizeof request);
    }
}
