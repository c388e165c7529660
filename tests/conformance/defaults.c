/* SPDX-License-Identifier: BSD-2-Clause */
/* For programs that have nothing to do in an entry point. */
#include <microkit.h>

__attribute__((weak)) void init(void)
{
}

__attribute__((weak)) void notified(microkit_channel ch)
{
    (void)ch;
}
