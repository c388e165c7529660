/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <quoll/queue_entries.h>

#include "fake_pd.h"

struct entry {
    uint64_t value;
};
QUEUE_OF(entries, struct entry);

static struct fake_peer peer;
static struct link link_;

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&link_, 0, sizeof link_);
    fake_link(&peer, LINK_TIMER_CLIENT, "peer", 4, sizeof(struct entry), 8, sizeof(struct entry));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void opening_announces_the_half_and_notifies(void **state)
{
    (void)state;
    link_open(&link_, peer.config, sizeof(struct entry));
    assert_int_equal(peer.pd->magic, LINK_MAGIC);
    assert_int_equal(peer.pd->version, LINK_VERSION);
    assert_int_equal(peer.pd->kind, LINK_TIMER_CLIENT);
    assert_int_equal(peer.pd->entry_size, sizeof(struct entry));
    assert_int_equal(peer.pd->capacity, 4);
    assert_int_equal(peer.pd->life, 1);
    assert_int_equal(peer.pd->seen, 1);
    assert_int_equal(fake_signals(0), 1);
}

static void a_link_to_zeroed_memory_is_down(void **state)
{
    (void)state;
    link_open(&link_, peer.config, sizeof(struct entry));
    assert_int_equal(link_check(&link_), LINK_DOWN);
    assert_int_equal(link_check(&link_), LINK_DOWN);
}

static void it_comes_up_once_whoever_starts_first(void **state)
{
    (void)state;
    for (unsigned peer_first = 0; peer_first < 2; peer_first++) {
        set_up(NULL);
        if (peer_first) {
            fake_peer_up(&peer);
        }
        link_open(&link_, peer.config, sizeof(struct entry));
        if (!peer_first) {
            assert_int_equal(link_check(&link_), LINK_DOWN);
            fake_peer_up(&peer);
        }
        assert_int_equal(link_check(&link_), LINK_CAME_UP);
        assert_int_equal(link_check(&link_), LINK_UP);
        assert_int_equal(fake_link_count(&peer, COUNT_LIVES), 1);
    }
}

static void a_half_of_another_version_or_without_magic_is_nobody(void **state)
{
    (void)state;
    link_open(&link_, peer.config, sizeof(struct entry));
    fake_peer_up(&peer);
    peer.half->version = LINK_VERSION + 1;
    assert_int_equal(link_check(&link_), LINK_DOWN);
    peer.half->version = LINK_VERSION;
    peer.half->magic ^= 1;
    assert_int_equal(link_check(&link_), LINK_DOWN);
    peer.half->magic ^= 1;
    assert_int_equal(link_check(&link_), LINK_CAME_UP);
}

static void start(void)
{
    link_open(&link_, peer.config, sizeof(struct entry));
    fake_peer_up(&peer);
    assert_int_equal(link_check(&link_), LINK_CAME_UP);
    (void)fake_signals(0);
}

static void entries_cross_both_ways(void **state)
{
    struct entry got;

    (void)state;
    start();
    fake_put(entries, &peer, &((struct entry){42}));
    assert_int_equal(queue_look(&link_.in), 1);
    assert_true(entries_take(&link_.in, &got));
    assert_int_equal(got.value, 42);
    link_release(&link_);
    assert_int_equal(fake_link_count(&peer, COUNT_TAKEN), 1);

    assert_int_equal(queue_look_for_room(&link_.out), 4);
    assert_true(entries_put(&link_.out, &(struct entry){43}));
    link_publish(&link_);
    assert_int_equal(fake_link_count(&peer, COUNT_PUT), 1);
    fake_take(entries, &peer, &got);
    assert_int_equal(got.value, 43);
}

static void publishing_notifies_only_a_sleeping_peer(void **state)
{
    (void)state;
    start();
    assert_true(queue_sleep(&peer.in));
    queue_look_for_room(&link_.out);
    entries_put(&link_.out, &(struct entry){1});
    link_publish(&link_);
    assert_int_equal(fake_signals(0), 1);
    entries_put(&link_.out, &(struct entry){2});
    link_publish(&link_);
    assert_int_equal(fake_signals(0), 0);
}

static void giving_back_notifies_only_a_peer_that_waits(void **state)
{
    struct entry entry = {1};

    (void)state;
    start();
    assert_true(queue_look_for_room(&peer.out) > 0 && entries_put(&peer.out, &entry));
    (void)queue_publish(&peer.out);
    assert_true(queue_look(&link_.in) == 1 && entries_take(&link_.in, &entry));
    link_release(&link_); /* so that the indices are not all 0 */
    for (unsigned waits = 0; waits < 2; waits++) {
        while (queue_look_for_room(&peer.out) > 0) {
            assert_true(entries_put(&peer.out, &entry));
            (void)queue_publish(&peer.out);
        }
        assert_true(waits == 0 || queue_wait_for_room(&peer.out));
        (void)fake_signals(0);
        assert_true(queue_look(&link_.in) > 0);
        while (entries_take(&link_.in, &entry)) {}
        uint32_t fresh = link_show_head(&link_);

        queue_fence();
        link_wake(&link_, 0, fresh);
        assert_int_equal(fake_signals(0), waits);
    }
}

