/* SPDX-License-Identifier: BSD-2-Clause */
#define LOOK look_answer
#include "twice.h"
