/* SPDX-License-Identifier: BSD-2-Clause */
#define LOOK look_entry
#include "twice.h"
