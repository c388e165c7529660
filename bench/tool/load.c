/* SPDX-License-Identifier: BSD-2-Clause */
#include "load.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOT_SECONDS 120U
#define REPEATS      3U /* of a load, at most */

static unsigned port_of[LOAD_FLOWS], flows_there;
static char wire[32]; /* instead, as udpload takes it */

/* One that nobody uses at the moment. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int s = socket(AF_INET, SOCK_DGRAM, 0);

    if (s < 0 || bind(s, (struct sockaddr *)&address, size) != 0 ||
        getsockname(s, (struct sockaddr *)&address, &size) != 0) {
        die("no free UDP port");
    }
    close(s);
    return ntohs(address.sin_port);
}

const char *load_network(unsigned flows, unsigned first)
{
    static char options[4096];
    int length = snprintf(options, sizeof options, "-netdev user,id=nic");

    wire[0] = '\0';
    flows_there = flows;
    for (unsigned f = 0; f < flows; f++) {
        port_of[f] = free_port();
        length += snprintf(options + length, sizeof options - (size_t)length,
                           ",hostfwd=udp:127.0.0.1:%u-10.0.2.%u:7", port_of[f], first + f);
    }
    snprintf(options + length, sizeof options - (size_t)length,
             " -device virtio-net-device,netdev=nic,bus=virtio-mmio-bus.31");
    return options;
}

const char *load_wire(unsigned host)
{
    unsigned emulator = free_port(), ours = free_port();

    snprintf(wire, sizeof wire, "%u/%u/%u", emulator, ours, host);
    return text("-netdev socket,id=nic,udp=127.0.0.1:%u,localaddr=127.0.0.1:%u "
                "-device virtio-net-device,netdev=nic,bus=virtio-mmio-bus.31",
                ours, emulator);
}

const char *load_disk(void)
{
    return text("-drive if=none,id=disk,format=raw,readonly=on,file=%s "
                "-device virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0",
                settings.site);
}

static const char *command_of(const struct load *load)
{
    static char command[4096];
    const char *window = load->rate > 0 ? text("@%u", load->rate) : text("%u", load->window);
    int length = snprintf(command, sizeof command, "%s/udpload", settings.tools);

    for (unsigned f = 0; f < load->flows; f++) {
        unsigned of_first = load->window_of_first;

        if (f == 0) {
            const char *port = wire[0] != '\0' ? wire : text("%u", port_of[f]);

            length +=
                snprintf(command + length, sizeof command - (size_t)length, " %s %u %u %s", port,
                         load->payload, load->count, of_first > 0 ? text("%u", of_first) : window);
        } else {
            length += snprintf(command + length, sizeof command - (size_t)length, " %u %s",
                               port_of[f], window);
        }
    }
    return command;
}

static bool read_answer(FILE *answer, struct load *load)
{
    if (fscanf(answer, "%lf %lf %lf %lf %lf %lf", &load->echoed, &load->stalls, &load->resent,
               &load->duplicates, &load->damaged, &load->seconds) != 6) {
        return false;
    }
    if (load->rate > 0) {
        return fscanf(answer, "%lf %lf %lf %lf", &load->median_time, &load->longest_time,
                      &load->median_before, &load->most_before) == 4;
    }
    for (unsigned f = 0; f < load->flows; f++) {
        if (fscanf(answer, "%lf", &load->echoed_by[f]) != 1) {
            return false;
        }
    }
    return true;
}

/* False if echoes stay away. */
static bool apply(struct guest *guest, struct load *load)
{
    FILE *answer = popen(command_of(load), "r");
    bool read = answer != NULL && read_answer(answer, load);
    int status = answer == NULL ? -1 : pclose(answer);

    guest_check(guest);
    if (!read || status != 0) {
        return false;
    }
    if (load->damaged > 0) {
        die("%.0f echoes were damaged", load->damaged);
    }
    return true;
}

static bool echoes(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    struct timeval half = {.tv_usec = 500000};
    char ping[] = "ping ping ping", pong[64];
    int s = socket(AF_INET, SOCK_DGRAM, 0);

    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &half, sizeof half);
    bool good = connect(s, (struct sockaddr *)&to, sizeof to) == 0 &&
                send(s, ping, sizeof ping, 0) == (ssize_t)sizeof ping &&
                recv(s, pong, sizeof pong, 0) == (ssize_t)sizeof ping &&
                memcmp(ping, pong, sizeof ping) == 0;

    close(s);
    return good;
}

void load_wait(struct guest *guest)
{
    struct load one = {.payload = 64, .window = 1, .flows = 1, .count = 1};

    if (wire[0] != '\0' && !apply(guest, &one)) { /* it asks for 10 seconds who is there */
        die("the echo does not answer; the guest said:\n%s", guest_log(guest));
    }
    for (unsigned f = 0; wire[0] == '\0' && f < flows_there; f++) {
        unsigned tries = 0;

        while (!echoes(port_of[f])) {
            guest_check(guest);
            tries += 1;
            if (tries > 2 * BOOT_SECONDS) {
                die("echo %u does not answer; the guest said:\n%s", f, guest_log(guest));
            }
        }
    }
    sleep(1); /* what the start has left to do */
}

void load_count(struct guest *guest, struct load *load, struct tally *tally,
                struct count_file **copy)
{
    struct tally before;

    for (unsigned tries = 0;; tries++) {
        guest_tally_now(guest, &before);
        if (copy != NULL) {
            *copy = guest_copy(guest);
        }
        if (apply(guest, load)) {
            break;
        }
        fprintf(stderr, "  the guest no longer echoed: %.0f of %u, %.0f stalls\n", load->echoed,
                load->count, load->stalls);
        if (tries == REPEATS) {
            die("each time: that is not the emulator's mistake");
        }
        fprintf(stderr, "  the emulator does that at times with -icount: booting again\n");
        if (copy != NULL) {
            guest_forget_copy(*copy);
        }
        guest_boot_again(guest);
        load_wait(guest);
    }
    guest_tally_now(guest, tally);
    tally_since(tally, &before);
}

void load_run(struct guest *guest, struct load *load)
{
    struct tally ignored;

    load_count(guest, load, &ignored, NULL);
}
