/* SPDX-License-Identifier: Apache-2.0
 *
 * writer - what apply.c and index_file.c ask of the index beside index.h. All of it belongs to the
 * one writer. Only index/ includes this. */
#ifndef INDEX_WRITER_H
#define INDEX_WRITER_H

#include "index/index.h"

/* Makes room, so that as many index_put and index_put_pair cannot fail. ERR_MEMORY. */
MUST_USE enum err index_reserve(struct index *ix, uint64_t imeis, uint64_t pairs);

/* Every pair that stands, in no order. */
void index_iterate_pairs(const struct index *ix, void (*fn)(void *ctx, const struct pair *pair),
                         void *ctx);

/* The last entry that was applied: rows of the next block may belong to it. */
struct index_entry {
    uint64_t seq; /* 0 = none yet */
    daynum effective;
};
struct index_entry *index_entry(struct index *ix);

#endif
