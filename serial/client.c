/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <quoll/log.h>
#include <quoll/serial_client.h>

/* Where quoll_log() goes; the sink has no argument for it. */
static struct serial_client *log_client;

/* As many bytes as there is room for. */
static size_t put_some(struct link *link, const uint8_t *bytes, size_t size)
{
    size_t done = 0;

    while (done < size && serial_bytes_put(&link->out, &bytes[done])) {
        done++;
    }
    link_publish(link);
    return done;
}

/* Put, and ask to be woken for the rest. The room for each further turn has been seen. */
static size_t put_and_wait(struct link *link, const uint8_t *bytes, size_t size)
{
    size_t done = 0;

    (void)queue_look_for_room(&link->out);
    do {
        done += put_some(link, bytes + done, size - done);
    } while (done < size && !queue_wait_for_room(&link->out));
    return done;
}

static void send_held(struct serial_client *client)
{
    size_t done = put_and_wait(&client->link, client->held, client->held_length);

    client->held_length -= (uint32_t)done;
    memmove(client->held, client->held + done, client->held_length);
}

static size_t hold(struct serial_client *client, const uint8_t *bytes, size_t size)
{
    size_t room = sizeof client->held - client->held_length;
    size_t taken = size < room ? size : room;

    memcpy(client->held + client->held_length, bytes, taken);
    client->held_length += (uint32_t)taken;
    return taken;
}

/* Whether the link is up, with nothing held back that must go first. */
static bool ready(struct serial_client *client)
{
    if (link_check(&client->link) == LINK_DOWN) {
        return false;
    }
    if (client->held_length > 0) {
        send_held(client);
    }
    return client->held_length == 0;
}

enum quoll_error serial_client_open(struct serial_client *client, const char *name)
{
    const struct quoll_link_config *config = quoll_find_link(LINK_SERIAL_TX_CLIENT, name, 0);

    if (config == NULL) {
        return QUOLL_ENOTFOUND;
    }
    link_open(&client->link, config, sizeof(uint8_t));
    return QUOLL_OK;
}

size_t serial_write(struct serial_client *client, const void *text, size_t size)
{
    if (ready(client)) {
        return put_and_wait(&client->link, text, size);
    }
    return client->link.up ? 0 : hold(client, text, size);
}

size_t serial_room(struct serial_client *client)
{
    if (ready(client)) {
        return queue_look_for_room(&client->link.out);
    }
    return client->link.up ? 0 : sizeof client->held - client->held_length;
}

static void log_line(const char *text, size_t length)
{
    if (serial_room(log_client) < length) {
        link_count(&log_client->link, COUNT_DROPPED, 1);
        return;
    }
    (void)serial_write(log_client, text, length);
}

void serial_client_log(struct serial_client *client)
{
    if (client->link.config != NULL) {
        log_client = client;
        quoll_log_to(log_line);
    }
}

bool serial_client_wake(struct serial_client *client, microkit_channel channel)
{
    bool mine = client->link.config != NULL && channel == client->link.config->channel;

    (void)ready(client);
    if (mine) {
        link_count(&client->link, COUNT_WOKEN, 1);
    }
    return mine;
}
