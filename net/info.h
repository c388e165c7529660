/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Information on its way from the driver to the clients: whoever stands in between
 * passes it on when it is new, and says that nothing flows when its source is gone.
 */
#ifndef NET_INFO_H
#define NET_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/link.h>
#include <quoll/net.h>

struct net_relay {
    uint32_t generation; /* of the information that was passed on */
    struct net_info info;
};

/** A new life of the source says what it says for the first time. */
void net_relay_renew(struct net_relay *relay);

/* The slow path of net_relay_news(). */
bool net_relay_read(struct net_relay *relay, const struct link *source);

/** Whether relay->info is new and must be passed on; to be asked at each wake-up. */
static inline bool net_relay_news(struct net_relay *relay, const struct link *source)
{
    uint32_t generation = link_generation(source);

    if (source->up ? generation == relay->generation : relay->info.ready == 0) {
        return false;
    }
    return net_relay_read(relay, source);
}

/** Tell a client, or the one before it, with the client's own MAC address. */
void net_relay_tell(const struct net_relay *relay, struct link *client);

#endif
