/* SPDX-License-Identifier: BSD-2-Clause */
/* A copier whose virtualiser and client rewrite everything while it reads. */
#include "racing.h"

#include "net/copier.c"

#define POOL (64U * NET_BUFFER_SIZE)
#define DATA (32U * NET_BUFFER_SIZE)

static struct fake_peer virtualiser, client;
static struct racer all[2];

static void make_frame(void *entry)
{
    *(struct net_frame *)entry =
        (struct net_frame){.offset = racing_draw(64) * NET_BUFFER_SIZE + NET_HEADROOM,
                           .length = (uint16_t)racing_draw(1600)};
}

static void make_buffer(void *entry)
{
    *(struct net_frame *)entry =
        (struct net_frame){.offset = racing_draw(DATA), .length = (uint16_t)racing_draw(4096)};
}

/* ASan watches around both regions; what the client is told lies in its own. */
static void check(void)
{
    const struct net_frame *entries = (const void *)client.pd->produce.entries;

    for (unsigned slot = 0; slot < 32U; slot++) {
        assert_true(entries[slot].offset <= DATA &&
                    entries[slot].length <= DATA - entries[slot].offset);
    }
    assert_true(copier.virt.out.tail - copier.virt.out.published <= 32U);
}

static void racing_peers(void **state)
{
    (void)state;
    fake_reset();
    fake_link(&virtualiser, LINK_NET_RX_COPIER, "virtualiser", 32, sizeof(struct net_frame), 32,
              sizeof(struct net_frame));
    fake_link(&client, LINK_NET_RX_CLIENT, "client", 32, sizeof(struct net_frame), 32,
              sizeof(struct net_frame));
    all[0] = (struct racer){.peer = &virtualiser,
                            .make = make_frame,
                            .entry = sizeof(struct net_frame),
                            .data = fake_region(&virtualiser.config->data, POOL, 0x70000000),
                            .size = POOL};
    all[1] = (struct racer){.peer = &client,
                            .make = make_buffer,
                            .entry = sizeof(struct net_frame),
                            .data = fake_region(&client.config->data, DATA, 0x71000000),
                            .size = DATA};
    init();
    race(all, 2, check);
    assert_true(fake_link_count(&client, COUNT_BYTES) > 0);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_peers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
