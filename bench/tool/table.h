/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <jansson.h>
#include <stdio.h>

/** Print the cases of a set side by side. */
void table_print(json_t *set, FILE *file);

#endif
