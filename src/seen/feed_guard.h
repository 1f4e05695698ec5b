/* SPDX-License-Identifier: Apache-2.0
 *
 * feed_guard - what stops an operator's file that looks wrong, before it takes effect: too many rows of days to come or that
 * cannot be used, somebody who would be black before a notice, a file smaller than that operator's usually are, IMEIs whose
 * leading zero a spreadsheet ate. */
#ifndef SEEN_FEED_GUARD_H
#define SEEN_FEED_GUARD_H

#include "seen/feed_rows.h"

enum {
    FEED_HISTORY = 7,    /* earlier loads of an operator from which on `size` knows what is usual */
    FEED_LOOK_BACK = 28, /* the last of them that count */
    FEED_ZEROS_LEAST = 100, /* IMEIs of the usual length from which on `zeros` judges */
};

/* Sets out->tripped and tells what it found. soon: the first IMEIs that nobody has warned. ERR_GUARD; of the store. */
MUST_USE enum err feed_guard(struct feed_rows *rows, const struct imei *soon, struct fault *fault);
/* Are there IMEIs a digit short where none of the others begins with 0? */
bool feed_zeros_lost(const struct feed_lengths *lengths);

#endif
