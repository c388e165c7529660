/* SPDX-License-Identifier: BSD-2-Clause */
#define NO_SECOND_LOOK
#include "pd_toy_consumer.c"
