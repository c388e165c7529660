/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client gone bad: whatever the contracts forbid, on every link that it has, over
 * and over, with the rights of any client. It never sleeps. After ATTACK of
 * lies in entries it lies in the links' own words (indices, lives, header), storms
 * its servers with notifications for a while, and faults; if it is restarted, it
 * does it all again.
 *
 * It must get nowhere: test_hostile.py watches the honest clients meanwhile.
 */
#include <quoll/block.h>
#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/panic.h>
#include <quoll/pd.h>
#include <quoll/serial.h>
#include <quoll/time.h>
#include <quoll/timer.h>

#define ATTACK QUOLL_S(3)
#define STORM  20000U

/* The limits of 16, 32 and 64 bits, and their neighbours. */
static const uint64_t numbers[] = {
    0,
    1,
    2,
    7,
    63,
    64,
    65,
    511,
    512,
    513,
    1514,
    1515,
    2047,
    2048,
    4096,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x7ffff,
    0x80000,
    0x80001,
    0x7fffffff,
    0x80000000,
    0xfffffe00,
    0xffffffff,
    1ULL << 32,
    1ULL << 63,
    UINT64_MAX - 511,
    UINT64_MAX,
};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

static struct link links[QUOLL_MAX_LINKS];
static uint64_t seed;

static uint64_t any(void)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return numbers[(seed >> 33) % NUMBERS];
}

static void notify(struct link *link)
{
    microkit_notify(link->config->channel);
}

/* ---- Lies in entries ---- */

/* Our data region is ours to fill: frames in another's name among them. */
static void forge_frame(const struct link *link, uint32_t offset)
{
    unsigned char *frame = (unsigned char *)(uintptr_t)link->config->data.vaddr + offset;
    static const unsigned char of_web[] = {0x52, 0x54, 0, 0, 0, 0x10};

    memset(frame, 0xff, 6);
    memcpy(frame + 6, of_web, sizeof of_web);
}

static void lie_net(struct link *link)
{
    struct net_frame frame = {(uint32_t)any(), (uint16_t)any(), (uint16_t)any()};

    if (link->config->kind == LINK_NET_TX_CLIENT && (seed & 0x100) != 0) {
        uint32_t buffers = (uint32_t)(link->config->data.size / 2048U);

        frame = (struct net_frame){2048U * ((seed >> 20) % buffers), 60, 0};
        forge_frame(link, frame.offset);
    }
    (void)net_frames_put(&link->out, &frame);
    (void)net_frames_put(&link->out, &frame); /* and once more the same */
}

static void lie_block(struct link *link)
{
    struct block_request request = {
        .id = (uint32_t)any(),
        .operation = (uint16_t)((seed & 0x300) != 0 ? (seed >> 12) % 7U : any()),
        .reserved = (uint16_t)any(),
        .count = (uint32_t)any(),
        .reserved2 = (uint32_t)any(),
        .block = any(),
        .data = any(),
    };

    (void)block_requests_put(&link->out, &request);
    (void)block_requests_put(&link->out, &request);
}

static void lie_timer(struct link *link)
{
    struct timer_request request = {(uint32_t)any(), (uint32_t)((seed >> 12) % 5U), any(), any()};

    (void)timer_requests_put(&link->out, &request);
}

static void lie_serial(struct link *link)
{
    static const char forged[] = "\x1b[2J\x1b[1;1H\rweb: all is well\x07\x9b";

    for (unsigned i = 0; i < sizeof forged; i++) {
        (void)serial_bytes_put(&link->out, (const uint8_t *)&forged[i]);
    }
}

static void lie(struct link *link)
{
    switch (link->config->kind) {
    case LINK_NET_RX_CLIENT:
    case LINK_NET_TX_CLIENT:
        lie_net(link);
        break;
    case LINK_BLOCK_CLIENT:
        lie_block(link);
        break;
    case LINK_TIMER_CLIENT:
        lie_timer(link);
        break;
    default:
        lie_serial(link);
        break;
    }
}

/* As fast as the queue takes them; what comes back is never read, or all at once. */
static void lie_much(struct link *link)
{
    (void)queue_look_for_room(&link->out);
    for (unsigned n = 0; n < 16 && link->out.room > 40; n++) {
        lie(link);
    }
    bool asked = queue_publish(&link->out);

    if ((seed & 0x40) != 0) {
        link->in.head += queue_look(&link->in);
        asked = queue_release(&link->in) || asked;
    }
    notify(link); /* whether asked or not */
    (void)asked;
}

/* ---- Lies in the link itself ---- */

static void break_link(struct link *link)
{
    struct link_half *half = link->mine;

    for (unsigned i = 0; i < NUMBERS; i++) {
        half->produce.tail = link->out.tail + (uint32_t)numbers[i];
        half->produce.room_at = (uint32_t)any();
        half->consume.head = link->in.head - (uint32_t)numbers[i];
        half->consume.wake_at = (uint32_t)any();
        notify(link);
        half->magic = (uint32_t)any();
        half->version = (uint16_t)any();
        half->kind = (uint8_t)any();
        half->capacity = (uint32_t)any();
        half->entry_size = (uint32_t)any();
        half->life = (uint32_t)any();
        half->seen = (uint32_t)any();
        half->generation = (uint32_t)any();
        memset(half->info, 0xff, sizeof half->info);
        notify(link);
    }
}

static void for_each_link(void (*attack)(struct link *link))
{
    for (unsigned i = 0; i < quoll_config.links; i++) {
        attack(&links[i]);
    }
}

void pd_start(void)
{
    seed = quoll_now();
    for (unsigned i = 0; i < quoll_config.links; i++) {
        link_open(&links[i], &quoll_config.link[i], 0);
    }
}

/* Called when the first peer is up; does not return. */
void pd_wake(microkit_channel channel)
{
    (void)channel;
    for (unsigned i = 0; i < quoll_config.links; i++) {
        if (link_check(&links[i]) == LINK_DOWN) {
            return;
        }
    }
    uint64_t start = quoll_now();

    while (quoll_now() - start < ATTACK) {
        for_each_link(lie_much);
    }
    for_each_link(break_link);
    for (unsigned n = 0; n < STORM; n++) {
        for_each_link(notify);
    }
    quoll_panic("had enough");
}
