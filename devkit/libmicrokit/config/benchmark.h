/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <sel4/config_common.h>

#define CONFIG_ENABLE_BENCHMARKS           1
#define CONFIG_BENCHMARK_TRACK_UTILISATION 1
#define CONFIG_EXPORT_PMU_USER             1
