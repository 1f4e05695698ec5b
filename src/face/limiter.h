/* SPDX-License-Identifier: Apache-2.0
 *
 * limiter - token buckets for many clients in memory of a fixed size, whatever comes. Expected
 * workload: two or three takes a request from every thread of the door, half a million clients.
 *
 * A bucket is one 64-bit word: a tag, and the instant at which the bucket will be full again (the
 * generic cell rate algorithm), changed by compare-and-swap: no lock, no allocation. Eight buckets
 * share a cache line; a client's line comes from a keyed hash, so nobody can choose it. A bucket
 * that is full again is free for the next. When all eight are in use the one that is nearest to full is
 * given away: in a flood from half a million addresses some are forgiven early, and the bucket of
 * all together decides. Two clients of one tag (8 in 65,536) share a bucket. */
#ifndef FACE_LIMITER_H
#define FACE_LIMITER_H

#include "base/err.h"
#include "base/str.h"

enum limit_kind {
    LIMIT_KIND_PERSON,  /* kind of browser and language behind an address */
    LIMIT_KIND_ADDRESS, /* IPv4 address, IPv6 /64 */
    LIMIT_KIND_KEY,     /* API key */
    LIMIT_KIND_PUBLIC,  /* everybody without a key */
    LIMIT_KINDS
};

struct limit {
    uint64_t rate;  /* tokens a second; 0 = no limit */
    uint64_t burst; /* tokens of a full bucket */
};

struct limits {
    struct limit kind[LIMIT_KINDS];
};

struct limits limits_default(void); /* of base/limits.h */

struct limiter;

/* NULL when there is no memory. */
struct limiter *limiter_new(const struct limits *limits);
void limiter_free(struct limiter *limiter);

/* The bucket of a client: what makes it, in pieces. From any thread. */
uint64_t limiter_client(const struct limiter *limiter, enum limit_kind kind,
                        const struct str *pieces, size_t n);
/* Takes so many tokens, or none. 0 = taken, else the microseconds after which they will be there.
 * What is dearer than a full bucket is taken from one that lacks a token at most. From any
 * thread. */
int64_t limiter_take(struct limiter *limiter, enum limit_kind kind, uint64_t client,
                     uint64_t tokens, int64_t now_us);

#endif
