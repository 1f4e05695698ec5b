/* SPDX-License-Identifier: Apache-2.0
 *
 * tac_ranges - which TACs a part of the register is about: ranges from 8-digit TAC to TAC, both included. A node that
 * holds a part says by these what it knows nothing of.
 *
 * A set is ascending, and between two ranges is a gap: one set has one form, so its text names it. Asked at each check
 * of such a node: a few comparisons in two lines of memory. */
#ifndef CORE_TAC_RANGES_H
#define CORE_TAC_RANGES_H

#include "base/limits.h"
#include "core/imei.h"
#include "core/tac.h"

struct tac_range {
    uint32_t from, to; /* 0 .. TAC_COUNT - 1 */
};

struct tac_ranges {
    uint32_t count; /* 0: all TACs */
    struct tac_range of[LIMIT_TAC_RANGES];
};

enum { TAC_RANGES_TEXT = LIMIT_TAC_RANGES * 18 }; /* "35824005-35824099,...", NUL included */

/* "35824005-35824099,86000000-86999999", a lone TAC stands for itself; blanks around them are left out. Added to what
 * stands in *set, which is none or more. ERR_NUMBER: no such form; ERR_TOO_MANY. */
MUST_USE enum err tac_ranges_add(struct tac_ranges *set, struct str text, struct fault *fault);
/* The same out of nothing. */
MUST_USE enum err tac_ranges_parse(struct str text, struct tac_ranges *out, struct fault *fault);
/* What tac_ranges_parse reads; "" where all are meant. */
void tac_ranges_format(const struct tac_ranges *set, char out[TAC_RANGES_TEXT]);

/* Are all TACs in it? NULL: yes. */
bool tac_ranges_are_all(const struct tac_ranges *set);
/* Ascending, with gaps, in bounds: what came from outside. */
bool tac_ranges_are_right(const struct tac_ranges *set);
/* Is all of `wanted` in `held`? */
bool tac_ranges_cover(const struct tac_ranges *held, const struct tac_ranges *wanted);
bool tac_ranges_same(const struct tac_ranges *a, const struct tac_ranges *b);

static inline bool tac_ranges_have(const struct tac_ranges *set, uint32_t tac)
{
    for (uint32_t i = 0; i < set->count && set->of[i].from <= tac; i++)
        if (tac <= set->of[i].to)
            return true;
    return set->count == 0;
}

#endif
