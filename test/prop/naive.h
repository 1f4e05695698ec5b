/* SPDX-License-Identifier: Apache-2.0
 *
 * naive - the rule once more, written from its text, one sentence after the other, without regard
 * to speed and without looking at core/policy.c. It judges one day; what comes next is found by
 * walking the days. Where the two disagree, one of them misreads the rule. */
#ifndef PROP_NAIVE_H
#define PROP_NAIVE_H

#include "core/policy.h"

struct naive_verdict {
    enum list list;
    uint8_t reason;  /* enum reason */
    daynum deadline; /* last day with service of a grey or expired one; else DAYNUM_NONE */
    bool used;       /* active in the country on that day */
    bool duplicate;
};

/* gate: expire_through; DAYNUM_OPEN judges by the plain calendar. */
struct naive_verdict naive_judge(struct imei imei, const struct facts *facts,
                                 const struct rules *rules, daynum day, daynum gate);

#endif
