/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio network driver with two virtualisers and a device that rewrite everything
 * while it reads: used rings, configuration, registers.
 */
#include "racing_virtio.h"

#include "net/driver.c"
#include "net/drivers/virtio_net.c"

static struct fake_peer rx_virt, tx_virt;
static struct racer all[3];

static uint32_t config(size_t at, unsigned size)
{
    (void)at;
    return racing_draw(UINT32_MAX) >> (32U - 8U * size);
}

static void write_device(void)
{
    if (racing_draw(2) == 0) {
        racing_use(&rx, racing_draw(RX_SIZE + 1U));
    } else {
        racing_use(&tx, 0);
    }
}

static void rewrite_rings(void)
{
    racing_ring(&rx);
    racing_ring(&tx);
}

/* What was received is no longer than a buffer. */
static void check_all(void)
{
    const struct net_rx_done *done = (const void *)rx_virt.pd->produce.entries;

    racing_check_queue(&rx, 1);
    racing_check_queue(&tx, 2);
    for (unsigned n = 0; n < 64U; n++) {
        assert_true(done[n].length <= NET_FRAME_MAX);
    }
}

static void make_buffer(void *entry)
{
    *(struct net_rx_buffer *)entry =
        (struct net_rx_buffer){.address = 0x1000, .id = racing_draw(64)};
}

static void make_frame(void *entry)
{
    *(struct net_tx_frame *)entry =
        (struct net_tx_frame){.head = 0x1000,
                              .body = 0x2000,
                              .head_length = 60,
                              .body_length = (uint16_t)(racing_draw(2) * 100U),
                              .id = racing_draw(64)};
}

static void racing_device(void **state)
{
    (void)state;
    fake_reset();
    racing_config = config;
    racing_device_begin(VIRTIO_ID_NET, 1U << VIRTIO_NET_F_MAC);
    fake_link(&rx_virt, LINK_NET_RX_DEVICE, "rx", 64, sizeof(struct net_rx_done), 64,
              sizeof(struct net_rx_buffer));
    fake_link(&tx_virt, LINK_NET_TX_DEVICE, "tx", 64, sizeof(struct net_tx_done), 64,
              sizeof(struct net_tx_frame));
    all[0] = (struct racer){
        .peer = &rx_virt, .make = make_buffer, .entry = sizeof(struct net_rx_buffer)};
    all[1] =
        (struct racer){.peer = &tx_virt, .make = make_frame, .entry = sizeof(struct net_tx_frame)};
    all[2] = (struct racer){.write = write_device, .storm = rewrite_rings};
    init();
    race(all, 3, check_all);
    printf("  %lu resets\n", (unsigned long)fake_pd_count(COUNT_RESETS));
    assert_true(fake_pd_count(COUNT_RESETS) > 100U);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_device)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
