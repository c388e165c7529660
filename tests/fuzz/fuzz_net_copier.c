/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copier, with a hostile client or a hostile receive virtualiser. Whatever the client
 * says, the virtualiser gets each buffer back, once: at once, but for frames that a client
 * which is there has no buffer or room for. Whatever the virtualiser says, the client gets
 * frames only in buffers that it gave, and what it gave is all that is written.
 */
#include <string.h>

#include "peer.h"

#pragma clang section bss = "zeroed"
#include "net/copier.c"
#pragma clang section bss = ""

#define BUFFERS   16U
#define POOL_SIZE (BUFFERS * NET_BUFFER_SIZE)
#define DATA_SIZE (BUFFERS * NET_BUFFER_SIZE)
#define UNTOUCHED 0xa5
#define OURS      0x11 /* in the pool: what is for this client, */
#define ANOTHERS  0x22 /* and what is not */
#define MOST      4000U

static struct fuzz_peer virt, client;
static unsigned char *pool, *data;
static bool virt_lies, client_lies;
static bool given[BUFFERS]; /* by the honest client, not yet seen again */

static void fill_pool_frame(void *entry)
{
    uint32_t at = fuzz_below(BUFFERS) * NET_BUFFER_SIZE + NET_HEADROOM;
    struct net_frame frame = {(uint32_t)fuzz_odd(at, POOL_SIZE),
                              (uint16_t)fuzz_odd(60, NET_FRAME_MAX), 0};

    memcpy(entry, &frame, sizeof frame);
}

static void fill_client_buffer(void *entry)
{
    uint32_t at = fuzz_below(BUFFERS) * NET_BUFFER_SIZE + 2U;
    struct net_frame frame = {(uint32_t)fuzz_odd(at, DATA_SIZE),
                              (uint16_t)fuzz_odd(NET_BUFFER_SIZE - 2U, DATA_SIZE), 0};

    memcpy(entry, &frame, sizeof frame);
}

static void wake(const struct fuzz_peer *peer);

/* What the honest client did not give is as it was; of what it gave, it learns. */
static void look_as_client(void)
{
    struct net_frame frame;
    bool awaited = false;

    while (!client_lies && queue_look(&client.fake.in) > 0) {
        FUZZ_CHECK(net_frames_take(&client.fake.in, &frame));
        awaited = queue_release(&client.fake.in) || awaited;
        uint32_t buffer = frame.offset / NET_BUFFER_SIZE;

        FUZZ_CHECK(buffer < BUFFERS && frame.offset % NET_BUFFER_SIZE == 2 && given[buffer]);
        FUZZ_CHECK(frame.length >= NET_FRAME_MIN && frame.length <= NET_FRAME_MAX);
        given[buffer] = false;
        FUZZ_CHECK(memchr(data + frame.offset, ANOTHERS, NET_FRAME_MAX) == NULL);
        memset(data + buffer * NET_BUFFER_SIZE, UNTOUCHED, NET_BUFFER_SIZE);
    }
    for (uint32_t i = 0; !client_lies && i < BUFFERS; i++) {
        const unsigned char *buffer = data + i * NET_BUFFER_SIZE;

        FUZZ_CHECK(buffer[0] == UNTOUCHED && buffer[1] == UNTOUCHED);
        FUZZ_CHECK(memchr(buffer, ANOTHERS, 64) == NULL);
        FUZZ_CHECK(given[i] || (buffer[2] == UNTOUCHED && buffer[16] == UNTOUCHED));
    }
    if (awaited) {
        wake(&client);
    }
}

static bool is_up(const struct fuzz_peer *peer)
{
    return fuzz_agreed(peer) && peer->fake.half->seen == peer->fake.pd->life &&
           peer->fake.half->life == fake_lives[peer->fake.config->peer_pd] + 1U;
}

/* No buffers of the client's are left, or it has taken none of the frames in its full queue. */
static bool client_is_behind(void)
{
    return copier.client.in.head == client.fake.out.published ||
           queue_look(&client.fake.in) == BUFFERS;
}

/* The honest virtualiser, once it is up, gets back what it lent: by its being taken. */
static void look_as_virt(void)
{
    uint32_t left = virt.fake.out.published - virt.fake.pd->consume.head;

    if (is_up(&virt)) {
        FUZZ_CHECK(left <= BUFFERS);
        FUZZ_CHECK(left == 0 || client_lies || (is_up(&client) && client_is_behind()));
    }
}

