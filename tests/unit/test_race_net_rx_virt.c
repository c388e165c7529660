/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive virtualiser with peers that rewrite everything while it reads. */
#include "racing.h"

#include "net/rx_virt.c"

#define BUFFERS 64U
#define POOL_IO 0x70000000ULL

static struct fake_peer driver, copiers[2];
static struct racer all[3];

static void make_done(void *entry)
{
    *(struct net_rx_done *)entry = (struct net_rx_done){racing_draw(BUFFERS), racing_draw(1600)};
}

static void make_return(void *entry)
{
    *(struct net_frame *)entry =
        (struct net_frame){.offset = racing_draw(BUFFERS) * NET_BUFFER_SIZE + NET_HEADROOM};
}

/* Each buffer is in stock once, or somebody has it, and the counts say so. */
static void check(void)
{
    uint32_t in_stock[BUFFERS] = {0}, held[2] = {0, 0};

    for (uint32_t n = 0; n < virt.ledger.stock; n++) {
        in_stock[virt.ledger.free[n]] += 1U;
    }
    for (uint32_t id = 0; id < BUFFERS; id++) {
        assert_int_equal(in_stock[id], virt.ledger.holders[id] == 0);
        assert_true(virt.ledger.holders[id] == RX_LEDGER_DRIVER ||
                    (virt.ledger.holders[id] & ~UINT64_C(3)) == 0);
        held[0] += (uint32_t)virt.ledger.holders[id] & 1U;
        held[1] += (uint32_t)virt.ledger.holders[id] >> 1 & 1U;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (rx.taker[i].link.up && !link_broken(&rx.taker[i].link)) {
            assert_int_equal(held[i], rx.taker[i].link.out.tail - rx.taker[i].returned);
        }
        assert_true(held[i] <= BUFFERS * 3U / 8U);
    }
}

static void racing_peers(void **state)
{
    (void)state;
    fake_reset();
    fake_region(&fake_config.own, BUFFERS * NET_BUFFER_SIZE, POOL_IO);
    fake_link(&driver, LINK_NET_RX_DEVICE, "driver", 64, sizeof(struct net_rx_buffer), 64,
              sizeof(struct net_rx_done));
    all[0] = (struct racer){.peer = &driver,
                            .make = make_done,
                            .entry = sizeof(struct net_rx_done),
                            .data = (void *)(uintptr_t)fake_config.own.vaddr,
                            .size = BUFFERS * NET_BUFFER_SIZE};
    for (unsigned i = 0; i < 2; i++) {
        fake_link(&copiers[i], LINK_NET_RX_COPIER, "copier", 32, sizeof(struct net_frame), 32,
                  sizeof(struct net_frame));
        memset(copiers[i].config->settings.net.mac, 0, 6);
        copiers[i].config->settings.net.mac[5] = (uint8_t)i;
        all[i + 1] = (struct racer){
            .peer = &copiers[i], .make = make_return, .entry = sizeof(struct net_frame)};
    }
    init();
    race(all, 3, check);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_peers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
