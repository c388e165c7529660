/* SPDX-License-Identifier: BSD-2-Clause */
/* Information that an honest peer rewrites while it is read: all of one piece, or none. */
#include "racing.h"

/* Byte by byte, to be interrupted. */
static inline void *slowly(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    }
    return to;
}

#define memcpy slowly
#include "core/link.c"
#undef memcpy

static struct fake_peer peer;
static struct racer all[1];
static struct link opened, theirs;
static unsigned whole, torn;

void pd_start(void)
{
    link_open(&opened, peer.config, 1);
}

void pd_wake(microkit_channel channel)
{
    uint8_t info[LINK_INFO_SIZE];

    (void)channel;
    (void)link_check(&opened);
    if (!link_told(&opened, info, sizeof info)) {
        torn += 1;
        return;
    }
    whole += 1;
    for (unsigned i = 1; i < sizeof info; i++) {
        assert_int_equal(info[i], info[0]);
    }
}

static void tell(void)
{
    uint8_t info[LINK_INFO_SIZE];

    memset(info, (int)racing_draw(256), sizeof info);
    link_tell(&theirs, info, sizeof info);
}

static void check(void)
{
    assert_true(opened.up);
}

static void racing_teller(void **state)
{
    (void)state;
    fake_reset();
    fake_link(&peer, LINK_BLOCK_CLIENT, "disk", 4, 4, 4, 4);
    init();
    fake_peer_up(&peer);
    theirs = (struct link){.config = peer.config, .mine = peer.half};
    all[0] = (struct racer){.write = tell};
    racing_alone = true;
    racing_wakeups = 20000;
    race(all, 1, check);
    assert_true(whole > 0 && torn > 0);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_teller)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
