/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache operations that are noted: to be included before the program under test. */
#ifndef PLAYED_CACHES_H
#define PLAYED_CACHES_H

#include "fake_pd.h"

#include <quoll/dma.h>

static struct {
    const void *start;
    size_t size;
    bool invalidate;
} care[16];
static unsigned cares;

static void note(const void *start, size_t size, bool invalidate)
{
    if (cares < sizeof care / sizeof care[0]) {
        care[cares].start = start;
        care[cares].size = size;
        care[cares++].invalidate = invalidate;
    }
}

#define cache_clean(start, size)      note(start, size, false)
#define cache_invalidate(start, size) note(start, size, true)

#define assert_cared(n, start_, size_, invalidate_)                                                \
    do {                                                                                           \
        assert_ptr_equal(care[n].start, start_);                                                   \
        assert_int_equal(care[n].size, size_);                                                     \
        assert_int_equal(care[n].invalidate, invalidate_);                                         \
    } while (0)

#endif
