/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest host on a network: answers ARP requests for its address and echoes
 * UDP datagrams to whoever sent them. No IP stack, so that what is seen is the
 * driver, the virtualisers and the copier.
 *
 * Settings: `ip`, dotted.
 */
#include <string.h>

#include <quoll/log.h>
#include <quoll/net_client.h>
#include <quoll/pd.h>

#define TYPE_IP      0x0800U
#define TYPE_ARP     0x0806U
#define PROTOCOL_UDP 17U
#define ARP_REQUEST  1U
#define ARP_REPLY    2U

/* Offsets in a frame: Ethernet; ARP (RFC 826); IPv4 without options (RFC 791); UDP (RFC 768). */
enum {
    ETHERNET_TO = 0,
    ETHERNET_FROM = 6,
    ETHERNET_TYPE = 12,
    ARP_OPERATION = 20,
    ARP_SENDER_MAC = 22,
    ARP_SENDER_IP = 28,
    ARP_TARGET_MAC = 32,
    ARP_TARGET_IP = 38,
    ARP_END = 42,
    IP_VERSION = 14,
    IP_PROTOCOL = 23,
    IP_FROM = 26,
    IP_TO = 30,
    UDP_FROM = 34,
    UDP_TO = 36,
    UDP_CHECKSUM = 40,
    UDP_DATA = 42,
};

static struct net_client nic;
static uint8_t ip[4], mac[6];
static bool said_ready;

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void swap(uint8_t *a, uint8_t *b, size_t size)
{
    uint8_t kept[6];

    memcpy(kept, a, size);
    memcpy(a, b, size);
    memcpy(b, kept, size);
}

static bool is_arp_for_us(const struct net_received *frame)
{
    return frame->length >= ARP_END && get16(frame->data + ETHERNET_TYPE) == TYPE_ARP &&
           get16(frame->data + ARP_OPERATION) == ARP_REQUEST &&
           memcmp(frame->data + ARP_TARGET_IP, ip, sizeof ip) == 0;
}

static bool is_udp_for_us(const struct net_received *frame)
{
    return frame->length >= UDP_DATA && get16(frame->data + ETHERNET_TYPE) == TYPE_IP &&
           frame->data[IP_VERSION] == 0x45 && frame->data[IP_PROTOCOL] == PROTOCOL_UDP &&
           memcmp(frame->data + IP_TO, ip, sizeof ip) == 0;
}

static void answer_arp(uint8_t *frame)
{
    frame[ARP_OPERATION + 1] = ARP_REPLY;
    memcpy(frame + ARP_TARGET_MAC, frame + ARP_SENDER_MAC, 10);
    memcpy(frame + ARP_SENDER_MAC, mac, sizeof mac);
    memcpy(frame + ARP_SENDER_IP, ip, sizeof ip);
}

/* Sums of swapped words stay the same, so only the roles change. */
static void answer_udp(uint8_t *frame)
{
    swap(frame + IP_FROM, frame + IP_TO, 4);
    swap(frame + UDP_FROM, frame + UDP_TO, 2);
}

static void handle(const struct net_received *frame)
{
    bool arp = is_arp_for_us(frame);

    if (!arp && !is_udp_for_us(frame)) {
        return;
    }
    uint8_t *out = net_tx_buffer(&nic);

    if (out == NULL) {
        return;
    }
    memcpy(out, frame->data, frame->length);
    memcpy(out + ETHERNET_TO, frame->data + ETHERNET_FROM, sizeof mac);
    memcpy(out + ETHERNET_FROM, mac, sizeof mac);
    if (arp) {
        answer_arp(out);
    } else {
        answer_udp(out);
    }
    net_send(&nic, out, frame->length);
}

static void receive(void)
{
    struct net_received frame;

    do {
        while (net_receive(&nic, &frame)) {
            handle(&frame);
            net_return(&nic, frame.buffer);
        }
    } while (!net_client_sleep(&nic));
}

static void parse_ip(const char *text)
{
    for (unsigned i = 0; i < sizeof ip; i++) {
        for (; *text >= '0' && *text <= '9'; text++) {
            ip[i] = (uint8_t)(ip[i] * 10 + *text - '0');
        }
        text += *text == '.';
    }
}

void pd_start(void)
{
    const char *setting = quoll_setting("ip");

    parse_ip(setting != NULL ? setting : "10.0.2.15");
    if (net_client_open(&nic, "nic") != QUOLL_OK) {
        quoll_log("no network");
        return;
    }
    net_client_mac(&nic, mac);
    receive();
}

void pd_wake(microkit_channel channel)
{
    (void)net_client_wake(&nic, channel);
    if (net_client_ready(&nic) && !said_ready) {
        said_ready = true;
        quoll_log("ready, %u.%u.%u.%u at %02x:%02x:%02x:%02x:%02x:%02x", ip[0], ip[1], ip[2], ip[3],
                  mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    }
    receive();
}
