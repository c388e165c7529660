/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "fake_pd.h"

#include "block/driver.c"
#include "core/pd.c"

#define IRQ   40U
#define QUEUE 8U

static struct fake_peer virt;

/* The device, played: what it was given, and how it behaves. */
static struct {
    enum quoll_error find, stop, start;
    unsigned stops, starts, publishes;
    unsigned limit; /* requests at once */
    unsigned held;
    struct block_request request[64];
    struct block_response done[64]; /* ready to be fetched */
    unsigned dones;
    bool broken;
    bool running;
    enum block_event event;
    uint64_t new_blocks;
    struct block_info info;
} fake;

static enum quoll_error fake_find(void)
{
    return fake.find;
}

static enum quoll_error fake_stop(void)
{
    fake.stops++;
    fake.running = fake.running && fake.stop != QUOLL_OK;
    fake.broken = false;
    fake.dones = 0;
    return fake.stop;
}

static enum quoll_error fake_start(struct block_info *info)
{
    assert_false(fake.running); /* only ever a stopped device */
    fake.starts++;
    fake.running = fake.start == QUOLL_OK;
    *info = fake.info;
    return fake.start;
}

static unsigned fake_room(void)
{
    return fake.limit - fake.held;
}

static void fake_submit(const struct block_request *request)
{
    assert_true(fake.running && fake.held < fake.limit);
    fake.request[fake.held++] = *request;
}

static void fake_publish(void)
{
    fake.publishes++;
}

static bool fake_next(struct block_response *done)
{
    if (fake.dones == 0) {
        return false;
    }
    *done = fake.done[--fake.dones];
    return true;
}

static bool fake_sleep(void)
{
    return fake.dones == 0;
}

static bool fake_lost(uint32_t *id)
{
    if (fake.held == 0) {
        return false;
    }
    *id = fake.request[--fake.held].id;
    return true;
}

static enum block_event fake_interrupted(struct block_info *info)
{
    enum block_event event = fake.event;

    fake.event = BLOCK_EVENT_NONE;
    if (event == BLOCK_EVENT_CHANGED) {
        info->blocks = fake.new_blocks;
    }
    return event;
}

static bool fake_broken(void)
{
    return fake.broken;
}

static const struct block_device operations = {
    .find = fake_find,
    .stop = fake_stop,
    .start = fake_start,
    .room = fake_room,
    .submit = fake_submit,
    .publish = fake_publish,
    .next = fake_next,
    .sleep = fake_sleep,
    .lost = fake_lost,
    .interrupted = fake_interrupted,
    .broken = fake_broken,
};

void pd_start(void)
{
    block_driver_start(&operations);
}

void pd_wake(microkit_channel channel)
{
    block_driver_wake(channel);
}

/* The device finishes its n-th request. */
static void finish(unsigned n, int32_t status)
{
    fake.done[fake.dones++] = (struct block_response){.id = fake.request[n].id, .status = status};
    fake.request[n] = fake.request[--fake.held];
}

static struct block_info info_told(void)
{
    struct block_info info;

    memcpy(&info, virt.pd->info, sizeof info);
    return info;
}

static void knock(void)
{
    notified(virt.config->channel);
}

static int set_up_cold(void **state)
{
    (void)state;
    fake_reset();
    memset(&driver, 0, sizeof driver);
    memset(&fake, 0, sizeof fake);
    fake.limit = 4;
    fake.info = (struct block_info){
        .blocks = 100, .block_size = 512, .max_count = 8, .writable = 1, .can_flush = 1};
    fake_config.device.interrupt[0] = IRQ;
    fake_link(&virt, LINK_BLOCK_DEVICE, "virt", QUEUE, sizeof(struct block_response), QUEUE,
              sizeof(struct block_request));
    return 0;
}

