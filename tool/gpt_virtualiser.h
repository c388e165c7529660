/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the block virtualiser will read an image's partition table: asked of its own reader. */
#ifndef TOOL_GPT_VIRTUALISER_H
#define TOOL_GPT_VIRTUALISER_H

#include <stdint.h>
#include <stdio.h>

/** @return why it will not, or NULL */
const char *gpt_virtualiser_refuses(FILE *image, uint64_t blocks);

#endif
