/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client that takes all it can of every class, checks every byte of what it gets, and
 * tells of its work in each phase, that is, as long as nobody begins a new life:
 *
 *     @alice 20480000 5:64 9:2 net 212 block 80 timer 95 serial 0 bad 0 0 0 lost 0 seen 0 0 tried 9
 * refused 9
 *
 * net: echo requests to the router, which comes back with the same bytes; block: writes
 * and reads of its own partition; timer: timeouts, none early; serial: numbered lines.
 * `bad` is what was wrong of the first three; what was begun in an earlier phase, under
 * another attack, does not count. `seen`: others' bytes found in our own memory, what is for
 * net and what is for block.
 *
 * What our libraries promise whatever the others do is not counted: if they break it, we
 * fault. And we keep most Tx buffers to ourselves, so that those under way come back soon.
 *
 * When the metronome is done, it comes to rest: nothing under way, and at last all
 * buffers and requests at once in its own hands ("@alice is home"; several times, since on a
 * kernel others may speak up in the middle of a line).
 */
#include <string.h>

#include <quoll/block_client.h>
#include <quoll/log.h>
#include <quoll/net_client.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

#include "tests/hostile/lives.h"

#define LINE_EVERY  QUOLL_MS(4)
#define LOOK_EVERY  QUOLL_US(50)
#define ECHO_LATE   QUOLL_MS(20)  /* many turns of our equals */
#define ECHO_LOST   QUOLL_US(200) /* under an earlier attack */
#define TIMEOUT     QUOLL_US(100)
#define ECHOES      16U
#define TX_IN_USE   40U
#define SLOTS       4U
#define CHUNK       4096U
#define WORDS_LEAST 4U
#define WORDS_MOST  180U
#define HEADERS     42U /* Ethernet, IPv4, ICMP */
#define SAY_HOME    5U

enum class { NET, BLOCK, TIMER, SERIAL, CLASSES };

struct echo {
    uint64_t sequence; /* 0: not under way */
    uint64_t sent;
    uint64_t phase, attack;
};

struct slot {
    uint64_t version;
    uint64_t phase; /* in which this round of writing and reading was begun */
    bool writing;
    bool busy;
};

static struct {
    struct net_client nic;
    struct block_client disk;
    struct timer_client clock;
    struct serial_client console;
    uint8_t mac[6];
    uint64_t tag;
    uint64_t phase, began; /* lives of all, summed up; when they became so */
    uint64_t attack;       /* the same, but an attack's lives are one */
    uint64_t looked;
    uint64_t tried, refused;
    uint64_t work[CLASSES], bad[CLASSES], lost, seen[BLOCK + 1];
    struct echo echo[ECHOES];
    uint64_t sequence;
    struct slot slot[SLOTS];
    unsigned scan_link;
    uint64_t scan_at;
    uint64_t due; /* of the timeout */
    uint64_t line, next_line;
    bool over, home;
    uint32_t held; /* Tx buffers; at the end, all */
} self;

static void keep_promise(bool kept)
{
    if (!kept) {
        __builtin_trap();
    }
}

/* ---- The pattern: a tag that tells whose it is, in every eighth word ---- */

#define TAG 0x5175306c6c000000U

static uint64_t word(uint64_t number, uint64_t i)
{
    return i % 8U == 0 ? self.tag : (number * 4096U + i + self.tag) * 0x9e3779b97f4a7c15U;
}

static void fill(unsigned char *at, uint64_t number, uint64_t words)
{
    for (uint64_t i = 0; i < words; i++) {
        uint64_t value = i == 1 ? number : word(number, i);

        memcpy(at + 8U * i, &value, 8);
    }
}

static bool is_filled(const unsigned char *at, uint64_t number, uint64_t words)
{
    for (uint64_t i = 0; i < words; i++) {
        uint64_t value, wanted = i == 1 ? number : word(number, i);

        memcpy(&value, at + 8U * i, 8);
        if (value != wanted) {
            return false;
        }
    }
    return true;
}

/* By the last bytes of the MAC addresses in system.yaml. */
static bool is_anothers(uint64_t value)
{
    return (value == (TAG | 0x1fU) || value == (TAG | 0x20U) || value == (TAG | 0x66U)) &&
           value != self.tag;
}

