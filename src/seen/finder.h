/* SPDX-License-Identifier: Apache-2.0
 *
 * finder - numbers of subscribers by MSISDN or IMSI, and of pairs by IMEI or subscriber, without a pass over all of
 * them. For single looks of people and programs, a few a second; history.h reads everything and asks nobody.
 *
 * An entry is no name: 22 bits of a keyed hash lead to a number, and what stands under the number (parts.h) says whether
 * it is the one that was meant. So a look reads a 64th of the entries, 4 bytes each (26 M subscribers: 1.6 MB), and the
 * few parts that they lead to.
 *
 *   '3' 'f'                         head: form 1 (1), subscribers 4, pairs 4: entered are those up to these numbers
 *   '3' of 1, bucket 1, first 4     of: m (MSISDN), n (IMSI), i (IMEI), s (subscriber): number less first 2, mark 2;
 *                                   ascending by number
 *
 * Subscribers and pairs are entered in the transaction that writes them, as long as all before them are; what an older
 * program wrote is caught up with before the next load writes, in steps, and until then found by reading its parts. */
#ifndef SEEN_FINDER_H
#define SEEN_FINDER_H

#include <stdatomic.h>

#include "seen/parts.h"

enum finder_by {
    FINDER_MSISDN = 'm',
    FINDER_IMSI = 'n',
    FINDER_IMEI = 'i',
    FINDER_SUBSCRIBER = 's',
};
enum { FINDER_MOST = 1024 }; /* found at once; of more those with the greatest numbers */

/* What a transaction writes, numbered on without a gap; at most 65,536 of each. */
struct finder_fresh {
    uint32_t first_subscriber, first_pair;
    const struct seen_subscriber *subscribers;
    size_t subscriber_n;
    const struct seen_pair *pairs;
    size_t pair_n;
};
/* Inside a write. Where those before are not entered yet, these are left to finder_catch_up. */
MUST_USE enum err finder_enter(struct registry *registry, const struct finder_fresh *fresh,
                               struct fault *fault);
/* Enters whatever is not, a transaction a part; one that is stopped goes on the next time. No other load runs. ERR_STOPPED. */
MUST_USE enum err finder_catch_up(struct registry *registry, const atomic_int *stop,
                                  struct fault *fault);

/* Numbers of subscribers, ascending; by: FINDER_MSISDN, FINDER_IMSI; value: packed as imsi_parse does. out: FINDER_MOST
 * places. who: of each, as many; wiped by the caller; NULL is allowed. ERR_CODEC, ERR_MEMORY. */
MUST_USE enum err finder_subscribers(struct registry *registry, enum finder_by by, uint64_t value,
                                     uint32_t *out, struct seen_subscriber *who, size_t *out_n,
                                     struct fault *fault);
struct finder_pair {
    uint32_t number;
    struct seen_pair pair;
};
/* Pairs that stand, ascending; by: FINDER_IMEI (a body), FINDER_SUBSCRIBER (his number). out: FINDER_MOST places.
 * *out_more: there are others with smaller numbers. */
MUST_USE enum err finder_pairs(struct registry *registry, enum finder_by by, uint64_t value,
                               struct finder_pair *out, size_t *out_n, bool *out_more,
                               struct fault *fault);

/* After a term (retention.h): entries whose number has no bit in these go, some transactions. */
MUST_USE enum err finder_sift(struct registry *registry, const uint64_t *live_subscribers,
                              const uint64_t *live_pairs, const atomic_int *stop,
                              struct fault *fault);

#endif