static void wake(const struct fuzz_peer *peer)
{
    struct net_frame frame;

    fuzz_wake(peer, MOST);
    if (!virt_lies) {
        look_as_virt();
    }
    look_as_client();
    while (client_lies && fuzz_watch(&client, &frame)) {
        FUZZ_CHECK(frame.offset <= DATA_SIZE && frame.length <= DATA_SIZE - frame.offset);
    }
}

static void lend(unsigned number)
{
    for (; number > 0 && queue_look_for_room(&virt.fake.out) > 0; number--) {
        struct net_frame frame = {fuzz_below(BUFFERS) * NET_BUFFER_SIZE + NET_HEADROOM,
                                  (uint16_t)(NET_FRAME_MIN + fuzz16() % 1501U), 0};

        (void)net_frames_put(&virt.fake.out, &frame);
        (void)queue_publish(&virt.fake.out);
    }
}

static void give(unsigned number)
{
    for (uint32_t i = 0; i < BUFFERS && number > 0; i++) {
        struct net_frame frame = {i * NET_BUFFER_SIZE + 2U, NET_BUFFER_SIZE - 2U, 0};

        if (!given[i] && queue_look_for_room(&client.fake.out) > 0) {
            given[i] = true;
            number -= 1;
            (void)net_frames_put(&client.fake.out, &frame);
            if (queue_publish(&client.fake.out)) {
                wake(&client);
            }
        }
    }
}

static void client_up(void)
{
    memset(given, 0, sizeof given);
    memset(data, UNTOUCHED, DATA_SIZE);
    fake_peer_up(&client.fake);
    wake(&client);
}

static void virt_up(void)
{
    fake_peer_up(&virt.fake);
    wake(&virt);
}

/* A new life of the virtualiser hands the pool out anew. */
static void is_anothers_now(void)
{
    memset(pool, ANOTHERS, POOL_SIZE);
}

/* The honest virtualiser may die at any time, even while its buffers are being copied. */
static void die_under_way(void)
{
    _Atomic uint32_t *life = &fake_lives[virt.fake.config->peer_pd];
    uint32_t before = *life;

    fuzz_raced = is_anothers_now;
    fuzz_race_life(1U + fuzz_below(64), life);
    fuzz_wake(&virt, MOST);
    fuzz_raced = NULL;
    fuzz_no_races();
    look_as_client();
    memset(pool, OURS, POOL_SIZE);
    *life = before + 1U;
    virt_up();
}

static void set_up(void)
{
    fake_reset();
    fuzz_link(&virt, LINK_NET_RX_COPIER, "virt", 1, 0, 16, sizeof(struct net_frame),
              fill_pool_frame);
    fuzz_link(&client, LINK_NET_RX_CLIENT, "client", 16, sizeof(struct net_frame), 16,
              sizeof(struct net_frame), fill_client_buffer);
    pool = fake_region(&virt.fake.config->data, POOL_SIZE, 0);
    data = fake_region(&client.fake.config->data, DATA_SIZE, 0);
    memset(pool, OURS, POOL_SIZE);
    fuzz_run(MOST, init());
    client_up();
    virt_up();
}

static void step(void)
{
    switch (fuzz8() % 8U) {
    case 0:
    case 1:
        if (virt_lies) {
            fuzz_hurt(&virt);
        } else {
            lend(1U + fuzz_below(16));
        }
        break;
    case 2:
        if (!virt_lies && !client_lies && fuzz8() < 128) {
            die_under_way();
        } else {
            wake(&virt);
        }
        break;
    case 3:
    case 4:
        if (client_lies) {
            fuzz_hurt(&client);
        } else {
            give(1U + fuzz_below(16));
        }
        break;
    case 5:
        wake(&client);
        break;
    case 6:
        if (!client_lies) {
            fake_lives[client.fake.config->peer_pd] += 1;
            client_up();
        }
        break;
    default:
        fuzz_restart(MOST);
        if (!client_lies) {
            client_up();
        }
        if (!virt_lies) {
            virt_up();
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    fuzz_begin(input, size);
    uint8_t who = fuzz8();

    virt_lies = who % 3U == 0 || who >= 192;
    client_lies = who % 3U == 1 || who >= 192;
    set_up();
    while (fuzz_more()) {
        step();
    }
    fake_finish();
    return 0;
}