/*
 * Another's tag in a piece of memory that is ours. Frames lie NET_CLIENT_OFFSET bytes into
 * their buffers and are copied as a whole, so it can be only at some places.
 */
static uint64_t foreign(unsigned char *at, bool frames)
{
    uint64_t found = 0;

    for (unsigned i = frames ? NET_CLIENT_OFFSET + HEADERS : 0; i + 8U <= NET_BUFFER_SIZE;
         i += 64U) {
        uint64_t value;

        memcpy(&value, at + i, 8);
        if (is_anothers(value)) {
            memset(at + i, 0, 8); /* so that it is found once */
            found += 1U;
        }
    }
    return found;
}

/* `pieces` of all that we have, going round. */
static void look_for_others(unsigned pieces)
{
    for (; pieces > 0; pieces--) {
        const struct quoll_link_config *link = &quoll_config.link[self.scan_link];

        if (self.scan_at >= link->data.size) {
            self.scan_at = 0;
            self.scan_link = (self.scan_link + 1U) % quoll_config.links;
            continue;
        }
        bool disk = link->kind == LINK_BLOCK_CLIENT;

        self.seen[disk ? BLOCK : NET] +=
            foreign((unsigned char *)(uintptr_t)link->data.vaddr + self.scan_at, !disk);
        self.scan_at += NET_BUFFER_SIZE;
    }
}

/* ---- Whether it is the present attack's fault, or an earlier one's, or the next one's ---- */

static uint64_t all_lives(void)
{
    uint64_t sum = 0;

    for (unsigned pd = 0; pd < QUOLL_MAX_PDS; pd++) {
        sum += life_of(pd);
    }
    return sum;
}

static uint64_t all_attacks(void)
{
    uint64_t sum = 0;

    for (unsigned pd = 0; pd < QUOLL_MAX_PDS; pd++) {
        sum += life_is_hostile(life_of(pd)) ? life_of(pd) / LIFE_TRIES : life_of(pd);
    }
    return sum;
}

static bool is_of_this_phase(uint64_t phase)
{
    return phase == self.phase && phase == all_lives();
}

/* ---- Net ---- */

static uint16_t checksum(const uint8_t *at, unsigned size)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < size; i += 2) {
        sum += (uint32_t)at[i] << 8 | at[i + 1];
    }
    sum = (sum & 0xffffU) + (sum >> 16);
    sum = (sum & 0xffffU) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static unsigned words_of(uint64_t sequence)
{
    return WORDS_LEAST + (unsigned)(sequence * 37U % (WORDS_MOST - WORDS_LEAST));
}

static const uint8_t router[6] = {0x52, 0x55, 10, 0, 2, 2};

/* The router wants to know who we are before it answers. */
static bool introduce(void)
{
    static const uint8_t request[] = {0, 1, 8, 0, 6, 4, 0, 1};
    uint8_t *frame = net_tx_buffer(&self.nic);

    if (frame == NULL) {
        return false;
    }
    memset(frame, 0, 60);
    memset(frame, 0xff, 6);
    memcpy(frame + 6, self.mac, 6);
    put16(frame + 12, 0x806);
    memcpy(frame + 14, request, sizeof request);
    memcpy(frame + 22, self.mac, 6);
    memcpy(frame + 28, (const uint8_t[]){10, 0, 2, self.mac[5]}, 4);
    memcpy(frame + 38, (const uint8_t[]){10, 0, 2, 2}, 4);
    net_send(&self.nic, frame, 60);
    return true;
}

static void ask_router(uint8_t *frame, uint64_t sequence)
{
    unsigned size = 8U * words_of(sequence);
    uint8_t *ip = frame + 14, *icmp = frame + 34;

    memset(frame, 0, HEADERS);
    memcpy(frame, router, 6);
    memcpy(frame + 6, self.mac, 6);
    put16(frame + 12, 0x800);
    ip[0] = 0x45;
    put16(ip + 2, 28U + size);
    ip[8] = 64;
    ip[9] = 1;
    memcpy(ip + 12, (const uint8_t[]){10, 0, 2, self.mac[5], 10, 0, 2, 2}, 8);
    put16(ip + 10, checksum(ip, 20));
    icmp[0] = 8;
    fill(frame + HEADERS, sequence, words_of(sequence));
    put16(icmp + 2, checksum(icmp, 8U + size));
    net_send(&self.nic, frame, (uint16_t)(HEADERS + size));
}

