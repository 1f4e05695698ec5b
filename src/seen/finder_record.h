/* SPDX-License-Identifier: Apache-2.0
 *
 * finder_record - what the files of the finder share: the form of its records (finder.h tells it), and the part of
 * subscribers or pairs that was read last. */
#ifndef SEEN_FINDER_RECORD_H
#define SEEN_FINDER_RECORD_H

#include "seen/finder.h"

enum {
    FINDER_BUCKETS = 64,
    FINDER_ENTRY = 4, /* bytes: number less first 2, mark 2 */
    FINDER_KEY = 7,   /* bytes of a bucket's key */
};

/* Of a record under '3' m, n, i, s: a bucket? *out_first: what its numbers are less by. */
static inline bool finder_is_bucket(const struct record *record, uint32_t *out_first)
{
    if (record->key.n != FINDER_KEY || record->value.n % FINDER_ENTRY)
        return false;
    *out_first = (uint32_t)get_be((const uint8_t *)record->key.p + 3, 4);
    return true;
}
enum err finder_damaged(struct fault *fault);
struct record_key finder_key(char of);

/* How far they are entered. */
struct finder_through {
    uint32_t subscribers, pairs;
};
MUST_USE enum err finder_through(struct registry *registry, struct finder_through *out,
                                 struct fault *fault);

enum { FINDER_SECRET = 16 };
void finder_secret(const struct registry *registry, uint8_t out[FINDER_SECRET]);
struct finder_place {
    uint8_t bucket;
    uint16_t mark;
};
struct finder_place finder_place(const uint8_t secret[FINDER_SECRET], enum finder_by of,
                                 uint64_t value);

struct shelf {
    struct registry *reg;
    bool of_pairs;
    uint32_t first;
    size_t n;
    struct seen_subscriber *who; /* SEEN_PART places */
    struct buf pairs;
    struct buf key; /* of the part of pairs */
};
MUST_USE enum err shelf_init(struct shelf *shelf, struct registry *registry, bool of_pairs);
void shelf_release(struct shelf *shelf);
/* Reads the part with this number, if it is not at hand. ERR_CODEC: there is none. */
MUST_USE enum err shelf_at(struct shelf *shelf, uint32_t number, struct fault *fault);
/* Of the part at hand. */
struct seen_pair shelf_pair(const struct shelf *shelf, uint32_t number);

#endif
