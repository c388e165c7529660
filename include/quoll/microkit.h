/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SDK's <microkit.h>, included in the one order that works: it defines the
 * keyword __thread away, which must not reach the C library's headers.
 */
#ifndef QUOLL_MICROKIT_H
#define QUOLL_MICROKIT_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <microkit.h>
#undef __thread

#endif
