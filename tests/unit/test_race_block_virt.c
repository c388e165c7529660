/* SPDX-License-Identifier: BSD-2-Clause */
/* The block virtualiser with a driver and clients that rewrite everything while it reads. */
#include "racing.h"

#include "block_virt_world.h"

static struct racer all[3];

static void make_request(void *entry)
{
    *(struct block_request *)entry =
        (struct block_request){.id = racing_draw(8),
                               .operation = (uint16_t)(BLOCK_READ + racing_draw(5)),
                               .count = 1U + racing_draw(9),
                               .block = racing_draw(24),
                               .data = 512U * racing_draw(130)};
}

static void make_response(void *entry)
{
    *(struct block_response *)entry = (struct block_response){.id = racing_draw(LEDGER_SLOTS)};
}

/* Of a disk that makes sense, or nearly. */
static void make_info(void *info)
{
    *(struct block_info *)info = (struct block_info){.blocks = IMAGE_BLOCKS,
                                                     .block_size = racing_draw(4) == 0 ? 300 : 512,
                                                     .max_count = racing_draw(4),
                                                     .ready = 1,
                                                     .writable = (uint8_t)racing_draw(3)};
}

/* What is with the driver keeps to its owner's partition and data. */
static void check_slot(const struct ledger_slot *slot)
{
    const struct block_request *r = &slot->request;
    bool is_a = slot->owner == 0;
    uint64_t first = is_a ? SITE : LOG, blocks = is_a ? 20 : 101, data = is_a ? A_IO : B_IO;

    if (r->operation == BLOCK_FLUSH) {
        return;
    }
    assert_true(r->block >= first && r->block - first <= blocks &&
                r->count <= blocks - (r->block - first));
    assert_true(is_a || r->operation == BLOCK_READ);
    if (r->operation == BLOCK_READ || r->operation == BLOCK_WRITE) {
        assert_true(r->data >= data && r->data - data <= DATA_SIZE);
        assert_true(r->count * 512U <= DATA_SIZE - (r->data - data));
    }
}

static void check_world(void)
{
    uint64_t owned = 0;

    if (virt.disk.ready) {
        assert_true(virt.disk.block_size == 512 && virt.disk.max_count > 0);
        assert_true(virt.disk.writable <= 1);
    }
    for (unsigned i = 0; i < virt.clients; i++) {
        const struct virt_client *c = &virt.client[i];
        assert_int_equal(__builtin_popcountll(c->held), c->outstanding);
        assert_true((owned & (c->held | c->orphaned)) == 0);
        owned |= c->held | c->orphaned;
    }
    assert_true((virt.ledger.unsent & ~virt.ledger.used) == 0);
    assert_true((owned & ~virt.ledger.used) == 0);
    for (unsigned n = 1; n < LEDGER_SLOTS; n++) {
        if ((virt.ledger.used & LEDGER_BIT(n)) != 0) {
            check_slot(&virt.ledger.slot[n]);
        }
    }
}

/* An honest driver: it answers all that it is asked. */
static void check_and_answer(void)
{
    struct block_request r;

    check_world();
    while (queue_look(&driver.in) > 0 && block_requests_take(&driver.in, &r)) {
        (void)queue_release(&driver.in);
        assert_true(r.block + r.count <= IMAGE_BLOCKS);
        reply(r.id, QUOLL_OK);
    }
    wake(&driver);
    check_world();
}

/* The disk stays what it is: its information and table are not part of this race. */
static void racing_clients(void **state)
{
    (void)state;
    all[0] =
        (struct racer){.peer = &a, .make = make_request, .entry = sizeof(struct block_request)};
    all[1] =
        (struct racer){.peer = &b, .make = make_request, .entry = sizeof(struct block_request)};
    race(all, 2, check_and_answer);
}

static void racing_clients_and_driver(void **state)
{
    (void)state;
    all[0] =
        (struct racer){.peer = &a, .make = make_request, .entry = sizeof(struct block_request)};
    all[1] =
        (struct racer){.peer = &b, .make = make_request, .entry = sizeof(struct block_request)};
    all[2] = (struct racer){.peer = &driver,
                            .make = make_response,
                            .tell = make_info,
                            .entry = sizeof(struct block_response),
                            .data = own,
                            .size = 65536};
    race(all, 3, check_world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(racing_clients, set_up, tear_down),
        cmocka_unit_test_setup_teardown(racing_clients_and_driver, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
