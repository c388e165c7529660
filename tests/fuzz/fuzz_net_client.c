/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network client's library with a hostile copier and a hostile transmit virtualiser: each
 * buffer has one holder, no received frame lies outside of its buffer or in one that the
 * program has already, and buffers to send are the program's alone.
 */
#include <string.h>

#include "peer.h"

#include <quoll/net_client.h>

#define BUFFERS 8U
#define SIZE    (BUFFERS * NET_BUFFER_SIZE)
#define MOST    1500U

#pragma clang section bss = "zeroed"
static struct net_client nic;
#pragma clang section bss = ""

static struct fuzz_peer rx, tx;
static unsigned char *rx_data, *tx_data;
static bool received[BUFFERS]; /* held by the program */
static uint8_t *writing[BUFFERS];
static unsigned writings;

static void fill_frame(void *entry)
{
    uint32_t at = fuzz_below(BUFFERS) * NET_BUFFER_SIZE + NET_CLIENT_OFFSET;
    struct net_frame frame = {(uint32_t)fuzz_odd(at, SIZE), (uint16_t)fuzz_odd(60, NET_FRAME_MAX),
                              0};

    memcpy(entry, &frame, sizeof frame);
}

static void receive(void)
{
    struct net_received frame;
    unsigned least = fuzz_below(4);

    for (unsigned n = 0; n < 100 && net_receive(&nic, &frame); n++) {
        FUZZ_CHECK(frame.buffer < BUFFERS && !received[frame.buffer]);
        FUZZ_CHECK(frame.data == rx_data + frame.buffer * NET_BUFFER_SIZE + NET_CLIENT_OFFSET);
        FUZZ_CHECK(frame.length >= NET_FRAME_MIN && frame.length <= NET_FRAME_MAX);
        received[frame.buffer] = true;
        if (n >= least) {
            received[frame.buffer] = false;
            net_return(&nic, frame.buffer);
        }
    }
}

void pd_start(void)
{
    FUZZ_CHECK(net_client_open(&nic, NULL) == QUOLL_OK);
}

void pd_wake(microkit_channel channel)
{
    FUZZ_CHECK(net_client_wake(&nic, channel));
    for (unsigned n = 0; n < 4; n++) {
        receive();
        if (net_client_sleep(&nic)) {
            return;
        }
    }
}

/* Every buffer is counted once: in stock, with the server, or with the program. */
static void check_pool(const struct net_client_pool *pool, unsigned with_program)
{
    unsigned held[3] = {0};
    bool free[BUFFERS] = {false};

    for (unsigned i = 0; i < BUFFERS; i++) {
        FUZZ_CHECK(pool->holder[i] < 3);
        held[pool->holder[i]] += 1;
    }
    FUZZ_CHECK(pool->count == BUFFERS && pool->stock == held[0] && with_program == held[2]);
    for (unsigned i = 0; i < pool->stock; i++) {
        FUZZ_CHECK(pool->free[i] < BUFFERS && !free[pool->free[i]]);
        free[pool->free[i]] = true;
        FUZZ_CHECK(pool->holder[pool->free[i]] == 0);
    }
}

static void check(void)
{
    struct net_frame frame;
    unsigned in_program = 0;

    for (unsigned i = 0; i < BUFFERS; i++) {
        in_program += received[i];
    }
    check_pool(&nic.rx, in_program);
    check_pool(&nic.tx, writings);
    while (fuzz_watch(&rx, &frame) || fuzz_watch(&tx, &frame)) {
        FUZZ_CHECK(frame.offset % NET_BUFFER_SIZE == NET_CLIENT_OFFSET && frame.offset < SIZE);
        FUZZ_CHECK(frame.length <= NET_BUFFER_SIZE - NET_CLIENT_OFFSET);
    }
}

static void get_buffer(void)
{
    uint8_t *buffer = NULL;

    fuzz_run(MOST, buffer = net_tx_buffer(&nic));
    if (buffer == NULL) {
        return;
    }
    FUZZ_CHECK(buffer >= tx_data && buffer + NET_FRAME_MAX <= tx_data + SIZE);
    for (unsigned i = 0; i < writings; i++) {
        FUZZ_CHECK(writing[i] != buffer);
    }
    FUZZ_CHECK(writings < BUFFERS);
    writing[writings++] = buffer;
}

static void send_buffer(void)
{
    uint16_t length = fuzz8() % 4U == 0 ? 0 : 60;

    if (writings > 0) {
        fuzz_run(MOST, net_send(&nic, writing[--writings], length));
    }
}

static void return_buffer(void)
{
    uint16_t buffer = (uint16_t)fuzz_below(BUFFERS + 1);

    fuzz_run(MOST, net_return(&nic, buffer));
    if (buffer < BUFFERS) {
        received[buffer] = false;
    }
}

static void set_up(void)
{
    fake_reset();
    memset(received, 0, sizeof received);
    writings = 0;
    fuzz_link(&rx, LINK_NET_RX_CLIENT, "nic", 8, sizeof(struct net_frame), 8,
              sizeof(struct net_frame), fill_frame);
    fuzz_link(&tx, LINK_NET_TX_CLIENT, "nic", 8, sizeof(struct net_frame), 8,
              sizeof(struct net_frame), fill_frame);
    rx_data = fake_region(&rx.fake.config->data, SIZE, 0);
    tx_data = fake_region(&tx.fake.config->data, SIZE, 0);
    fuzz_run(MOST, init());
    fake_peer_up(&rx.fake);
    fake_peer_up(&tx.fake);
    fuzz_wake(&rx, MOST);
    fuzz_wake(&tx, MOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    bool ready = false;

    fuzz_begin(input, size);
    set_up();
    while (fuzz_more()) {
        switch (fuzz8() % 9U) {
        case 0:
        case 1:
            fuzz_hurt(&rx);
            break;
        case 2:
        case 3:
            fuzz_hurt(&tx);
            break;
        case 4:
            get_buffer();
            break;
        case 5:
            send_buffer();
            break;
        case 6:
            return_buffer();
            break;
        case 7:
            fuzz_wake(&rx, MOST);
            break;
        default:
            fuzz_wake(&tx, MOST);
            fuzz_run(MOST, ready = net_client_ready(&nic));
            break;
        }
        check();
    }
    (void)ready;
    fake_finish();
    return 0;
}
