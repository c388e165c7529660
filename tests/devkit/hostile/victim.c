/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"
