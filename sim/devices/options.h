/* SPDX-License-Identifier: BSD-2-Clause */
/* What options of devices are made of. Wrong ones end the simulator. */
#ifndef SIM_DEVICES_OPTIONS_H
#define SIM_DEVICES_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/device.h"

/** A number; `otherwise` if it is not given. */
uint64_t option_number(struct sim_device *device, const char *options, const char *key,
                       uint64_t otherwise);

/** Whether it is given, and not as "no". */
bool option_flag(const char *options, const char *key);

/** "word+word": a bit for each, as numbered by `words`, which NULL ends; "all": those of `all`. */
uint32_t option_words(struct sim_device *device, const char *options, const char *key,
                      const char *const *words, uint32_t all);

#endif
