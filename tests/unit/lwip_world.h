/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network of one: lwIP on an interface whose packets come back to it, so that a test
 * is both ends of a TCP connection, and can lose packets or have lwIP's calls fail. To be
 * included before the code under test.
 *
 *     world_begin();
 *     ... tcp_new(), tcp_connect(pcb, &world.netif.ip_addr, 80, ...) ...
 *     world_run(300);        ms
 *     world_end();           all connections are gone; did anything leak?
 */
#ifndef LWIP_WORLD_H
#define LWIP_WORLD_H

#include <string.h>

#include "fake_pd.h"

#include <quoll/time.h>

#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/memp.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"

#define WORLD_PACKETS 512U

static struct {
    struct netif netif;
    unsigned char packet[WORLD_PACKETS][1500];
    uint16_t length[WORLD_PACKETS];
    unsigned first, count;
    unsigned lose; /* about one packet in so many; 0: none */
    uint64_t dice;
    unsigned fail_in;     /* the so-manieth call from now fails; 0: none */
    unsigned calls;       /* that might have failed */
    unsigned memory_free; /* what lwIP had at the beginning */
} world;

static bool world_fails(void)
{
    world.calls += 1;
    return world.fail_in > 0 && --world.fail_in == 0;
}

/* What may fail for want of memory does when it is told to. */
#define tcp_write(...)    (world_fails() ? ERR_MEM : tcp_write(__VA_ARGS__))
#define tcp_shutdown(...) (world_fails() ? ERR_MEM : tcp_shutdown(__VA_ARGS__))
#define tcp_close(...)    (world_fails() ? ERR_MEM : tcp_close(__VA_ARGS__))

/* TCP's checksum is the interface's task (lwipopts.h). */
static void world_sum(unsigned char *packet, uint16_t length)
{
    unsigned char pseudo[12] = {[9] = IP_PROTO_TCP};
    uint32_t sum;

    memcpy(pseudo, packet + 12, 8);
    pseudo[10] = (unsigned char)((length - IP_HLEN) >> 8);
    pseudo[11] = (unsigned char)(length - IP_HLEN);
    memset(packet + IP_HLEN + 16, 0, 2);
    sum = quoll_checksum(pseudo, sizeof pseudo);
    sum += quoll_checksum(packet + IP_HLEN, length - IP_HLEN);
    sum = (uint16_t) ~((sum & 0xffffU) + (sum >> 16));
    memcpy(packet + IP_HLEN + 16, &sum, 2);
}

static err_t world_output(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
    unsigned n = (world.first + world.count) % WORLD_PACKETS;

    (void)netif, (void)to;
    world.dice = world.dice * 6364136223846793005U + 1442695040888963407U;
    if (world.lose > 0 && (world.dice >> 33) % world.lose == 0) {
        return ERR_OK;
    }
    assert_true(world.count < WORLD_PACKETS && p->tot_len <= sizeof world.packet[0]);
    world.length[n] = pbuf_copy_partial(p, world.packet[n], p->tot_len, 0);
    world_sum(world.packet[n], world.length[n]);
    world.count += 1;
    return ERR_OK;
}

static err_t world_set_up(struct netif *netif)
{
    netif->output = world_output;
    netif->mtu = 1500;
    return ERR_OK;
}

/* Records of each kind that lwIP could still give out, but for its timers', which go on. */
static unsigned world_memory(void)
{
    static void *taken[65536];
    unsigned count = 0;

    for (memp_t kind = MEMP_TCP_PCB; kind < MEMP_MAX; kind++) {
        unsigned first = count;

        if (kind == MEMP_SYS_TIMEOUT) {
            continue;
        }
        while ((taken[count] = memp_malloc(kind)) != NULL) {
            count++;
        }
        for (unsigned n = first; n < count; n++) {
            memp_free(kind, taken[n]);
        }
    }
    return count;
}

static void world_begin(void)
{
    static bool begun;
    ip4_addr_t address = {.addr = lwip_htonl(0x0a000210)};
    ip4_addr_t mask = {.addr = lwip_htonl(0xffffff00)};

    if (!begun) {
        lwip_init();
        netif_add(&world.netif, &address, &mask, &address, NULL, world_set_up, ip4_input);
        netif_set_default(&world.netif);
        netif_set_up(&world.netif);
        netif_set_link_up(&world.netif);
        begun = true;
    }
    world.first = world.count = world.lose = world.fail_in = world.calls = 0;
    world.memory_free = world_memory();
}

static void world_deliver(void)
{
    for (unsigned n = 0; world.count > 0; n++) {
        struct pbuf *p = pbuf_alloc(PBUF_RAW, world.length[world.first], PBUF_RAM);

        assert_true(n < 100000);
        assert_non_null(p);
        pbuf_take(p, world.packet[world.first], world.length[world.first]);
        world.first = (world.first + 1) % WORLD_PACKETS;
        world.count -= 1;
        assert_int_equal(world.netif.input(p, &world.netif), ERR_OK);
    }
}

/* Packets take no time; lwIP's timers go on in steps of their own. */
static void world_run(unsigned ms)
{
    world_deliver();
    for (unsigned passed = 0; passed < ms; passed += TCP_TMR_INTERVAL) {
        fake_time += QUOLL_MS(TCP_TMR_INTERVAL);
        tcp_tmr();
        world_deliver();
    }
}

static void world_end(void)
{
    while (tcp_active_pcbs != NULL) {
        tcp_abort(tcp_active_pcbs);
    }
    while (tcp_tw_pcbs != NULL) {
        tcp_abort(tcp_tw_pcbs);
    }
    while (tcp_listen_pcbs.pcbs != NULL) {
        (tcp_close)(tcp_listen_pcbs.pcbs);
    }
    world.count = 0;
    assert_int_equal(world_memory(), world.memory_free);
}

#endif
