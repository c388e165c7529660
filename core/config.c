/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <string.h>

#include <quoll/config.h>

const char *quoll_setting(const char *key)
{
    size_t length = strlen(key);

    for (const char *at = quoll_config.settings; *at != '\0'; at += strlen(at) + 1) {
        if (strncmp(at, key, length) == 0 && at[length] == '=') {
            return at + length + 1;
        }
    }
    return NULL;
}

const struct quoll_link_config *quoll_find_link(enum quoll_link_kind kind, const char *name,
                                                unsigned nth)
{
    for (unsigned i = 0; i < quoll_config.links; i++) {
        const struct quoll_link_config *link = &quoll_config.link[i];

        if (link->kind != kind || (name != NULL && strcmp(link->name, name) != 0)) {
            continue;
        }
        if (nth == 0) {
            return link;
        }
        nth -= 1;
    }
    return NULL;
}