/* Keep all places of the window busy; what has not come back in time was lost. */
static void send_echoes(void)
{
    uint64_t now = quoll_now();

    for (unsigned i = 0; i < ECHOES; i++) {
        struct echo *echo = &self.echo[i];

        uint64_t late = echo->attack == self.attack ? ECHO_LATE : ECHO_LOST;

        if (echo->sequence != 0 && now - echo->sent < late) {
            continue;
        }
        if (echo->sequence != 0 || self.sequence == 0) {
            self.lost += self.sequence != 0 && echo->phase == self.phase;
            if (!introduce()) {
                return;
            }
        }
        uint8_t *frame = net_tx_buffer(&self.nic);

        if (frame == NULL) {
            return;
        }
        self.sequence += 1U;
        *echo = (struct echo){self.sequence, now, self.phase, self.attack};
        ask_router(frame, self.sequence);
    }
}

static struct echo *echo_of(uint64_t sequence)
{
    for (unsigned i = 0; i < ECHOES; i++) {
        if (sequence != 0 && self.echo[i].sequence == sequence) {
            return &self.echo[i];
        }
    }
    return NULL;
}

static void take_echo(const struct net_received *frame)
{
    const uint8_t *at = frame->data;
    uint64_t tag, sequence;

    if (at[12] == 8 && at[13] == 6) {
        return; /* ARP: the router's answer or our own question */
    }
    if (frame->length < HEADERS + 8U * WORDS_LEAST || memcmp(at, self.mac, 6) != 0) {
        self.bad[NET] += is_of_this_phase(self.phase);
        return;
    }
    memcpy(&tag, at + HEADERS, 8);
    memcpy(&sequence, at + HEADERS + 8, 8);
    struct echo *echo = echo_of(sequence);

    if (tag != self.tag ||
        (echo != NULL && !is_filled(at + HEADERS, sequence, words_of(sequence)))) {
        self.bad[NET] += is_of_this_phase(echo == NULL ? self.phase : echo->phase);
    } else if (echo != NULL) {
        self.work[NET] += 1U;
        echo->sequence = 0;
    }
}

static void use_net(void)
{
    struct net_received frame;
    bool asked = false;

    do {
        while (net_receive(&self.nic, &frame)) {
            take_echo(&frame);
            net_return(&self.nic, frame.buffer);
        }
        if (!self.over && !asked) {
            send_echoes();
        }
        asked = true; /* once per wake-up, or the servers above us would keep us for ever */
    } while (!net_client_sleep(&self.nic));
}

/* ---- Block ---- */

static void ask_disk(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        struct slot *slot = &self.slot[i];
        unsigned char *at = (unsigned char *)block_client_data(&self.disk) + i * CHUNK;

        if (slot->busy || block_client_room(&self.disk) == 0) {
            continue;
        }
        slot->writing = !slot->writing;
        if (slot->writing) {
            slot->version += 1U;
            slot->phase = self.phase;
            fill(at, slot->version, CHUNK / 8U);
        } else {
            memset(at, 0, CHUNK);
        }
        uint64_t block =
            (1U + (slot->version * SLOTS + i) % 128U) * 8U; /* the first are left alone */
        enum quoll_error error = slot->writing ? block_write(&self.disk, block, 8, i * CHUNK, i)
                                               : block_read(&self.disk, block, 8, i * CHUNK, i);

        slot->busy = error == QUOLL_OK;
        slot->writing = slot->busy ? slot->writing : false;
    }
    block_client_publish(&self.disk);
}

