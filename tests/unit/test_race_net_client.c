/* SPDX-License-Identifier: BSD-2-Clause */
/* A network client whose copier and virtualiser rewrite everything while it reads. */
#include "racing.h"

#include "net/client.c"

#define BUFFERS 16U
#define DATA    (BUFFERS * NET_BUFFER_SIZE)

static struct fake_peer copier, tx_virt;
static struct racer all[2];
static struct net_client client;
static uint32_t sum; /* of all that was read */

void pd_start(void)
{
    assert_int_equal(net_client_open(&client, "nic"), QUOLL_OK);
}

/* As a program does it: read what came, send something of that length, sleep. */
void pd_wake(microkit_channel channel)
{
    struct net_received frame;

    (void)net_client_wake(&client, channel);
    (void)net_client_ready(&client);
    for (unsigned n = 0; n < 8 && net_receive(&client, &frame); n++) {
        uint8_t *buffer = net_tx_buffer(&client);

        assert_true(frame.buffer < BUFFERS && frame.length >= NET_FRAME_MIN &&
                    frame.length <= NET_FRAME_MAX);
        for (uint32_t i = 0; i < frame.length; i++) {
            sum += frame.data[i];
        }
        if (buffer != NULL) {
            memset(buffer, 0x55, frame.length);
            net_send(&client, buffer, frame.length);
        }
        net_return(&client, frame.buffer);
    }
    (void)net_client_sleep(&client);
}

/* Each buffer is in one place: in stock once, or with whom the ledger says. */
static void check_pool(const struct net_client_pool *pool)
{
    unsigned ours = 0, in_stock[BUFFERS] = {0};

    for (uint32_t n = 0; n < pool->stock; n++) {
        assert_true(pool->free[n] < BUFFERS);
        in_stock[pool->free[n]] += 1U;
    }
    for (unsigned n = 0; n < BUFFERS; n++) {
        assert_int_equal(in_stock[n], pool->holder[n] == OURS);
        ours += pool->holder[n] == OURS;
    }
    assert_int_equal(ours, pool->stock);
}

static void check(void)
{
    check_pool(&client.rx);
    check_pool(&client.tx);
}

static void make_frame(void *entry)
{
    *(struct net_frame *)entry = (struct net_frame){.offset = offset_of(racing_draw(BUFFERS)),
                                                    .length = (uint16_t)racing_draw(1600)};
}

static void make_info(void *info)
{
    *(struct net_info *)info = (struct net_info){.mtu = 1500, .ready = 1, .link = 1};
}

static void racing_peers(void **state)
{
    (void)state;
    fake_reset();
    fake_link(&copier, LINK_NET_RX_CLIENT, "nic", 16, sizeof(struct net_frame), 16,
              sizeof(struct net_frame));
    fake_link(&tx_virt, LINK_NET_TX_CLIENT, "nic", 16, sizeof(struct net_frame), 16,
              sizeof(struct net_frame));
    all[0] = (struct racer){.peer = &copier,
                            .make = make_frame,
                            .tell = make_info,
                            .entry = sizeof(struct net_frame),
                            .data = fake_region(&copier.config->data, DATA, 0x70000000),
                            .size = DATA};
    (void)fake_region(&tx_virt.config->data, DATA, 0x71000000);
    all[1] = (struct racer){
        .peer = &tx_virt, .make = make_frame, .tell = make_info, .entry = sizeof(struct net_frame)};
    init();
    race(all, 2, check);
    assert_true(fake_link_count(&copier, COUNT_BYTES) > 0);
    assert_true(fake_link_count(&tx_virt, COUNT_BYTES) > 0);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_peers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
