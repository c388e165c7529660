/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser with peers that rewrite everything while it reads. */
#include "racing.h"

#include "net/tx_virt.c"

#define HEADS    32U
#define HEADS_IO 0x70000000ULL
#define DATA     65536U
#define DATA_IO  0x71000000ULL

static struct fake_peer driver, clients[2];
static struct racer all[3];
static uint32_t checked; /* of the driver's entries */

static void make_done(void *entry)
{
    *(struct net_tx_done *)entry = (struct net_tx_done){racing_draw(HEADS)};
}

static void make_frame(void *entry)
{
    *(struct net_frame *)entry =
        (struct net_frame){.offset = racing_draw(DATA), .length = (uint16_t)racing_draw(1600)};
}

/* What the driver is given lies in a head and in one client's data. */
static void check_frame(const struct net_tx_frame *frame)
{
    uint64_t head = frame->head - HEADS_IO, body = frame->body - DATA_IO;
    uint64_t client = body / (16U * DATA), offset = body % (16U * DATA);

    assert_true(head < (uint64_t)HEADS * NET_HEAD_SIZE);
    assert_int_equal(head % NET_HEAD_SIZE, NET_HEADROOM);
    assert_true(frame->head_length <= NET_HEAD_SIZE - NET_HEADROOM);
    assert_true(frame->head_length + frame->body_length <= NET_FRAME_MAX);
    assert_true(client < 2 && offset <= DATA && frame->body_length <= DATA - offset);
    /* What was checked is what leaves: nobody else writes heads. (Used again, it is another's.) */
    if (client_of(tx_ledger_owner(&virt.ledger, frame->id)) == client) {
        assert_true(mac_at(virt.heads + head - NET_HEADROOM + SOURCE_MAC) == virt.client[client].mac);
    }
}

static void check(void)
{
    const struct net_tx_frame *entries = (const void *)driver.pd->produce.entries;
    uint32_t held[2] = {0, 0}, out = 0;

    if (driver.pd->produce.tail < checked) {
        checked = 0; /* a new life */
    }
    for (; checked != driver.pd->produce.tail; checked++) {
        uint32_t id = entries[checked % 32U].id;

        assert_true(id < HEADS);
        if (tx_ledger_owner(&virt.ledger, id) != IN_STOCK) {
            check_frame(&entries[checked % 32U]);
        }
    }
    for (unsigned id = 0; id < HEADS; id++) {
        if (tx_ledger_owner(&virt.ledger, id) != IN_STOCK) {
            out += 1;
            held[client_of(tx_ledger_owner(&virt.ledger, id))] += 1;
        }
    }
    assert_int_equal(virt.ledger.stock + out, HEADS);
    assert_int_equal(held[0], virt.client[0].held);
    assert_int_equal(held[1], virt.client[1].held);
}

static void racing_peers(void **state)
{
    (void)state;
    fake_reset();
    fake_region(&fake_config.own, HEADS * NET_HEAD_SIZE, HEADS_IO);
    fake_link(&driver, LINK_NET_TX_DEVICE, "driver", 32, sizeof(struct net_tx_frame), 32,
              sizeof(struct net_tx_done));
    all[0] =
        (struct racer){.peer = &driver, .make = make_done, .entry = sizeof(struct net_tx_done)};
    for (unsigned i = 0; i < 2; i++) {
        fake_link(&clients[i], LINK_NET_TX_CLIENT, "client", 32, sizeof(struct net_frame), 32,
                  sizeof(struct net_frame));
        /* Frames with this MAC address everywhere are what the writer is likely to leave. */
        memset(clients[i].config->settings.net.mac, (int)i + 2, 6);
        all[i + 1] = (struct racer){
            .peer = &clients[i], .make = make_frame, .entry = sizeof(struct net_frame)};
        memset(fake_region(&clients[i].config->data, DATA, DATA_IO + i * 16U * DATA), (int)i + 2,
               DATA);
        all[i + 1].data = (void *)(uintptr_t)clients[i].config->data.vaddr;
        all[i + 1].size = DATA / 4U;
    }
    init();
    race(all, 3, check);
    assert_true(fake_link_count(&clients[0], COUNT_BYTES) > 0);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_peers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
