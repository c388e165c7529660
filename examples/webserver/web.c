/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A web server: files of a disk partition over HTTP/1.1, and the system's counters.
 *
 *     nic ── lwIP ── server ── answer ── site, cache ── disk
 *
 * Everything happens in turn, in small batches: frames, then what the disk has read,
 * then those who waited for it, until nothing is left to do. So neither a flood of
 * frames nor a slow disk keeps the other waiting.
 */
#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>

#include "net/lwip/quoll_lwip.h"

#include "answer.h"
#include "connection.h"
#include "disk.h"
#include "server.h"

#define HTTP_PORT 80

static struct netif interface;
static struct serial_client console;

static void work(void)
{
    bool more;

    do {
        bool frames = lwip_poll();
        bool read = disk_poll();
        bool headers = answer_poll();

        if (stream_freed_pages() || read) {
            server_work();
        }
        disk_settle();
        disk_flush();
        lwip_flush();
        more = frames || read || headers;
    } while (more);
}

void pd_start(void)
{
    if (serial_client_open(&console, "console") == QUOLL_OK) {
        serial_client_log(&console);
    }
    disk_open("disk");
    if (lwip_start(&interface, "nic", "clock") == QUOLL_OK) {
        quoll_log("%s on %s, port %u", server_start(HTTP_PORT) ? "listening" : "cannot listen",
                  ip4addr_ntoa(netif_ip4_addr(&interface)), HTTP_PORT);
    }
    work();
}

void pd_wake(microkit_channel channel)
{
    if (!serial_client_wake(&console, channel) && !lwip_wake(channel)) {
        disk_wake(channel);
    }
    work();
}
