/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit virtualiser: many clients' lines on one wire. The contract is in
 * <quoll/serial.h>; the policy is turns by line.
 *
 * One client at a time owns the line. Its bytes go from its queue to the driver's
 * without a stop in between, so what finds no room waits with the client. What we
 * add ourselves (names, colours, line ends) is staged, since it may find less room
 * than it needs: the stage always goes out first, and is filled only when empty
 * (but for the two bytes that end a line).
 *
 * An unfinished line is shown at once and stays open for its owner as long as
 * nobody else speaks.
 */
#include <string.h>

#include <quoll/link.h>
#include <quoll/log.h>
#include <quoll/panic.h>
#include <quoll/pd.h>
#include <quoll/serial.h>

#define NOBODY   QUOLL_MAX_LINKS
#define RESET    "\x1b[0m" /* ECMA-48 8.3.117, SGR: default rendition */
#define LINE_END "\r\n"
/* At most: the end of a line, a name, and the end of that line again. */
#define STAGE_MAX (QUOLL_NAME_SIZE + sizeof LINE_END "\x1b[3xm" RESET ": " LINE_END)

static struct {
    struct link device;
    struct link client[QUOLL_MAX_LINKS];
    unsigned clients;
    unsigned owner;  /* of the line begun on the wire, or NOBODY */
    unsigned turn;   /* whose turn it is when the line is free */
    unsigned length; /* bytes of the owner in this line */
    char stage[STAGE_MAX];
    unsigned staged;
    unsigned shown; /* of these */
} virt;

/* ---- What we add ---- */

static void stage(const char *text)
{
    size_t length = strlen(text);

    QUOLL_INVARIANT(length <= sizeof virt.stage - virt.staged);
    memcpy(virt.stage + virt.staged, text, length);
    virt.staged += (unsigned)length;
}

/* Whether the stage is empty; if not, the device's queue is full. */
static bool show_stage(void)
{
    while (virt.shown < virt.staged) {
        uint8_t byte = (uint8_t)virt.stage[virt.shown];

        if (!serial_bytes_put(&virt.device.out, &byte)) {
            return false;
        }
        virt.shown += 1;
    }
    virt.staged = 0;
    virt.shown = 0;
    return true;
}

static void end_line(void)
{
    if (virt.owner != NOBODY) {
        stage(LINE_END);
        virt.turn = (virt.owner + 1U) % virt.clients;
        virt.owner = NOBODY;
    }
}

static void begin_line(unsigned client)
{
    const struct quoll_link_config *config = virt.client[client].config;
    uint8_t colour = config->settings.serial.colour;
    char text[STAGE_MAX];

    if (colour >= 1 && colour <= 6) {
        quoll_format(text, sizeof text, "\x1b[3%um%s" RESET ": ", colour, config->name);
    } else {
        quoll_format(text, sizeof text, "%s: ", config->name);
    }
    stage(text);
    virt.owner = client;
    virt.length = 0;
}

/* ---- What clients say ---- */

static uint8_t harmless(struct link *client, uint8_t byte)
{
    if ((byte >= ' ' && byte <= '~') || byte == '\t') {
        return byte;
    }
    link_count(client, COUNT_REFUSED, 1);
    return '?';
}

/* Move the owner's bytes until its line or its queue or the room ends. */
static void show_line(struct link *client)
{
    uint8_t byte;

    while (serial_bytes_peek(&client->in, &byte)) {
        if (byte == '\n') {
            serial_bytes_drop(&client->in);
            end_line();
            return;
        }
        if (virt.length == SERIAL_LINE_MAX) {
            end_line();
            return;
        }
        if (virt.device.out.room == 0) {
            return;
        }
        byte = harmless(client, byte);
        (void)serial_bytes_put(&virt.device.out, &byte);
        serial_bytes_drop(&client->in);
        link_count(client, COUNT_BYTES, 1);
        virt.length += 1;
    }
}

