/* SPDX-License-Identifier: BSD-2-Clause */
/* A block client whose virtualiser rewrites everything while it reads. */
#include "racing.h"

#include "block/client.c"

#define QUOTA 8U

static struct fake_peer virt;
static struct racer all[1];
static struct block_client disk;
static bool asked[QUOTA]; /* by the ids that we give, each at most once at a time */

void pd_start(void)
{
    assert_int_equal(block_client_open(&disk, "disk"), QUOLL_OK);
}

static void ask_again(void)
{
    for (uint32_t id = 0; id < QUOTA; id++) {
        if (!asked[id] && block_read(&disk, id, 1, 0, id) == QUOLL_OK) {
            asked[id] = true;
        }
    }
    block_client_publish(&disk);
}

/* Each answer is to one of our own requests, and to each there is one. */
void pd_wake(microkit_channel channel)
{
    struct block_response done;
    struct block_info info;

    (void)block_client_wake(&disk, channel);
    (void)block_client_info(&disk, &info);
    for (unsigned n = 0; n < 16 && block_client_next(&disk, &done); n++) {
        assert_true(done.id < QUOTA && asked[done.id]);
        asked[done.id] = false;
    }
    ask_again();
    (void)block_client_sleep(&disk);
}

static void check(void)
{
    unsigned outstanding = 0;

    for (uint32_t id = 0; id < QUOTA; id++) {
        outstanding += asked[id];
    }
    assert_int_equal(__builtin_popcountll(disk.busy | disk.lost), outstanding);
    assert_int_equal(disk.busy & disk.lost, 0);
    assert_int_equal((disk.busy | disk.lost) & ~disk.slots, 0);
}

static void make_response(void *entry)
{
    *(struct block_response *)entry = (struct block_response){.id = racing_draw(QUOTA + 2U)};
}

static void make_info(void *info)
{
    *(struct block_info *)info =
        (struct block_info){.blocks = 100, .block_size = 512, .max_count = 8, .ready = 1};
}

static void racing_virtualiser(void **state)
{
    (void)state;
    fake_reset();
    fake_link(&virt, LINK_BLOCK_CLIENT, "disk", 16, sizeof(struct block_request), 16,
              sizeof(struct block_response));
    (void)fake_region(&virt.config->data, 4096, 0x70000000);
    virt.config->settings.block.quota = QUOTA;
    all[0] = (struct racer){.peer = &virt,
                            .make = make_response,
                            .tell = make_info,
                            .entry = sizeof(struct block_response)};
    init();
    race(all, 1, check);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_virtualiser)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