static int set_up(void **state)
{
    set_up_cold(state);
    init();
    fake_peer_up(&virt);
    knock();
    (void)fake_signals(virt.config->channel);
    (void)fake_acks(IRQ);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static const struct block_request good = {
    .id = 5, .operation = BLOCK_READ, .count = 8, .block = 92, .data = 0xabc000};

static void ask(struct block_request request)
{
    fake_put(block_requests, &virt, &request);
}

static void expect(uint32_t id, int32_t status)
{
    struct block_response response;

    fake_take(block_responses, &virt, &response);
    assert_int_equal(response.id, id);
    assert_int_equal(response.status, status);
}

static void expect_nothing(void)
{
    assert_int_equal(queue_look(&virt.in), 0);
}

static void the_device_rests_until_the_link_is_up(void **state)
{
    (void)state;
    init();
    assert_int_equal(fake.stops, 1);
    assert_int_equal(fake.starts, 0);
    assert_int_equal(fake_acks(IRQ), 1); /* what is pending at start */
    assert_int_equal(info_told().ready, 0);
    fake_peer_up(&virt);
    knock();
    assert_int_equal(fake.starts, 1);
    assert_int_equal(info_told().ready, 1);
    assert_int_equal(info_told().blocks, 100);
}

static void a_device_that_is_missing_is_said(void **state)
{
    (void)state;
    fake.find = QUOLL_ENOTFOUND;
    init();
    fake_peer_up(&virt);
    knock();
    assert_int_equal(fake.starts, 0);
    assert_int_equal(fake.stops, 0);
    assert_int_equal(info_told().error, QUOLL_ENOTFOUND);
    ask(good);
    knock();
    expect(5, QUOLL_EDOWN);
}

static void a_device_that_does_not_start_is_said(void **state)
{
    (void)state;
    fake.start = QUOLL_EUNSUPPORTED;
    init();
    fake_peer_up(&virt);
    knock();
    assert_int_equal(info_told().ready, 0);
    assert_int_equal(info_told().error, QUOLL_EUNSUPPORTED);
    assert_int_equal(info_told().blocks, 0);
}

static void without_rest_there_is_no_link(void **state)
{
    (void)state;
    fake.running = true; /* from an earlier life */
    fake.stop = QUOLL_ETIMEDOUT;
    init();
    fake_peer_up(&virt);
    knock();
    assert_int_equal(virt.pd->life, 0);
    assert_int_equal(fake.starts, 0);
    fake.stop = QUOLL_OK;
    knock();
    assert_int_equal(virt.pd->life, 1);
    assert_int_equal(info_told().ready, 1);
}

static void requests_go_to_the_device_and_answers_come_back(void **state)
{
    (void)state;
    ask(good);
    knock();
    assert_int_equal(fake.held, 1);
    assert_memory_equal(&fake.request[0], &good, sizeof good);
    assert_true(fake.publishes > 0);
    expect_nothing();
    (void)queue_sleep(&virt.in);
    (void)fake_signals(virt.config->channel);
    finish(0, QUOLL_EIO);
    notified(IRQ);
    assert_int_equal(fake_acks(IRQ), 1);
    assert_int_equal(fake_signals(virt.config->channel), 1);
    expect(5, QUOLL_EIO);
    expect_nothing();
    assert_int_equal(fake_pd_count(COUNT_INTERRUPTS), 1);
}

static void what_the_device_cannot_have_is_refused(void **state)
{
    static const struct {
        uint64_t block;
        uint32_t count;
        uint16_t operation;
        int32_t status;
    } cases[] = {
        {100, 1, BLOCK_READ, QUOLL_EINVALID},
        {99, 2, BLOCK_WRITE, QUOLL_EINVALID},
        {0, 0, BLOCK_READ, QUOLL_EINVALID},
        {0, 9, BLOCK_READ, QUOLL_EINVALID},
        {0, UINT32_MAX, BLOCK_READ, QUOLL_EINVALID},
        {UINT64_MAX, 1, BLOCK_READ, QUOLL_EINVALID},
        {UINT64_MAX - 7, 8, BLOCK_WRITE, QUOLL_EINVALID},
        {0, 1, 0, QUOLL_EINVALID},
        {0, 1, 6, QUOLL_EINVALID},
        {0, 1, UINT16_MAX, QUOLL_EINVALID},
        {0, 1, BLOCK_DISCARD, QUOLL_EUNSUPPORTED},
        {0, 1, BLOCK_WRITE_ZEROES, QUOLL_EUNSUPPORTED},
        {100, 1, BLOCK_DISCARD, QUOLL_EINVALID},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask((struct block_request){.id = i,
                                   .operation = cases[i].operation,
                                   .count = cases[i].count,
                                   .block = cases[i].block});
        knock();
        expect(i, cases[i].status);
        assert_int_equal(fake.held, 0);
    }
    assert_int_equal(fake_link_count(&virt, COUNT_REFUSED), sizeof cases / sizeof cases[0]);
}

static void a_read_only_device_is_not_written(void **state)
{
    struct block_request request = good;

    (void)state;
    fake.info.writable = 0;
    fake_peer_new_life(&virt); /* so that the device is started anew */
    knock();
    request.operation = BLOCK_WRITE;
    ask(request);
    knock();
    expect(5, QUOLL_EDENIED);
}

static void a_flush_without_cache_is_answered_at_once(void **state)
{
    (void)state;
    fake.info.can_flush = 0;
    fake_peer_new_life(&virt);
    knock();
    ask((struct block_request){.id = 9, .operation = BLOCK_FLUSH});
    knock();
    expect(9, QUOLL_OK);
    assert_int_equal(fake.held, 0);
}

static void a_full_device_is_waited_for(void **state)
{
    struct block_request request = good;

    (void)state;
    for (request.id = 0; request.id < 6; request.id++) {
        ask(request);
    }
    knock();
    assert_int_equal(fake.held, 4);
    finish(0, QUOLL_OK);
    notified(IRQ);
    assert_int_equal(fake.held, 4);
    assert_int_equal(fake.request[3].id, 4);
    expect(0, QUOLL_OK);
}

static void responses_always_find_room(void **state)
{
    struct block_request bad = {.operation = BLOCK_READ};
    struct block_response response;

    (void)state;
    ask(good); /* in flight: one slot of the response queue is its */
    knock();
    for (bad.id = 100; bad.id < 100 + QUEUE; bad.id++) {
        ask(bad);
    }
    knock();
    assert_int_equal(queue_look(&virt.in), QUEUE - 1);
    assert_int_equal(virt.out.tail - driver.link.in.head, 1);
    finish(0, QUOLL_OK);
    notified(IRQ);
    assert_int_equal(queue_look(&virt.in), QUEUE);
    assert_int_equal(fake_link_count(&virt, COUNT_DROPPED), 0);
    /* Full, and a request waits: the virtualiser's release wakes us. */
    assert_true(block_responses_take(&virt.in, &response));
    assert_true(queue_release(&virt.in));
    knock();
    assert_int_equal(queue_look(&virt.in), QUEUE);
    assert_int_equal(virt.out.tail - driver.link.in.head, 0);
    for (unsigned round = 0; round < 3; round++) {
        ask(good);
        knock();
        assert_int_equal(virt.out.tail - driver.link.in.head, 1); /* not taken */
        assert_true(block_responses_take(&virt.in, &response));
        assert_true(queue_release(&virt.in));
        knock();
        assert_int_equal(fake.held, 1);
        finish(0, QUOLL_OK);
        notified(IRQ);
        assert_int_equal(queue_look(&virt.in), QUEUE);
    }
}

static void a_failed_device_is_reset_and_what_it_held_is_lost(void **state)
{
    (void)state;
    ask(good);
    knock();
    fake.event = BLOCK_EVENT_FAILED;
    notified(IRQ);
    assert_int_equal(fake.stops, 2);
    assert_int_equal(fake.starts, 2);
    expect(5, QUOLL_ERESET);
    assert_int_equal(info_told().ready, 1);
    ask(good);
    knock();
    fake.broken = true;
    notified(IRQ);
    expect(5, QUOLL_ERESET);
    assert_int_equal(fake.stops, 3);
    ask(good);
    knock();
    finish(0, QUOLL_OK);
    notified(IRQ);
    expect(5, QUOLL_OK);
    expect_nothing();
}

static void a_device_that_fails_again_and_again_is_given_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= RESETS_MAX; i++) {
        assert_int_equal(info_told().ready, 1);
        ask(good);
        knock();
        fake.broken = true;
        notified(IRQ);
        expect(5, QUOLL_ERESET);
    }
    assert_int_equal(info_told().ready, 0);
    assert_int_equal(info_told().error, QUOLL_EIO);
    ask(good);
    knock();
    expect(5, QUOLL_EDOWN);
    assert_false(fake.running);
}

