/* SPDX-License-Identifier: BSD-2-Clause */
#include "board.h"

const struct board boards[] = {
#include "boards.inc"
};

const size_t board_count = sizeof boards / sizeof boards[0];
