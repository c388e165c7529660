/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <sel4/config_common.h>

#define CONFIG_DEBUG_BUILD 1
#define CONFIG_PRINTING    1
