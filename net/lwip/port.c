/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's start, its clock, its timeouts and its random numbers.
 *
 * All of lwIP's timers share one timeout of the clock: after each wake-up it is set
 * to when the earliest is due, and left alone if that is when it will come anyway.
 */
#include <quoll/log.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

#include "lwip/init.h"
#include "lwip/pbuf.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"

#include "net/lwip/hooks.h"
#include "net/lwip/quoll_lwip.h"
#include "net/lwip/settings.h"

static struct timer_client clock;
static uint64_t secret;
static bool started;

#define NEVER UINT64_MAX

/*
 * lwIP's clock stands still while a batch is worked on: reading it costs as much as
 * many a step of lwIP's, and lwIP reads it often.
 */
static struct {
    uint64_t now;     /* ms */
    uint64_t tick;    /* of the counter, with which `now` is over */
    uint64_t checked; /* ms, when timeouts were last looked at, or NEVER: they must be */
    uint64_t due;     /* ms, of the timeout, or NEVER if it is not running */
} lwip;

__attribute__((noinline)) static void set_clock(uint64_t ticks)
{
    lwip.now = quoll_ticks_to_ns(ticks) / QUOLL_MS(1);
    lwip.tick = quoll_ns_to_ticks((lwip.now + 1U) * QUOLL_MS(1));
}

static inline void look_at_the_clock(void)
{
    uint64_t ticks = quoll_ticks();

    if (ticks >= lwip.tick) {
        set_clock(ticks);
    }
}

uint64_t lwip_now(void)
{
    return lwip.now;
}

u32_t sys_now(void)
{
    return (u32_t)lwip.now;
}

/* ---- Random numbers ---- */

/* A bijection that spreads each bit over all (Steele et al., "SplitMix", OOPSLA 2014). */
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
    value = (value ^ value >> 27) * 0x94d049bb133111ebU;
    return value ^ value >> 31;
}

/*
 * There is no entropy source in the system (yet): these numbers differ from start to
 * start by the counter's value alone, and are no protection against one who can
 * measure it.
 */
uint32_t quoll_lwip_random(void)
{
    secret = mix(secret + 0x9e3779b97f4a7c15U + quoll_ticks());
    return (uint32_t)(secret >> 32);
}

u32_t quoll_lwip_first_sequence(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote,
                                u16_t remote_port)
{
    static uint64_t key;
    uint64_t ends = (uint64_t)ip4_addr_get_u32(local) << 32 | ip4_addr_get_u32(remote);
    uint64_t ports = (uint64_t)local_port << 16 | remote_port;

    if (key == 0) {
        key = (uint64_t)quoll_lwip_random() << 32 | quoll_lwip_random() | 1U;
    }
    /* RFC 6528: the clock ticks every 4 microseconds. */
    return (u32_t)(quoll_now() / QUOLL_US(4)) + (u32_t)mix(mix(ends ^ key) ^ ports ^ key);
}

/* ---- Chains ---- */

struct pbuf *lwip_drop(struct pbuf *p, uint16_t used)
{
    p = pbuf_free_header(p, used);
    while (p != NULL && p->len == 0) {
        struct pbuf *empty = p;

        p = empty->next;
        empty->next = NULL;
        pbuf_free(empty);
    }
    return p;
}

/* ---- Start ---- */

static bool address_setting(const char *key, uint32_t *address, unsigned *prefix)
{
    const char *text = quoll_setting(key);

    if (text != NULL && lwip_parse_address(text, address, prefix)) {
        return true;
    }
    quoll_log("no network: setting '%s' is %s%s%s; it must be like %s", key,
              text == NULL ? "missing" : "'", text == NULL ? "" : text, text == NULL ? "" : "'",
              prefix != NULL ? "10.0.2.16/24" : "10.0.2.2");
    return false;
}

static enum quoll_error start(struct netif *netif, const char *nic)
{
    uint32_t address = 0, gateway = 0;
    unsigned prefix = 0;

    if (!address_setting("ip", &address, &prefix) ||
        (quoll_setting("gateway") != NULL && !address_setting("gateway", &gateway, NULL))) {
        return QUOLL_EINVALID;
    }
    ip4_addr_t ip = {.addr = lwip_htonl(address)};
    ip4_addr_t mask = {.addr = lwip_htonl(prefix == 0 ? 0 : 0xffffffffU << (32U - prefix))};
    ip4_addr_t router = {.addr = lwip_htonl(gateway)};

    return lwip_netif_add(netif, nic, &ip, &mask, &router);
}

enum quoll_error lwip_start(struct netif *netif, const char *nic, const char *clock_name)
{
    enum quoll_error error = timer_client_open(&clock, clock_name);

    if (error != QUOLL_OK) {
        quoll_log("no network: this client has no clock '%s'", clock_name);
        return error;
    }
    lwip.due = NEVER;
    look_at_the_clock();
    lwip_init();
    error = start(netif, nic);
    started = error == QUOLL_OK;
    lwip_flush();
    return error;
}

/* ---- Work ---- */

__attribute__((noinline)) static bool wake_clock(microkit_channel channel)
{
    struct timer_expiry expiry;

    if (!timer_client_wake(&clock, channel)) {
        return false;
    }
    for (unsigned n = 0; n < TIMER_IDS && timer_client_next(&clock, &expiry); n++) {}
    lwip.due = timer_running(&clock, LWIP_TIMEOUT) ? lwip.due : NEVER;
    lwip.checked = NEVER;
    return true;
}

bool lwip_wake(microkit_channel channel)
{
    return started && (lwip_netif_wake(channel) || wake_clock(channel));
}

__attribute__((noinline)) static void move_timeout(uint64_t ms)
{
    lwip.due = ms;
    timer_set(&clock, LWIP_TIMEOUT, ms * QUOLL_MS(1));
}

/* A timeout that comes too early is looked at again then; only a late one must be moved. */
static inline void set_timeout(void)
{
    u32_t ms = sys_timeouts_sleeptime();

    if (ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE && lwip.now + ms < lwip.due) {
        move_timeout(lwip.now + ms);
    }
}

void lwip_flush(void)
{
    if (started) {
        look_at_the_clock();
        lwip_netif_flush();
        set_timeout();
    }
}

bool lwip_poll(void)
{
    if (!started) {
        return false;
    }
    look_at_the_clock();
    bool more = lwip_netif_receive();

    if (lwip.checked != lwip.now) {
        lwip.checked = lwip.now;
        sys_check_timeouts();
    }
    if (more) {
        lwip_netif_flush();
        return true;
    }
    set_timeout();
    return !lwip_netif_sleep();
}
