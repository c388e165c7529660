/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines that the lint must find end in a comment that names the rule; it may find no others. */
#ifndef PLANTED_H
#define PLANTED_H

void unknown(const void *memory);

#endif
