/* SPDX-License-Identifier: BSD-2-Clause */
#define LOOK look_ring
#include "twice.h"