static void take_answer(const struct block_response *done)
{
    struct slot *slot = &self.slot[done->id % SLOTS];
    const unsigned char *at = (unsigned char *)block_client_data(&self.disk) + done->id * CHUNK;
    keep_promise(done->id < SLOTS && slot->busy); /* of an answer per request */
    bool right =
        done->status == QUOLL_OK && (slot->writing || is_filled(at, slot->version, CHUNK / 8U));

    slot->busy = false;
    if (right) {
        self.work[BLOCK] += 1U;
        return;
    }
    self.bad[BLOCK] += is_of_this_phase(slot->phase);
    slot->writing = false; /* once more from the start */
}

static void use_disk(void)
{
    struct block_response done;
    struct block_info info;
    bool asked = false;

    do {
        while (block_client_next(&self.disk, &done)) {
            take_answer(&done);
        }
        if (!self.over && !asked && block_client_info(&self.disk, &info)) {
            ask_disk();
        }
        asked = true;
    } while (!block_client_sleep(&self.disk));
}

/* ---- Timer, serial ---- */

static void use_clock(void)
{
    struct timer_expiry expiry;

    while (timer_client_next(&self.clock, &expiry)) {
        keep_promise(expiry.id == 0 && (expiry.status != QUOLL_OK || quoll_now() >= self.due));
        if (expiry.id != 0 || expiry.status != QUOLL_OK || quoll_now() < self.due) {
            self.bad[TIMER] += is_of_this_phase(self.phase);
        }
        self.work[TIMER] += 1U;
    }
    if (!self.over && !timer_running(&self.clock, 0)) {
        self.due = quoll_now() + TIMEOUT;
        (void)timer_set(&self.clock, 0, self.due);
    }
}

static void use_console(void)
{
    char text[80];
    uint64_t now = quoll_now();

    if (now < self.next_line || self.over) {
        return;
    }
    size_t size = quoll_format(text, sizeof text, "line %06lu of %s, all of it\n",
                               (unsigned long)self.line, quoll_config.name);

    if (serial_room(&self.console) >= size) {
        (void)serial_write(&self.console, text, size);
        self.line += 1U;
        self.work[SERIAL] += 1U;
    }
    self.next_line = now + LINE_EVERY;
}

/* ---- Phases ---- */

static const struct quoll_counters *page(unsigned n)
{
    return (const struct quoll_counters *)(uintptr_t)(quoll_config.observed +
                                                      (uint64_t)n * QUOLL_COUNTERS_SIZE);
}

/* Whether somebody lives the attack that an attacker's page is about. */
static bool goes_on(uint64_t attack)
{
    bool found = false;

    for (unsigned pd = 0; pd < QUOLL_MAX_PDS; pd++) {
        found = found || life_of(pd) == attack;
    }
    return attack != 0 && found;
}

/* What the attacker says that it has tried; what it tried unseen does not count. */
static uint64_t tried(void)
{
    uint64_t sum = 0;

    for (unsigned n = 0; n < quoll_config.observed_pages; n++) {
        sum += goes_on(page(n)->pd[COUNT_SPARE_7]) ? page(n)->pd[COUNT_SPARE_6] : 0;
    }
    return sum;
}

/* What its neighbours have refused; the attacker's own page starts at zero each time. */
static uint64_t refused(void)
{
    uint64_t sum = 0;

    for (unsigned n = 0; n < quoll_config.observed_pages; n++) {
        for (unsigned i = 0; i < QUOLL_MAX_LINKS && page(n)->pd[COUNT_SPARE_7] == 0; i++) {
            sum += page(n)->link[i][COUNT_REFUSED] + page(n)->link[i][COUNT_BROKEN];
        }
    }
    return sum;
}

static void say_lives(char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (unsigned pd = 0; pd < QUOLL_MAX_PDS; pd++) {
        uint32_t life = life_of(pd);

        self.over = self.over || life >= OVER;
        if (life != 0 && life != REFORMED && length + 16U < size) {
            length += quoll_format(text + length, size - length, "%u:%u ", pd, life);
        }
    }
}

static char lives_text[200]; /* of the phase that is going on */

