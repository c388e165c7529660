/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A protection domain's two entry points. The core owns the Microkit's init() and
 * notified(); every program provides these instead.
 *
 * pd_start() is called for the first start and for every restart alike, with all
 * variables zero: open the links, reset the device, acknowledge what is pending.
 */
#ifndef QUOLL_PD_H
#define QUOLL_PD_H

#include <quoll/microkit.h>

void pd_start(void);

/** Called once per channel that was notified. `channel` is a link's or an interrupt's. */
void pd_wake(microkit_channel channel);

#endif
