/* SPDX-License-Identifier: Apache-2.0
 *
 * counts - what a worker has answered: by face, peer and answer, and how long it took. Each worker has
 * its own, which it alone writes: plain loads and stores, no line of memory that two workers touch. Who
 * shows them adds them up. */
#ifndef NODE_COUNTS_H
#define NODE_COUNTS_H

#include <stdatomic.h>

#include "answer/network.h"
#include "base/limits.h"

enum { COUNTS_PEERS = LIMIT_NODE_PEERS + 1, COUNTS_TIMES = 12, COUNTS_CODES = 32 };

/* Upper bounds of the histogram, microseconds; one more for what is above. */
extern const int64_t counts_times_us[COUNTS_TIMES];

enum count {
    COUNT_RECEIVED,
    COUNT_WHITE,
    COUNT_BLACK,
    COUNT_GREY,
    COUNT_UNKNOWN,
    COUNT_ERROR,     /* the protocol's own error for an identity that is no IMEI */
    COUNT_MALFORMED, /* identities that were no IMEI, whatever was said of them */
    COUNT_PAIRED,    /* black, but let in: this subscriber is paired with it */
    COUNT_MISMATCH,  /* black: a clone with another subscriber than its own */
    COUNT_FRESH,     /* first uses, to be reported */
    COUNT_OUTSIDE,   /* of TACs that this node does not hold */
    COUNT_KINDS
};
const char *count_name(enum count count); /* "received" */

/* By the place of the pattern that let it in, from 1: a pattern keeps it (cmd/eir.c). 0: none. */
struct counts_peer {
    _Atomic uint64_t of[COUNT_KINDS];
};

/* Requests that a face answered by itself; code: Result-Code, HTTP status, 0: none yet. */
struct counts_code {
    _Atomic uint32_t code;
    _Atomic uint64_t n;
};

struct counts {
    struct counts_peer by[NETWORK_FACES][COUNTS_PEERS];
    _Atomic uint64_t times[NETWORK_FACES][COUNTS_TIMES + 1];
    _Atomic uint64_t times_sum_us[NETWORK_FACES];
    struct counts_code refused[NETWORK_FACES]
                              [COUNTS_CODES]; /* as they came; no room: not counted */
};

static inline void count_add(_Atomic uint64_t *at, uint64_t n)
{
    uint64_t was = atomic_load_explicit(at, memory_order_relaxed);
    atomic_store_explicit(at, was + n, memory_order_relaxed);
}

static inline uint64_t count_get(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

/* n checks of one asker were answered within us. */
void counts_note(struct counts *c, const struct network_asker *asker,
                 const struct network_check *checks, const struct network_reply *replies, size_t n);
void counts_time(struct counts *c, unsigned face, size_t n, int64_t us);
void counts_refused(struct counts *c, unsigned face, unsigned code);
const char *network_face_name(unsigned face); /* "s13" "n5g" "map" */

#endif
