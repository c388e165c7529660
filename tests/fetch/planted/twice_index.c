/* SPDX-License-Identifier: BSD-2-Clause */
#define LOOK look_index
#include "twice.h"
