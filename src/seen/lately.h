/* SPDX-License-Identifier: Apache-2.0
 *
 * lately - on which day an operator's network saw each of a few pairs last, out of the bitmaps of its days, the newest
 * first. For single looks: most pairs were seen yesterday, so a day or two are read, and of them the parts alone in which the
 * pairs can stand. */
#ifndef SEEN_LATELY_H
#define SEEN_LATELY_H

#include "seen/parts.h"

struct lately {
    uint32_t number; /* of a pair; ascending */
    daynum last;     /* out; DAYNUM_NONE: not on one of the days */
};
/* Days from <= day <= to. ERR_CODEC, of the store. */
MUST_USE enum err lately_seen(struct registry *registry, uint64_t party, daynum from, daynum to,
                              struct lately *pairs, size_t n, struct fault *fault);

#endif
