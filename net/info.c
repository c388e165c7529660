/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "info.h"

void net_relay_renew(struct net_relay *relay)
{
    relay->generation = 1; /* no generation of whole information is odd */
}

bool net_relay_read(struct net_relay *relay, const struct link *source)
{
    uint32_t generation = link_generation(source);

    if (!source->up) {
        relay->info.ready = 0;
        return true;
    }
    if (!link_told(source, &relay->info, sizeof relay->info)) {
        return false; /* in the middle of writing it: the source will wake us */
    }
    relay->generation = generation;
    relay->info.ready = relay->info.ready == 1;
    relay->info.link = relay->info.link == 1;
    return true;
}

void net_relay_tell(const struct net_relay *relay, struct link *client)
{
    struct net_info info = relay->info;

    memcpy(info.mac, client->config->settings.net.mac, sizeof info.mac);
    link_tell(client, &info, sizeof info);
}
