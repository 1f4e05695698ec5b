/* SPDX-License-Identifier: Apache-2.0
 *
 * feed_facts - the facts of many IMEIs in order, for the look that a load takes before it writes. A country's day asks for a
 * million rows scattered among thirty; nothing else is done meanwhile, so two handles read, each half of them. */
#ifndef SEEN_FEED_FACTS_H
#define SEEN_FEED_FACTS_H

#include "store/store.h"

/* keys: body << 16 | whatever, ascending. Calls fn for some thousand at a time, in order, in this thread; fn may write to
 * keys before those that it was given. Errors of the store and of fn; ERR_MEMORY. */
typedef enum err feed_facts_fn(void *ctx, const uint64_t *keys, const struct facts_row *rows,
                               size_t n, struct fault *fault);
MUST_USE enum err feed_facts_each(struct store *store, const uint64_t *keys, size_t n,
                                  feed_facts_fn *fn, void *ctx, struct fault *fault);

#endif
