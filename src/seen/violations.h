/* SPDX-License-Identifier: Apache-2.0
 *
 * violations - the report of app/lists_violations.h out of the receipts, the log of the black list and the bitmaps of days.
 *
 * Cost: the days after the first receipt, twice; all pairs once, of which those are kept that the operator saw on these days
 * and whose IMEI may be black (a filter of 16 bits an IMEI); the log of the list once. Memory: that filter (1 MB to 256 MB),
 * a day's bitmap, the union of them, and the pairs that are left, ten times VIOLATIONS_MOST at most. */
#ifndef SEEN_VIOLATIONS_H
#define SEEN_VIOLATIONS_H

#include "app/lists_violations.h"

/* A lists_violations_fn. ERR_CODEC, ERR_MEMORY, of the store and files. */
MUST_USE enum err seen_violations(struct lists *black, struct registry *registry,
                                  const struct lists_violations_ask *ask,
                                  struct lists_violations *out, struct fault *fault);

#endif
