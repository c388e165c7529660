/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOLL_LWIP_SETTINGS_H
#define QUOLL_LWIP_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Read "10.0.2.16/24", or without prefix (NULL) "10.0.2.16".
 *
 * @param address  out, host byte order
 * @param prefix   out, 0 to 32
 * @return false if the text is anything else
 */
bool lwip_parse_address(const char *text, uint32_t *address, unsigned *prefix);

#endif
