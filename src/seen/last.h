/* SPDX-License-Identifier: Apache-2.0
 *
 * last - by which network a pair of IMEI and subscriber was seen last, out of the bitmaps of some days. Of networks that
 * saw it on the same day the one with the greater id counts, whatever the order of loading. Memory: the bitmaps of one
 * day's pairs, and of those that were seen before only, some MB for a country. */
#ifndef SEEN_LAST_H
#define SEEN_LAST_H

#include "seen/parts.h"

enum { SEEN_NETWORKS = 64 };

struct seen_last {
    size_t n;
    struct {
        uint64_t party;
        roaring_bitmap_t *pairs; /* those that it saw last */
    } of[SEEN_NETWORKS];
};

/* Days from <= day <= to, packed. ERR_CODEC, ERR_TOO_MANY, ERR_MEMORY. */
MUST_USE enum err seen_last_get(struct registry *registry, uint16_t from, uint16_t to,
                                struct seen_last *out, struct fault *fault);
void seen_last_release(struct seen_last *last);

#endif
