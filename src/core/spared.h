/* SPDX-License-Identifier: Apache-2.0
 *
 * spared - expiry that is held for some: phones of a range of TACs whose last day with service is after a day are not refused
 * yet, though the register says EXPIRED. It is a matter of lists and of nodes, of one operator or of all, and never of the
 * verdict (domain.md 3). Expected: none on most days, a few on a bad one; asked for EXPIRED alone. */
#ifndef CORE_SPARED_H
#define CORE_SPARED_H

#include "base/buf.h"
#include "base/limits.h"
#include "core/policy.h"

struct spared_span {
    uint32_t tac_from, tac_to; /* both included */
    daynum through;            /* a last day up to this one is refused as ever */
};

struct spared {
    uint32_t count;
    struct spared_span spans[LIMIT_EXPIRY_HOLDS];
};

/* Is the EXPIRED of this last day with service held? */
static inline bool spared_has(const struct spared *s, struct imei imei, daynum deadline)
{
    uint32_t tac = imei_tac(imei);
    for (uint32_t i = 0; i < s->count; i++)
        if (tac >= s->spans[i].tac_from && tac <= s->spans[i].tac_to && daynum_is_day(deadline) &&
            deadline > s->spans[i].through)
            return true;
    return false;
}

/* The verdict as it is where expiry is held: grey once more, its last day in the past, as one that waits for the gate. */
static inline void spared_verdict(const struct spared *s, struct imei imei, struct verdict *v)
{
    if (v->reason == REASON_EXPIRED && spared_has(s, imei, v->deadline))
        v->reason = v->next_reason = REASON_UNVERIFIED;
}

bool spared_equal(const struct spared *a, const struct spared *b);

/* Count 1, then of each span: TAC 4, TAC 4, day 2 (daynum_pack). */
enum { SPARED_MOST = 1 + LIMIT_EXPIRY_HOLDS * 10 };
size_t spared_encode(const struct spared *s, uint8_t out[SPARED_MOST]);
/* What is spared, told by 16 digits: equal for equal bytes alone, but for chance. */
enum { SPARED_NAME = 17 };
void spared_name(const struct spared *s, char out[SPARED_NAME]);
/* ERR_CODEC. */
MUST_USE enum err spared_decode(struct rd *rd, struct spared *out);

#endif
