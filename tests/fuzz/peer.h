/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile peer on a link: what it can write of its half, it writes, now or while the
 * program under test looks; and the program's own half, watched for what it hands on.
 */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include "fake_pd.h"
#include "fuzz.h"

struct fuzz_peer {
    struct fake_peer fake;
    size_t entry;              /* bytes of the entries that it produces */
    void (*fill)(void *entry); /* one that might pass */
    size_t pd_entry;           /* bytes of the entries that the program produces */
    uint32_t watched;          /* of those, seen by fuzz_watch() */
    uint32_t watched_life;     /* in the program's life that this says */
};

/** Add a link, and share the peer's half; as fake_link(). */
void fuzz_link(struct fuzz_peer *peer, enum quoll_link_kind kind, const char *name,
               uint32_t pd_capacity, size_t pd_entry, uint32_t capacity, size_t entry,
               void (*fill)(void *entry));

/*
 * The program's interrupt is this channel. (Only here, where nobody sees the configuration
 * as the constant that it is to programs: the compiler would leave the store out.)
 */
void fuzz_interrupt(uint8_t channel);

/** One hostile act. */
void fuzz_hurt(struct fuzz_peer *peer);

/**
 * The next entry that the program has published and that was not watched yet.
 *
 * @return false if there is none
 */
bool fuzz_watch(struct fuzz_peer *peer, void *entry);

/** Whether the program's half was set up for both present lives, as an honest peer asks. */
bool fuzz_agreed(const struct fuzz_peer *peer);

/** Wake the program by this peer's channel, with `most` reads at most. */
void fuzz_wake(const struct fuzz_peer *peer, uint64_t most);

/** A new life of the program under test: all its variables zero. */
void fuzz_restart(uint64_t most);

#endif
