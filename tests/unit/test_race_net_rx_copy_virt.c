/* SPDX-License-Identifier: BSD-2-Clause */
/* The copying receive virtualiser with peers that rewrite everything while it reads. */
#include "racing.h"

#include "net/rx_copy_virt.c"

#include "rx_places.h"

#define BUFFERS 64U
#define POOL_IO 0x70000000ULL
#define DATA    (32U * NET_BUFFER_SIZE)

static struct fake_peer driver, clients[2];
static struct racer all[3];

static void make_done(void *entry)
{
    *(struct net_rx_done *)entry = (struct net_rx_done){racing_draw(BUFFERS), racing_draw(1600)};
}

static void make_buffer(void *entry)
{
    *(struct net_frame *)entry =
        (struct net_frame){.offset = racing_draw(DATA), .length = (uint16_t)racing_draw(4096)};
}

/* The driver has each buffer where we know it to be; what clients are told lies in their own. */
static void check(void)
{
    for (uint32_t id = 0; id < BUFFERS; id++) {
        assert_true(is_in_place(id));
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct net_frame *entries = (const void *)clients[i].pd->produce.entries;

        for (unsigned slot = 0; slot < 32U; slot++) {
            assert_true(entries[slot].offset <= DATA &&
                        entries[slot].length <= DATA - entries[slot].offset);
        }
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
        fake_link(&clients[i], LINK_NET_RX_CLIENT, "client", 32, sizeof(struct net_frame), 32,
                  sizeof(struct net_frame));
        memset(clients[i].config->settings.net.mac, 0, 6);
        clients[i].config->settings.net.mac[5] = (uint8_t)i;
        all[i + 1] = (struct racer){.peer = &clients[i],
                                    .make = make_buffer,
                                    .entry = sizeof(struct net_frame),
                                    .data = fake_region(&clients[i].config->data, DATA, 0),
                                    .size = DATA};
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
