/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of system.yaml that speaks of clients.
 */
#ifndef TOOL_CLIENTS_H
#define TOOL_CLIENTS_H

#include "description.h"
#include "yaml_tree.h"

/** Read the mapping of clients; the devices must have been read. Errors are told. */
void clients_read(struct description *d, const struct value *map);

/** Whether a device or client can be called so; told as an error if not. */
bool description_check_name(const struct entry *entry, const char *what);

#endif
