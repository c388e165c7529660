/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of the framework that turns on its neighbours when its life says so
 * (lives.h): its real source is included after this file, with its entry points under
 * other names; the engine's take their place.
 */
#ifndef HOSTILE_TURNCOAT_H
#define HOSTILE_TURNCOAT_H

#include <quoll/pd.h>

void honest_start(void);
void honest_wake(microkit_channel channel);

#define pd_start honest_start
#define pd_wake  honest_wake

#endif
