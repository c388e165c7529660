/* SPDX-License-Identifier: BSD-2-Clause */
/* A link's information: the other side looks, or writes, at every moment in between. */
#include <stdatomic.h>
#include <string.h>

#include "fake_pd.h"

#include <quoll/panic.h>

static void (*at_fence)(void);
static unsigned fences;

static void played_fence(void)
{
    fences++;
    if (at_fence != NULL) {
        at_fence();
    }
}

#undef atomic_thread_fence
#define atomic_thread_fence(order) played_fence()
#include "core/link.c"

static struct fake_peer peer;
static struct link link_;

static int begin(void **state)
{
    (void)state;
    fake_reset();
    fake_link(&peer, LINK_TIMER_DEVICE, "peer", 4, 4, 4, 4);
    memset(&link_, 0, sizeof link_);
    at_fence = NULL;
    link_open(&link_, peer.config, 4);
    fake_peer_up(&peer);
    assert_int_equal(link_check(&link_), LINK_CAME_UP);
    (void)fake_signals(0);
    fences = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

/* At the first fence nothing is written that is not marked; at the second, all is. */
static void what_is_written_is_marked(void)
{
    assert_int_equal(peer.pd->generation & 1U, fences == 1);
    assert_int_equal(peer.pd->info[0], fences == 1 ? 0 : 'a');
    assert_int_equal(fake_signals(0), 0);
}

static void what_is_being_written_is_marked(void **state)
{
    (void)state;
    at_fence = what_is_written_is_marked;
    link_tell(&link_, "abc", 3);
    assert_int_equal(fences, 2);
    assert_int_equal(peer.pd->generation & 1U, 0);
    assert_memory_equal(peer.pd->info, "abc", 3);
    assert_int_equal(fake_signals(0), 1);
}

static void the_peer_writes(void)
{
    peer.half->generation += 1;
}

static void what_changes_while_it_is_read_is_not_told(void **state)
{
    char text[4] = "xyz";

    (void)state;
    fake_peer_tell(&peer, "abc", 3);
    assert_true(link_told(&link_, text, 3));
    assert_memory_equal(text, "abc", 3);
    assert_int_equal(fences, 1);
    at_fence = the_peer_writes;
    assert_false(link_told(&link_, text, 3));
    assert_memory_equal(text, "\0\0\0", 3);
    at_fence = NULL;
    assert_false(link_told(&link_, text, 3)); /* odd: it is writing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_being_written_is_marked, begin, tear_down),
        cmocka_unit_test_setup_teardown(what_changes_while_it_is_read_is_not_told, begin,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
