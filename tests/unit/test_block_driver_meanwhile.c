/* SPDX-License-Identifier: BSD-2-Clause */
/* The block driver's virtualiser acts while it goes to sleep: nothing is overslept. */
#include <string.h>

#include "meanwhile.h"

#include "fake_pd.h"

#include "block/driver.c"

static struct fake_peer virt;
static bool told;
static unsigned submitted;

static enum quoll_error all_is_well(void)
{
    return QUOLL_OK;
}

static enum quoll_error start_device(struct block_info *info)
{
    info->blocks = 100;
    info->block_size = 512;
    info->max_count = 8;
    return QUOLL_OK;
}

static unsigned always_room(void)
{
    return 1;
}

static void submit(const struct block_request *request)
{
    (void)request;
    submitted++;
}

static void nothing(void)
{
}

static bool never_done(struct block_response *done)
{
    (void)done;
    return false;
}

static bool asleep(void)
{
    return true;
}

static bool never_lost(uint32_t *id)
{
    (void)id;
    return false;
}

static bool never_broken(void)
{
    return false;
}

static const struct block_device device = {.find = all_is_well,
                                           .stop = all_is_well,
                                           .start = start_device,
                                           .room = always_room,
                                           .submit = submit,
                                           .publish = nothing,
                                           .next = never_done,
                                           .sleep = asleep,
                                           .lost = never_lost,
                                           .broken = never_broken};

void pd_start(void)
{
    block_driver_start(&device);
}

void pd_wake(microkit_channel channel)
{
    block_driver_wake(channel);
}

static void begin(unsigned responses)
{
    memset(&driver, 0, sizeof driver);
    fake_reset();
    submitted = 0;
    fake_link(&virt, LINK_BLOCK_DEVICE, "virt", responses, sizeof(struct block_response), 8,
              sizeof(struct block_request));
    init();
    fake_peer_up(&virt);
    notified(virt.config->channel);
    told = false;
}

static void put(uint64_t block)
{
    assert_true(queue_look_for_room(&virt.out) > 0);
    assert_true(block_requests_put(
        &virt.out, &(struct block_request){.operation = BLOCK_READ, .block = block, .count = 1}));
    told = queue_publish(&virt.out) || told;
}

static void another_comes(void)
{
    put(2);
}

static void no_request_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        begin(8);
        put(1);
        told = false;
        meanwhile(n, another_comes);
        notified(virt.config->channel);
        more = meanwhile_done();
        if (told) {
            notified(virt.config->channel);
        }
        assert_int_equal(submitted, more ? 2 : 1);
        fake_finish();
    }
}

static unsigned answers;

static void answers_are_read(void)
{
    struct block_response response;

    (void)queue_look(&virt.in);
    while (block_responses_take(&virt.in, &response)) {
        assert_int_equal(response.status, QUOLL_EINVALID);
        answers++;
    }
    told = queue_release(&virt.in) || told;
}

/* Requests that are refused at once, more of them than there is room for answers. */
static void no_room_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        begin(2);
        put(1000);
        notified(virt.config->channel);
        answers_are_read(); /* so that the indices are not all 0 */
        answers = 0;
        for (unsigned i = 0; i < 7; i++) {
            put(1000);
        }
        told = false;
        (void)fake_signals(virt.config->channel);
        (void)queue_sleep(&virt.in);
        meanwhile(n, answers_are_read);
        notified(virt.config->channel);
        more = meanwhile_done();
        for (unsigned round = 0; round < 10; round++) {
            if (fake_signals(virt.config->channel) > 0) {
                answers_are_read();
                (void)queue_sleep(&virt.in);
            }
            if (told) {
                told = false;
                notified(virt.config->channel);
            }
        }
        assert_int_equal(answers, 7);
        fake_finish();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_request_is_overslept),
        cmocka_unit_test(no_room_is_overslept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
