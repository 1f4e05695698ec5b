/* SPDX-License-Identifier: Apache-2.0
 *
 * feed_mask - what a finding keeps of a text that is no key: findings are not sealed, and where columns have slipped a
 * subscriber's number stands in the place of an IMEI or a date. A text of seven digits or more, in whatever script and
 * whatever stands between them, is kept as a picture, `d` for each digit: it tells the form, and of nobody. */
#ifndef SEEN_FEED_MASK_H
#define SEEN_FEED_MASK_H

#include "base/str.h"

enum {
    FEED_MASK_DIGITS = 7, /* from so many on a text may be somebody's number; ours */
    FEED_MASKED = 33      /* bytes of a picture, a NUL among them */
};

/* As it is: fewer digits; 14 to 16 times one digit; 14 to 16 hexadecimal digits, letters among them, without seven
 * decimal ones in a row. Longer than `most` bytes: "too long". The answer lives as long as raw and out. */
struct str feed_mask(struct str raw, size_t most, char out[FEED_MASKED]);

#endif