static void a_device_that_fails_and_does_not_rest_keeps_what_it_held(void **state)
{
    (void)state;
    ask(good);
    knock();
    fake.event = BLOCK_EVENT_FAILED;
    fake.stop = QUOLL_ETIMEDOUT;
    notified(IRQ);
    expect_nothing(); /* no answer: the data are not the client's yet */
    assert_int_equal(info_told().error, QUOLL_ETIMEDOUT);
    /* Nor does a new life of the virtualiser get a link, until it rests. */
    fake_peer_new_life(&virt);
    knock();
    assert_int_equal(virt.pd->seen, 1);
    fake.stop = QUOLL_OK;
    knock();
    assert_int_equal(virt.pd->seen, 2);
}

static void a_changed_capacity_is_told(void **state)
{
    (void)state;
    fake.event = BLOCK_EVENT_CHANGED;
    fake.new_blocks = 50;
    notified(IRQ);
    assert_int_equal(info_told().blocks, 50);
    ask(good);
    knock();
    expect(5, QUOLL_EINVALID);
}

static void a_new_virtualiser_finds_a_device_at_rest(void **state)
{
    (void)state;
    ask(good);
    knock();
    assert_int_equal(fake.held, 1);
    fake_lives[virt.config->peer_pd] += 1; /* dead */
    knock();
    assert_int_equal(fake.stops, 2);
    assert_int_equal(fake.starts, 1);
    assert_int_equal(info_told().ready, 0);
    assert_int_equal(virt.pd->seen, 2);
    fake.held = 0;
    fake_peer_up(&virt);
    knock();
    assert_int_equal(fake.starts, 2);
    assert_int_equal(fake.stops, 2);
    assert_int_equal(info_told().ready, 1);
    expect_nothing();
    for (unsigned i = 0; i < QUEUE; i++) { /* nothing of the old life takes room away */
        ask((struct block_request){.id = i});
    }
    knock();
    assert_int_equal(queue_look(&virt.in), QUEUE);
}

