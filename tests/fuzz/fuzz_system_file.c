/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of the Microkit's system files: what is not accepted is refused with a place. */
#include "fuzz.h"
#include "tools.h"

#include "tool/lib/microkit/description.h"

static bool accepted;

static void read_file(const char *path)
{
    struct description *d = description_read(path);

    accepted = false;
    if (d != NULL && diag_errors() == 0) {
        description_check(d);
        accepted = diag_errors() == 0;
    }
}

/* What a builder may then rely on. */
static void check(const char *path)
{
    struct description *d = description_read(path);

    FUZZ_CHECK(d != NULL && d->pd_count <= MAX_PDS);
    for (size_t i = 0; i < d->pd_count; i++) {
        const struct pd *pd = &d->pds[i];

        FUZZ_CHECK(pd->parent == NO_PD || pd->parent < i);
        FUZZ_CHECK(pd->priority <= 254 && pd->budget <= pd->period);
        for (size_t k = 0; k < pd->map_count; k++) {
            FUZZ_CHECK(pd->maps[k].region < d->region_count);
        }
        for (size_t k = 0; k < pd->irq_count; k++) {
            FUZZ_CHECK(pd->irqs[k].id < MAX_CHANNELS);
        }
    }
    for (size_t i = 0; i < d->channel_count; i++) {
        for (unsigned end = 0; end < 2; end++) {
            FUZZ_CHECK(d->channels[i].ends[end].pd < d->pd_count);
            FUZZ_CHECK(d->channels[i].ends[end].id < MAX_CHANNELS);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = tool_file(data, size);
    unsigned messages = tool_run(read_file, path, tool_lines(data, size));

    FUZZ_CHECK(accepted || messages > 0);
    if (accepted) {
        (void)tool_run(check, path, tool_lines(data, size));
    }
    return 0;
}
