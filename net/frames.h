/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames and buffers as others name them, for all who take some: addresses in them, and
 * whether they lie where they should.
 */
#ifndef NET_FRAMES_H
#define NET_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/link.h>
#include <quoll/net.h>

/* The compiler is not to work an address out again from its index, each time that it is used. */
#define KEEP(pointer) __asm__("" : "+r"(pointer))

static inline uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

#define MAC_BYTES UINT64_C(0xffffffffffff)
#define MULTICAST UINT64_C(1) /* of a destination: 802.3, 3.2.3: the first bit on the wire */

/* The first eight bytes as they lie in memory, the first one lowest; read once and for all. */
static inline uint64_t word_at(const unsigned char *at)
{
    uint64_t word;

    __builtin_memcpy(&word, at, sizeof word);
    __asm__ volatile("" : "+r"(word));
    return word;
}

/* The six of them, of which two more follow in frames and settings. */
static inline uint64_t mac_at(const unsigned char *at)
{
    return word_at(at) & MAC_BYTES;
}

/** Whether a frame or buffer lies in the `size` bytes that its offset refers to. */
static inline bool within(uint64_t size, const struct net_frame *frame)
{
    return frame->offset <= size && frame->length <= size - frame->offset;
}

static inline bool is_frame(uint64_t length)
{
    return length >= NET_FRAME_MIN && length <= NET_FRAME_MAX;
}

/** Whether `length` bytes fit into a buffer, which lies where it should. */
static inline bool fits(uint64_t size, const struct net_frame *buffer, size_t length)
{
    return within(size, buffer) && buffer->length >= length;
}

/* A client's buffer, and how far we came in its queue. */
struct found_buffer {
    struct net_frame buffer; /* of no length: there is none */
    uint32_t at;
};

/* After a bad one: the next good one. */
__attribute__((noinline, cold)) static struct found_buffer another_buffer(
    struct link *client, struct queue_taking buffers, uint64_t size, size_t length)
{
    struct net_frame buffer;

    do {
        link_count(client, COUNT_REFUSED, 1);
        if (!net_frames_next(&buffers, &buffer)) {
            return (struct found_buffer){.at = buffers.at};
        }
    } while (!fits(size, &buffer, length));
    return (struct found_buffer){buffer, buffers.at};
}

/*
 * The next of the buffers that a client gave into which `length` bytes fit; what does not
 * lie in its data region of `size` bytes, or is too small, is skipped. A buffer is read once,
 * checked and used; a client that gives the same one twice only lets its frames overwrite each
 * other.
 */
static inline bool client_buffer(struct link *client, uint64_t size, size_t length,
                                 struct net_frame *buffer)
{
    if (!net_frames_take(&client->in, buffer)) {
        return false;
    }
    if (__builtin_expect(!fits(size, buffer, length), 0)) {
        struct queue_taking rest = queue_taking_begin(&client->in);
        struct found_buffer found = another_buffer(client, rest, size, length);

        queue_taken(&client->in, found.at);
        *buffer = found.buffer;
    }
    return buffer->length >= length;
}

#endif