static void tell(uint64_t now)
{
    char line[400];
    uint64_t all = refused();

    quoll_format(line, sizeof line,
                 "@%s %lu %snet %lu block %lu timer %lu serial %lu bad %lu %lu %lu lost %lu seen "
                 "%lu %lu tried %lu refused %lu\n",
                 quoll_config.name, (unsigned long)(now - self.began), lives_text,
                 (unsigned long)self.work[NET], (unsigned long)self.work[BLOCK],
                 (unsigned long)self.work[TIMER], (unsigned long)self.work[SERIAL],
                 (unsigned long)self.bad[NET], (unsigned long)self.bad[BLOCK],
                 (unsigned long)self.bad[TIMER], (unsigned long)self.lost,
                 (unsigned long)self.seen[NET], (unsigned long)self.seen[BLOCK],
                 (unsigned long)self.tried,
                 (unsigned long)(all > self.refused ? all - self.refused : 0));
    microkit_dbg_puts(line);
    self.refused = all;
}

static void look(void)
{
    uint64_t now = quoll_now();

    if (now - self.looked < LOOK_EVERY) {
        return;
    }
    self.looked = now;
    look_for_others(1);
    uint64_t sum = all_lives(), so_far = tried();

    if (sum == self.phase) {
        self.tried = so_far > self.tried ? so_far : self.tried;
        return;
    }
    tell(now);
    memset(self.work, 0, sizeof self.work);
    memset(self.bad, 0, sizeof self.bad);
    memset(self.seen, 0, sizeof self.seen);
    self.lost = self.tried = 0;
    self.phase = sum;
    self.attack = all_attacks();
    self.began = quoll_now();
    say_lives(lives_text, sizeof lives_text);
}

/* ---- Coming to rest ---- */

static void keep_buffers(void)
{
    while (self.held + TX_IN_USE < self.nic.tx.count && net_tx_buffer(&self.nic) != NULL) {
        self.held += 1U;
    }
}

/* All Tx buffers at once: each has come back, once. */
static bool all_buffers_home(void)
{
    while (net_tx_buffer(&self.nic) != NULL) {
        self.held += 1U;
    }
    return self.held == self.nic.tx.count;
}

static void come_home(void)
{
    char line[64];

    if (!self.over || self.home) {
        return;
    }
    while (!(self.home = all_buffers_home() && self.disk.busy == 0)) {
        if (net_client_sleep(&self.nic)) {
            return;
        }
        use_net(); /* a frame has come meanwhile */
    }
    quoll_format(line, sizeof line, "@%s is home\n", quoll_config.name);
    for (unsigned i = 0; i < SAY_HOME; i++) {
        microkit_dbg_puts(line);
    }
}

#ifdef QUOLL_SIM
bool sim_at_rest(void);
bool sim_at_rest(void)
{
    return self.home;
}
#endif

static void say_seen(void)
{
    char line[96];

    quoll_format(line, sizeof line, "@%s has seen %lu %lu of others'\n", quoll_config.name,
                 (unsigned long)self.seen[NET], (unsigned long)self.seen[BLOCK]);
    if (self.seen[NET] != 0 || self.seen[BLOCK] != 0) {
        microkit_dbg_puts(line);
    }
}

void pd_start(void)
{
    (void)serial_client_open(&self.console, NULL);
    (void)timer_client_open(&self.clock, NULL);
    (void)block_client_open(&self.disk, NULL);
    (void)net_client_open(&self.nic, NULL);
    keep_buffers();
    net_client_mac(&self.nic, self.mac);
    self.tag = TAG | self.mac[5];
    self.phase = all_lives();
    self.attack = all_attacks();
    self.began = quoll_now();
    say_lives(lives_text, sizeof lives_text);
    uint32_t life = life_of(quoll_config.pd);

    /* An attacker's past lives may have got at something; once is enough. */
    if (life != 0 && (!life_is_hostile(life) || life % LIFE_TRIES == 0)) {
        look_for_others(600);
        say_seen();
    }
}

void pd_wake(microkit_channel channel)
{
    look();
    (void)serial_client_wake(&self.console, channel);
    (void)timer_client_wake(&self.clock, channel);
    (void)block_client_wake(&self.disk, channel);
    (void)net_client_wake(&self.nic, channel);
    use_net();
    use_disk();
    use_clock();
    use_console();
    come_home();
}
