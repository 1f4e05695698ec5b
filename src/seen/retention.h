/* SPDX-License-Identifier: Apache-2.0
 *
 * retention - drops who used which phone once it is older than the rule retention_months: days go, pairs and subscribers
 * that no day names any more are blanked in place, so that numbers stay. Facts of IMEIs stay.
 *
 * In small transactions beside everything else; no load runs meanwhile. Order: pairs, then subscribers, then the days. The
 * days stand to the last, and what is blank is blank, so one that was killed anywhere is done again by the next. Each
 * transaction makes a new tag: a table of before (cache.h) is never taken for one of after. What goes is overwritten where it
 * stood (store_overwrite), as far as the store can.
 *
 * Expected workload, a country's night: 180 days of 30 M pairs are read (1 to 2 GB), parts with a change are written anew
 * (at most 1 GB). Memory: a bit a pair and a subscriber, twice the table of pairs while it is sifted. */
#ifndef SEEN_RETENTION_H
#define SEEN_RETENTION_H

#include <stdatomic.h>

#include "seen/parts.h"

struct retention_options {
    bool dry_run; /* counts alone, of one moment; nothing is written, no load waits */
    bool
        all; /* also when no day would be left: a feed that ended. Else ERR_GUARD: the clock may be wrong */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *progress_ctx;
    const atomic_int *stop; /* may be NULL */
    int64_t patience_ms; /* that it waits for a load, then ERR_STORE_BUSY; 0: as long as it takes */
};

struct retention_result {
    daynum first;         /* that is kept */
    uint64_t days;        /* of operators: dropped */
    uint64_t pairs;       /* blanked */
    uint64_t subscribers; /* blanked */
    uint64_t
        named; /* records that named them elsewhere (retention_named.h): dropped; 0 in a dry run */
    uint64_t pairs_left, subscribers_left;
    uint64_t transactions;
};

/* With nothing older than the term nothing is looked at. ERR_GUARD, ERR_STOPPED (what was done stands), ERR_CODEC,
 * ERR_STORE_BUSY: a load wrote meanwhile, which only a lost connection allows. */
MUST_USE enum err retention_run(struct registry *registry, const struct retention_options *options,
                                struct retention_result *out, struct fault *fault);

#endif
