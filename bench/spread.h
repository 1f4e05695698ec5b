/* SPDX-License-Identifier: Apache-2.0
 *
 * spread - durations by the million, to be told as quantiles: counted in buckets 1.6 % wide, so that a
 * sample costs one increment and none is left out. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include <stdint.h>

enum { SPREAD_FINE = 64, SPREAD_FINE_BITS = 6, SPREAD_BUCKETS = SPREAD_FINE * 59 };

struct spread {
    uint64_t n, most;
    uint64_t bucket[SPREAD_BUCKETS];
};

static inline void spread_add(struct spread *s, uint64_t ns)
{
    unsigned at = (unsigned)ns;
    if (ns >= SPREAD_FINE) {
        unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - SPREAD_FINE_BITS;
        at = shift * SPREAD_FINE + (unsigned)(ns >> shift); /* its first digit is one: + FINE */
    }
    s->bucket[at]++;
    s->n++;
    if (ns > s->most)
        s->most = ns;
}

/* Of `share` (0 to 1) of the samples none is longer, in nanoseconds; the bucket's upper end. */
static inline uint64_t spread_quantile(const struct spread *s, double share)
{
    uint64_t seen = 0, wanted = (uint64_t)((double)s->n * share);
    for (unsigned at = 0; at < SPREAD_BUCKETS; at++) {
        seen += s->bucket[at];
        if (seen <= wanted)
            continue;
        if (at < 2 * SPREAD_FINE)
            return at;
        unsigned shift = at / SPREAD_FINE - 1;
        uint64_t end = ((uint64_t)(at % SPREAD_FINE + SPREAD_FINE + 1) << shift) - 1;
        return end < s->most ? end : s->most;
    }
    return s->most;
}

#endif
