/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOL_VERIFY_H
#define TOOL_VERIFY_H

#include "model.h"

/**
 * The last look at the composed system, by the laws and not by how it was made: one
 * writer per control page, DMA memory only where it belongs, nothing overlaps,
 * everything fits. Told as errors.
 *
 * @param shuffled  priorities were mixed on purpose
 */
void verify(const struct system *system, bool shuffled);

#endif