static void a_device_that_fails_now_and_then_is_not_given_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5 * RESETS_MAX; i++) {
        ask(good);
        knock();
        if (i % RESETS_MAX == 0) {
            finish(0, QUOLL_OK);
            notified(IRQ);
            expect(5, QUOLL_OK);
        } else {
            fake.broken = true;
            notified(IRQ);
            expect(5, QUOLL_ERESET);
        }
        assert_int_equal(info_told().ready, 1);
    }
}

static void a_broken_virtualiser_is_not_obeyed(void **state)
{
    (void)state;
    virt.half->produce.tail += QUEUE + 1;
    knock();
    assert_int_equal(fake.held, 0);
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 1);
    virt.half->consume.head += 100;
    knock();
    fake_peer_new_life(&virt);
    knock();
    ask(good);
    knock();
    assert_int_equal(fake.held, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(requests_go_to_the_device_and_answers_come_back),
        IN_A_PD(what_the_device_cannot_have_is_refused),
        IN_A_PD(a_read_only_device_is_not_written),
        IN_A_PD(a_flush_without_cache_is_answered_at_once),
        IN_A_PD(a_full_device_is_waited_for),
        IN_A_PD(responses_always_find_room),
        IN_A_PD(a_failed_device_is_reset_and_what_it_held_is_lost),
        IN_A_PD(a_device_that_fails_again_and_again_is_given_up),
        IN_A_PD(a_device_that_fails_and_does_not_rest_keeps_what_it_held),
        IN_A_PD(a_changed_capacity_is_told),
        IN_A_PD(a_new_virtualiser_finds_a_device_at_rest),
        IN_A_PD(a_device_that_fails_now_and_then_is_not_given_up),
        IN_A_PD(a_broken_virtualiser_is_not_obeyed),
        cmocka_unit_test_setup_teardown(the_device_rests_until_the_link_is_up, set_up_cold,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_device_that_is_missing_is_said, set_up_cold, tear_down),
        cmocka_unit_test_setup_teardown(a_device_that_does_not_start_is_said, set_up_cold,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_rest_there_is_no_link, set_up_cold, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
