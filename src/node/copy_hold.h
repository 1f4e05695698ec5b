/* SPDX-License-Identifier: Apache-2.0
 *
 * copy_hold - blocks into a copy's index: at once, or when their batch ends (copy.h). Between copy.c, copy_hold.c
 * and copy_show.c. */
#ifndef NODE_COPY_HOLD_H
#define NODE_COPY_HOLD_H

#include "node/copy.h"

daynum copy_today(const struct copy *copy);
/* The rule set of an S item. */
MUST_USE enum err copy_rules(struct copy *copy, uint32_t number, struct str text,
                             struct fault *fault);
/* Blocks of a verified answer, which stands in the log from byte `at` on, or in none. */
MUST_USE enum err copy_apply(struct copy *copy, const struct feed_answer *answer, uint64_t at,
                             struct fault *fault);
/* Applies what waits, up to before `until`, and lets nothing that is open wait any more. */
MUST_USE enum err copy_release(struct copy *copy, uint64_t until, struct fault *fault);

/* A block into the index, wherever that stands. again: out of the log, behind which others were applied already. */
MUST_USE enum err copy_put(struct copy *copy, const struct block *block, bool again);
/* What waits is shown from now on by copy_show, up to before `until`; nothing waits any more, or is not yet. */
void copy_begin_showing(struct copy *copy, uint64_t until);
/* Whatever is left of it is not shown. */
void copy_end_showing(struct copy *copy);

#endif
