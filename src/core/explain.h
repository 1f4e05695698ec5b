/* SPDX-License-Identifier: Apache-2.0
 *
 * explain - why an answer is what it is, built from the verdict and the rules alone: nothing that
 * names a person, a place or the day of first use can slip in. A list of texts by id with their
 * values; a face puts them into a language. */
#ifndef CORE_EXPLAIN_H
#define CORE_EXPLAIN_H

#include "core/policy.h"

enum explain_value { EXPLAIN_NUMBER, EXPLAIN_DAY, EXPLAIN_THROUGH, EXPLAIN_LIST, EXPLAIN_REASON };

struct explain_line {
    const char *text_id; /* of the catalogue; NULL: the internal text of the reason in vars[0] */
    uint32_t count;
    struct {
        const char *name; /* of the variable in the text */
        uint8_t kind;     /* enum explain_value */
        int64_t value;    /* number, daynum, enum list or enum reason */
    } vars[2];
};

enum { EXPLAIN_LINES = 8 };

/* Fills out, returns how many. reason: what the asker hears (answer_make); today: the day of the
 * answer. */
uint32_t explain(const struct verdict *verdict, uint8_t reason, const struct rules *rules,
                 daynum today, struct explain_line out[EXPLAIN_LINES]);

#endif
