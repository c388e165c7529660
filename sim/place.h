/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_PLACE_H
#define SIM_PLACE_H

#include "sim/sim.h"

/**
 * Where in the sources the innermost of these frames is that belongs to the protection
 * domain's program proper (not to sim/pd, not to an accessor): "file:line in function".
 */
void place_of_frames(const struct sim_pd *pd, void *const *frames, int count, char *text,
                     size_t size);

#endif
