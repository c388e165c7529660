/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tool's reader of disk images: refused with a reason, or a table that the block
 * virtualiser reads in the same way.
 */
#include <string.h>

#include "disk.h"
#include "fuzz.h"
#include "tools.h"

#include "tool/gpt.h"

/* Partitions of one name, or of one in other scripts, are never found. */
static bool can_be_found(const struct gpt *gpt, const struct gpt_partition *p)
{
    unsigned number = 0;

    LIST_EACH(const struct gpt_partition, other, gpt->partitions)
    {
        number += strcmp(other->name, p->name) == 0;
    }
    return number == 1 && p->name[0] != '\0' && strchr(p->name, '?') == NULL;
}

static void read_file(const char *path)
{
    struct gpt gpt;
    const char *problem = gpt_read(path, &gpt);

    if (problem != NULL) {
        FUZZ_CHECK(problem[0] != '\0');
        return;
    }
    LIST_EACH(const struct gpt_partition, p, gpt.partitions)
    {
        FUZZ_CHECK(p->number >= 1 && p->first <= p->last);
        FUZZ_CHECK(memchr(p->name, '\0', sizeof p->name) != NULL);
        FUZZ_CHECK(!can_be_found(&gpt, p) || disk_has(p->name, p->first, p->last));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_begin(data, size);
    const uint8_t *bytes = disk_make(false, &size);

    (void)tool_run(read_file, tool_file(bytes, size), 0);
    return 0;
}