/* The next client in turn with something to say, or NOBODY. */
static unsigned next_speaker(void)
{
    for (unsigned n = 0; n < virt.clients; n++) {
        unsigned i = (virt.turn + n) % virt.clients;

        if (virt.client[i].in.ready > 0) { /* 0 if it is down */
            return i;
        }
    }
    return NOBODY;
}

/* One line, or a part of it. False if there is nothing to say, or no room. */
static bool step(void)
{
    if (!show_stage()) {
        return false;
    }
    if (virt.owner == NOBODY || virt.client[virt.owner].in.ready == 0) {
        unsigned speaker = next_speaker();

        if (speaker == NOBODY) {
            return false;
        }
        end_line();
        begin_line(speaker);
        return true;
    }
    show_line(&virt.client[virt.owner]);
    return virt.device.out.room > 0;
}

/* ---- Wake-ups ---- */

/* What may_sleep() has seen is good enough: a client cannot show the same twice. */
static void look_at_clients(void)
{
    for (unsigned i = 0; i < virt.clients; i++) {
        if (virt.client[i].up && virt.client[i].in.ready == 0) {
            (void)queue_look(&virt.client[i].in);
        }
    }
}

/* Whether we may sleep: until there is room, or else until a client speaks. */
static bool may_sleep(void)
{
    bool asleep = true;

    link_publish(&virt.device);
    for (unsigned i = 0; i < virt.clients; i++) {
        if (virt.client[i].up) {
            link_release(&virt.client[i]);
        }
    }
    if (virt.device.out.room == 0) {
        return queue_wait_for_room(&virt.device.out);
    }
    for (unsigned i = 0; i < virt.clients; i++) {
        if (virt.client[i].up) {
            asleep = queue_sleep(&virt.client[i].in) && asleep;
        }
    }
    return asleep;
}

/*
 * What was staged for a driver's old life is void, and so is the line that it may
 * have left half shown; after the very first start there is none.
 */
static void start_anew(void)
{
    const _Atomic uint32_t *lives = (const _Atomic uint32_t *)(uintptr_t)quoll_config.lives;
    bool restarted = lives[quoll_config.pd] != 0 || virt.device.peer_life != 0;

    virt.owner = NOBODY;
    virt.staged = 0;
    virt.shown = 0;
    if (restarted) {
        stage(RESET LINE_END);
    }
}

static void check_clients(void)
{
    for (unsigned i = 0; i < virt.clients; i++) {
        if (link_check(&virt.client[i]) == LINK_CAME_UP && virt.owner == i) {
            end_line(); /* it was the old life's */
        }
    }
}

/* Lives and lines. False if there is more to do: to be called again. */
static bool work(void)
{
    enum link_state device = link_check(&virt.device);

    if (device == LINK_CAME_UP) {
        start_anew();
    }
    check_clients();
    if (device == LINK_DOWN) {
        return true;
    }
    look_at_clients();
    while (step()) {}
    return may_sleep();
}

static void count_wake_up(microkit_channel channel)
{
    for (unsigned i = 0; i < virt.clients; i++) {
        link_count(&virt.client[i], COUNT_WOKEN, channel == virt.client[i].config->channel);
    }
    link_count(&virt.device, COUNT_WOKEN, channel == virt.device.config->channel);
}

void pd_start(void)
{
    const struct quoll_link_config *config;

    virt.owner = NOBODY;
    while ((config = quoll_find_link(LINK_SERIAL_TX_CLIENT, NULL, virt.clients)) != NULL) {
        link_open(&virt.client[virt.clients++], config, sizeof(uint8_t));
    }
    config = quoll_find_link(LINK_SERIAL_TX_DEVICE, NULL, 0);
    QUOLL_INVARIANT(config != NULL);
    link_open(&virt.device, config, sizeof(uint8_t));
}

void pd_wake(microkit_channel channel)
{
    count_wake_up(channel);
    if (link_still_up(&virt.device)) {
        (void)queue_look_for_room(&virt.device.out); /* later, may_sleep() sees it */
    }
    /* For ever, perhaps, where somebody has a core of its own; but each round looks at all. */
    while (!work()) {}
}
