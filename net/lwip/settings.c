/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 addresses as people write them: four decimal numbers, and "/length" where a
 * network is meant. Nothing else is taken (no octal, no short forms), so that no
 * typing mistake becomes another address.
 */
#include "net/lwip/settings.h"

/* @return whether a decimal number up to `most` stood at *at; moves *at past it */
static bool number(const char **at, unsigned most, unsigned *value)
{
    const char *start = *at;

    *value = 0;
    for (; **at >= '0' && **at <= '9' && *at - start < 3; *at += 1) {
        *value = *value * 10U + (unsigned)(**at - '0');
    }
    bool leading_zero = *at - start > 1 && *start == '0';

    return *at > start && !leading_zero && *value <= most;
}

bool lwip_parse_address(const char *text, uint32_t *address, unsigned *prefix)
{
    unsigned value;

    *address = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0 && *text++ != '.') {
            return false;
        }
        if (!number(&text, 255, &value)) {
            return false;
        }
        *address = *address << 8 | value;
    }
    if (prefix != NULL) {
        if (*text++ != '/' || !number(&text, 32, prefix)) {
            return false;
        }
    }
    return *text == '\0';
}
