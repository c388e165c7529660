/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOL_COMPOSE_H
#define TOOL_COMPOSE_H

#include "model.h"

/** How many protection domains a description needs, the supervisor's included. */
size_t compose_count_pds(const struct description *d);

/** What a part of a device is called; `client` only for parts per client. */
const char *compose_part_name(const struct device *device, const struct class_part *part,
                              const struct client *client);

/**
 * Compose the system that a resolved description without errors asks for. Total:
 * what could go wrong was checked before, and verify() checks the result.
 */
struct system *compose(const struct description *d, const struct sdk *sdk,
                       const struct library *library);

/** Mix the order of start and the priorities of all but the supervisor, by a seed. */
void compose_shuffle(struct system *system, uint64_t seed);

#endif
