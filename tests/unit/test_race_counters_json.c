/* SPDX-License-Identifier: BSD-2-Clause */
/* The counters of others, written out while they are rewritten. */
#include "racing.h"

#include "examples/webserver/counters_json.c"

#define PAGES 8U

static char out[COUNTERS_JSON_SIZE + 1];
static unsigned char pages[PAGES][QUOLL_COUNTERS_SIZE] __attribute__((aligned(8)));
static struct racer all[1];
static uint64_t length;

static void rewrite(void)
{
    volatile struct quoll_counters *page = (void *)pages[racing_draw(PAGES)];

    page->magic = racing_draw(8) == 0 ? 0 : QUOLL_COUNTERS_MAGIC;
    page->links = (uint16_t)(racing_draw(2) == 0 ? racing_draw(4) : racing_draw(65536));
    page->name[racing_draw(QUOLL_NAME_SIZE)] = (char)racing_draw(256);
    page->pd[racing_draw(QUOLL_PD_COUNTERS)] = (uint64_t)racing_draw(UINT32_MAX) << 32;
}

void pd_start(void)
{
}

void pd_wake(microkit_channel unused)
{
    (void)unused;
    length = counters_json(out, (const void *)pages, PAGES, 0);
}

/* As many lists as it says that there are links: never more than there can be. */
static void check(void)
{
    assert_true(length < COUNTERS_JSON_SIZE);
    assert_int_equal(length, strlen(out));
    assert_string_equal(out + length - 3, "]}\n");
    assert_int_equal(out[COUNTERS_JSON_SIZE], '#');
}

static void racing_pages(void **state)
{
    (void)state;
    fake_reset();
    out[COUNTERS_JSON_SIZE] = '#';
    all[0] = (struct racer){.write = rewrite};
    racing_wakeups = 4000;
    race(all, 1, check);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_pages)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
