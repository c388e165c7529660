/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The web server's block cache: what is kept, what is given up, and in which order.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_pd.h"

#include "examples/webserver/cache.c"

static struct cache cache;

/* Have a piece in the cache, as if read from disk. */
static uint32_t load(uint64_t piece)
{
    uint32_t page = cache_find(&cache, piece);

    if (page == CACHE_NONE) {
        page = cache_claim(&cache, piece);
        assert_int_not_equal(page, CACHE_NONE);
        cache_done(&cache, page, true);
    }
    assert_int_equal(cache.page[page].state, CACHE_GOOD);
    assert_int_equal(cache.page[page].piece, piece);
    return page;
}

static void what_was_used_last_stays(void **state)
{
    cache_begin(&cache, 3);
    load(10);
    load(20);
    load(30);
    load(10);
    load(40); /* in place of 20 */
    assert_true(cache_has(&cache, 10));
    assert_false(cache_has(&cache, 20));
    assert_true(cache_has(&cache, 30));
    assert_true(cache_has(&cache, 40));
    load(50); /* in place of 30 */
    assert_false(cache_has(&cache, 30));
    assert_int_equal(cache.hits, 1);
    assert_int_equal(cache.misses, 5);
    (void)state;
}

static void pinned_and_reading_pages_stay(void **state)
{
    uint32_t pinned, reading;

    cache_begin(&cache, 3);
    pinned = load(1);
    cache_pin(&cache, pinned);
    cache_pin(&cache, pinned);
    reading = cache_claim(&cache, 2);
    load(3);
    load(4); /* the third page is all that is left */
    load(5);
    assert_true(cache_has(&cache, 1));
    assert_true(cache_has(&cache, 2));
    cache_pin(&cache, load(5));
    assert_int_equal(cache_claim(&cache, 6), CACHE_NONE);
    assert_false(cache_has(&cache, 6));
    cache_unpin(&cache, pinned);
    assert_int_equal(cache_claim(&cache, 6), CACHE_NONE); /* one pin is left */
    cache_unpin(&cache, pinned);
    assert_int_equal(cache_claim(&cache, 6), pinned);
    assert_int_equal(cache.reading, 2);
    cache_done(&cache, reading, true);
    assert_int_equal(cache.reading, 1);
    assert_int_equal(cache_find(&cache, 2), reading);
    (void)state;
}

static void a_failure_is_seen_and_then_forgotten(void **state)
{
    uint32_t page;

    cache_begin(&cache, 2);
    load(1);
    page = cache_claim(&cache, 2);
    cache_done(&cache, page, false);
    assert_int_equal(cache_find(&cache, 2), page);
    assert_int_equal(cache.page[page].state, CACHE_FAILED);
    cache_forget(&cache, page);
    assert_false(cache_has(&cache, 2));
    assert_int_equal(cache_claim(&cache, 3), page); /* free pages go first */
    assert_true(cache_has(&cache, 1));
    (void)state;
}

static void no_pages_no_cache(void **state)
{
    cache_begin(&cache, 0);
    assert_int_equal(cache_find(&cache, 0), CACHE_NONE);
    assert_int_equal(cache_claim(&cache, 0), CACHE_NONE);
    cache_begin(&cache, UINT32_MAX);
    assert_int_equal(cache.pages, CACHE_PAGES_MAX);
    (void)state;
}

/* Against a plain model, with all kinds of steps mixed. */
static void as_a_plain_model_does(void **state)
{
    enum { PAGES = 7, PIECES = 19 };
    uint64_t used[PIECES] = {0}; /* when last used; 0: not in the cache */
    unsigned pins[PIECES] = {0};
    uint64_t now = 0;
    unsigned held = 0;

    srand(1);
    cache_begin(&cache, PAGES);
    for (unsigned step = 0; step < 200000; step++) {
        unsigned piece = (unsigned)rand() % PIECES;

        assert_int_equal(cache_has(&cache, piece), used[piece] != 0);
        if (pins[piece] > 0 && rand() % 2 == 0) {
            pins[piece] -= 1;
            cache_unpin(&cache, cache_find(&cache, piece));
            used[piece] = ++now;
            continue;
        }
        if (used[piece] == 0) {
            unsigned victim = PIECES;

            for (unsigned i = 0; i < PIECES && held == PAGES; i++) {
                if (used[i] != 0 && pins[i] == 0 && (victim == PIECES || used[i] < used[victim])) {
                    victim = i;
                }
            }
            uint32_t page = cache_claim(&cache, piece);

            assert_int_equal(page == CACHE_NONE, held == PAGES && victim == PIECES);
            if (page == CACHE_NONE) {
                continue;
            }
            cache_done(&cache, page, true);
            held += victim == PIECES;
            if (victim != PIECES) {
                used[victim] = 0;
            }
        }
        load(piece);
        used[piece] = ++now;
        if (rand() % 3 == 0) {
            pins[piece] += 1;
            cache_pin(&cache, cache_find(&cache, piece));
        }
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_used_last_stays),
        cmocka_unit_test(pinned_and_reading_pages_stay),
        cmocka_unit_test(a_failure_is_seen_and_then_forgotten),
        cmocka_unit_test(no_pages_no_cache),
        cmocka_unit_test(as_a_plain_model_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
