/* SPDX-License-Identifier: BSD-2-Clause */
#define NO_FENCE
#include "pd_toy_producer.c"
