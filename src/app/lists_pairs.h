/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_pairs - who is excepted: pairs of a confirmed clone and a subscriber whom it still serves. A pair counts while it
 * stands and its IMEI is black for being a clone and for nothing before that: a mark on the phone takes its exceptions
 * away, as it does where a network asks (answer/network.h).
 *
 * Expected workload: some ten thousand clones of up to LIMIT_PAIRS subscribers. All of it is in memory, 24 bytes a pair that
 * ever stood, made of the list's log; a delta with news walks over it once. */
#ifndef APP_LISTS_PAIRS_H
#define APP_LISTS_PAIRS_H

#include "app/lists_log.h"

struct lists_exception {
    struct imei imei;
    uint64_t subscriber; /* keyed hash (answer_subscriber) */
    uint64_t imsi; /* packed as by imsi_parse; 0: not named yet, or nobody knows it any more */
    bool removed;  /* of a delta */
};

struct lists_pairs;
MUST_USE enum err lists_pairs_new(struct lists_pairs **out);
void lists_pairs_free(struct lists_pairs *pairs); /* NULL is allowed */
/* subscriber 0: the IMEI became a clone, or is none; else the pair stands, or does not. ERR_MEMORY. */
MUST_USE enum err lists_pairs_put(struct lists_pairs *pairs, const struct lists_change *change);
bool lists_pairs_is_clone(const struct lists_pairs *pairs, struct imei imei);
bool lists_pairs_stands(const struct lists_pairs *pairs, struct imei imei, uint64_t subscriber);

/* Those that count, by IMEI and subscriber; *out: free. ERR_MEMORY. */
MUST_USE enum err lists_pairs_all(const struct lists_pairs *pairs, struct lists_exception **out,
                                  size_t *out_n);
/* What moved by these last changes, which are in it already, in the order in which they came. The same. */
MUST_USE enum err lists_pairs_moved(struct lists_pairs *pairs, const struct lists_change *changes,
                                    size_t n, struct lists_exception **out, size_t *out_n);

#endif
