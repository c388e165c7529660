/* SPDX-License-Identifier: BSD-2-Clause */
#define CAPACITY 4U
#define COUNT    2000U
#include "pd_numbers_consumer.c"
