/* SPDX-License-Identifier: BSD-2-Clause */
#define LOOK look_information
#include "twice.h"
