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

#if defined(__aarch64__) && !defined(QUOLL_SIM)
#define QUOLL_IN_SET(set, channel) (((set) >> (channel)&1U) != 0)
#define QUOLL_KNOWN(truth)                                                                         \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            __builtin_unreachable();                                                               \
        }                                                                                          \
    } while (0)
#else
#define QUOLL_IN_SET(set, channel) true
#define QUOLL_KNOWN(truth)         ((void)0)
#endif

/**
 * Whether the Microkit knows the channel. It asks that at each signal, to say so if not; asked
 * once before, as link_open() does, neither the question nor the answer is in the way.
 */
static inline bool quoll_can_signal(microkit_channel channel)
{
    return channel < MICROKIT_MAX_CHANNELS && QUOLL_IN_SET(microkit_notifications, channel);
}

/** Of an interrupt's channel the same, asked for by microkit_irq_ack(). */
static inline bool quoll_can_ack(microkit_channel channel)
{
    return channel < MICROKIT_MAX_CHANNELS && QUOLL_IN_SET(microkit_irqs, channel);
}

/** microkit_irq_ack(), for a channel for which quoll_can_ack(). */
static inline void quoll_irq_ack(microkit_channel channel)
{
    QUOLL_KNOWN(quoll_can_ack(channel));
    microkit_irq_ack(channel);
}

/**
 * Notify the peer at this channel, for which quoll_can_signal(), now or at the end of this
 * wake-up. Not from protected().
 */
static inline void quoll_signal(microkit_channel channel)
{
    QUOLL_KNOWN(quoll_can_signal(channel));
    count(COUNT_SIGNALS, 1);
    if (!microkit_have_signal) {
        microkit_deferred_notify(channel);
    } else if (microkit_signal_cap != BASE_OUTPUT_NOTIFICATION_CAP + channel) {
        microkit_notify(channel);
    }
}

#endif
