/* SPDX-License-Identifier: BSD-2-Clause */
#define LOOK look_data
#include "twice.h"
