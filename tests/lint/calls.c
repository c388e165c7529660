/* SPDX-License-Identifier: BSD-2-Clause */
/* Who calls whom: no function may come to call itself, for no stack is without end. */
#include <string.h>

#include "lint.h"

#define MOST 20000

static struct call {
    const char *from, *to; /* names for facts, which are kept: equal texts are equal addresses */
} calls[MOST];
static unsigned count;

void calls_add(CXCursor caller, CXCursor callee)
{
    const char *from = usr_of(caller), *to = usr_of(callee);

    for (unsigned i = 0; i < count; i++) {
        if (calls[i].from == from && calls[i].to == to) {
            return;
        }
    }
    if (count < MOST) {
        calls[count++] = (struct call){from, to};
    }
}

/* Whether `from` reaches `to`, not by way of what was looked at before: `seen` marks calls. */
static bool reaches(const char *from, const char *to, bool *seen)
{
    for (unsigned i = 0; i < count; i++) {
        if (calls[i].from == from && !seen[i]) {
            seen[i] = true;
            if (calls[i].to == to || reaches(calls[i].to, to, seen)) {
                return true;
            }
        }
    }
    return false;
}

bool calls_itself(CXCursor function)
{
    bool seen[MOST] = {false};
    const char *name = usr_of(function);

    return reaches(name, name, seen);
}