static void a_new_life_of_the_peer_resets_our_half_before_it_is_seen(void **state)
{
    struct entry got;

    (void)state;
    start();
    queue_look_for_room(&link_.out);
    entries_put(&link_.out, &(struct entry){1});
    link_publish(&link_);
    fake_put(entries, &peer, &((struct entry){2}));
    (void)fake_signals(0);

    /* The supervisor has spoken, the peer has not started yet: its old half must not count. */
    fake_lives[peer.config->peer_pd] = 1;
    assert_int_equal(link_check(&link_), LINK_DOWN);
    assert_int_equal(peer.pd->seen, 2);
    assert_int_equal(peer.pd->produce.tail, 0);
    assert_int_equal(fake_signals(0), 1);
    assert_int_equal(link_check(&link_), LINK_DOWN);
    assert_int_equal(fake_signals(0), 0);

    fake_peer_up(&peer);
    assert_int_equal(link_check(&link_), LINK_CAME_UP);
    assert_int_equal(link_check(&link_), LINK_UP);
    assert_int_equal(queue_look(&link_.in), 0);
    fake_put(entries, &peer, &((struct entry){3}));
    queue_look(&link_.in);
    assert_true(entries_take(&link_.in, &got));
    assert_int_equal(got.value, 3);
    assert_int_equal(fake_link_count(&peer, COUNT_LIVES), 2);
}

static void a_new_life_of_ours_waits_until_the_peer_has_seen_it(void **state)
{
    (void)state;
    start();
    fake_put(entries, &peer, &((struct entry){2}));

    /* Our restart: variables zero, the peer's half still as it was for our old life. */
    fake_lives[fake_config.pd] = 1;
    memset(&link_, 0, sizeof link_);
    link_open(&link_, peer.config, sizeof(struct entry));
    assert_int_equal(peer.pd->life, 2);
    assert_int_equal(link_check(&link_), LINK_DOWN);
    fake_peer_up(&peer);
    assert_int_equal(link_check(&link_), LINK_CAME_UP);
    assert_int_equal(queue_look(&link_.in), 0);
}

static void a_broken_link_is_silent_until_the_peer_lives_anew(void **state)
{
    (void)state;
    start();
    assert_false(link_broken(&link_));
    peer.half->produce.tail = 1000;
    assert_int_equal(queue_look(&link_.in), 0);
    assert_true(link_broken(&link_));
    assert_true(link_broken(&link_));
    assert_int_equal(fake_link_count(&peer, COUNT_BROKEN), 1);
    assert_int_equal(link_check(&link_), LINK_UP);
    fake_peer_new_life(&peer);
    assert_int_equal(link_check(&link_), LINK_CAME_UP);
    assert_false(link_broken(&link_));
    fake_put(entries, &peer, &((struct entry){3}));
    assert_int_equal(queue_look(&link_.in), 1);
}

/* It began between our link_check() and our look; its life is counted first (the supervisor). */
static void a_peer_in_a_new_life_is_not_accused(void **state)
{
    (void)state;
    start();
    fake_lives[peer.config->peer_pd] += 1;
    peer.half->produce.tail = 1000;
    assert_int_equal(queue_look(&link_.in), 0);
    assert_true(link_broken(&link_));
    assert_int_equal(fake_link_count(&peer, COUNT_BROKEN), 0);
}

static void information_is_read_whole_or_not_at_all(void **state)
{
    uint64_t info = 0x1122334455667788, got = 1;

    (void)state;
    assert_false(link_told(&(struct link){.peer = peer.half}, &got, sizeof got));
    assert_int_equal(got, 0);
    start();
    fake_peer_tell(&peer, &info, sizeof info);
    assert_true(link_told(&link_, &got, sizeof got));
    assert_int_equal(got, info);
    peer.half->generation |= 1;
    assert_false(link_told(&link_, &got, sizeof got));
    assert_int_equal(got, 0);
}

static void telling_bumps_the_generation_and_notifies(void **state)
{
    uint32_t info = 77;

    (void)state;
    start();
    link_tell(&link_, &info, sizeof info);
    assert_int_equal(peer.pd->generation, 2);
    assert_memory_equal(peer.pd->info, &info, sizeof info);
    assert_int_equal(fake_signals(0), 1);
}

static void the_first_signal_is_deferred_and_others_are_sent_at_once(void **state)
{
    struct fake_peer second;

    (void)state;
    fake_link(&second, LINK_TIMER_CLIENT, "second", 4, 8, 4, 8);
    quoll_signal(0);
    assert_true(microkit_have_signal);
    quoll_signal(1);
    assert_true(microkit_have_signal);
    assert_int_equal(microkit_signal_cap, BASE_OUTPUT_NOTIFICATION_CAP + 0);
    quoll_signal(0); /* already on its way */
    assert_int_equal(fake_signals(1), 1);
    assert_int_equal(fake_signals(0), 1);
    assert_int_equal(fake_pd_count(COUNT_SIGNALS), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(opening_announces_the_half_and_notifies),
        IN_A_PD(a_link_to_zeroed_memory_is_down),
        IN_A_PD(it_comes_up_once_whoever_starts_first),
        IN_A_PD(a_half_of_another_version_or_without_magic_is_nobody),
        IN_A_PD(entries_cross_both_ways),
        IN_A_PD(publishing_notifies_only_a_sleeping_peer),
        IN_A_PD(giving_back_notifies_only_a_peer_that_waits),
        IN_A_PD(a_new_life_of_the_peer_resets_our_half_before_it_is_seen),
        IN_A_PD(a_new_life_of_ours_waits_until_the_peer_has_seen_it),
        IN_A_PD(a_broken_link_is_silent_until_the_peer_lives_anew),
        IN_A_PD(a_peer_in_a_new_life_is_not_accused),
        IN_A_PD(information_is_read_whole_or_not_at_all),
        IN_A_PD(telling_bumps_the_generation_and_notifies),
        IN_A_PD(the_first_signal_is_deferred_and_others_are_sent_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
