/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waking another protection domain.
 *
 * The Microkit can combine one signal with the wait that ends a wake-up, which
 * saves a system call, but it holds only one: a second deferred one would silently
 * replace the first (observed on 2.0.1). So the first signal of a wake-up is
 * deferred and any further one, to another channel, is sent at once.
 */
#ifndef QUOLL_SIGNAL_H
#define QUOLL_SIGNAL_H

#include <quoll/counters.h>
#include <quoll/microkit.h>

/** Notify the peer at this channel, now or at the end of this wake-up. Not from protected(). */
static inline void quoll_signal(microkit_channel channel)
{
    count(COUNT_SIGNALS, 1);
    if (!microkit_have_signal) {
        microkit_deferred_notify(channel);
    } else if (microkit_signal_cap != BASE_OUTPUT_NOTIFICATION_CAP + channel) {
        microkit_notify(channel);
    }
}

#endif
