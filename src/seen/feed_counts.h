/* SPDX-License-Identifier: Apache-2.0
 *
 * feed_counts - what a file's rows have beside good ones, by day, for the report of the operator's days (parts.h). A row
 * without a day that can be used counts for the file's newest. */
#ifndef SEEN_FEED_COUNTS_H
#define SEEN_FEED_COUNTS_H

#include "seen/seen.h"

struct feed_counts {
    uint64_t **days; /* by packed day: the counts, then the sum of the rows; NULL: none */
    uint64_t undated[SEEN_COUNTS + 1];
    bool failed; /* no memory */
};

/* ERR_MEMORY. */
MUST_USE enum err feed_counts_init(struct feed_counts *counts);
void feed_counts_release(struct feed_counts *counts);

/* day: DAYNUM_NONE counts for the file's newest. */
void feed_count(struct feed_counts *counts, daynum day, enum seen_count what);
/* A row that gives none, for the digest of its day. sum: a keyed hash of its text. */
void feed_count_sum(struct feed_counts *counts, daynum day, uint64_t sum);
/* What an IMEI that is none is, by its text. */
enum seen_count feed_count_imei(struct str text);
/* Adds all to what the load will write. otherwise: the day of a file without a good row. ERR_MEMORY. */
MUST_USE enum err feed_counts_pour(const struct feed_counts *counts, struct seen *seen,
                                   daynum otherwise, struct fault *fault);

#endif
