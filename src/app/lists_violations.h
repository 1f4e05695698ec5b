/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_violations - the violation report of an operator: what is on the black list, and was seen in his network on days after
 * he said that he refuses it. What it is made of stands in two rooms, so it is a type here and a pass over the days in
 * seen/violations.h.
 *
 * When he was told: with the first receipt that holds the change that brought the IMEI on the list, and from which on no
 * receipt went back before it. The day of that receipt is no violation yet, nor is any day before he went back. A day counts
 * where a subscriber was seen who is to be refused: not a roamer or a machine, unless the phone is marked; not who is paired
 * with a clone. */
#ifndef APP_LISTS_VIOLATIONS_H
#define APP_LISTS_VIOLATIONS_H

#include <stdlib.h>

#include "app/lists_receipt.h"

enum { VIOLATIONS_MOST = 100000 /* rows; pairs are held for ten times as many */ };

struct lists_violation {
    struct imei imei;
    struct listed is;        /* reason, and since when it is black */
    struct feed_cursor told; /* of the receipt */
    int64_t applied_ms;      /* UTC: when it came */
    uint32_t days;           /* different days on which it was seen after */
    daynum first, last;
};

/* How many of them were seen on a day. */
struct lists_violation_day {
    daynum day;
    uint32_t imeis;
};

struct lists_violations {
    struct lists_violation *rows; /* by IMEI */
    size_t count;
    struct lists_violation_day *days; /* those with any, ascending */
    size_t day_count;
    bool more; /* there are others beyond VIOLATIONS_MOST */
    daynum from,
        through; /* days that were looked at; DAYNUM_NONE: none, no receipt is old enough */
};

struct lists_violations_ask {
    const char *operator_name;
    daynum since; /* only days from here on; DAYNUM_NONE: all */
};

/* black: of LISTS_BLACK, followed. */
typedef enum err lists_violations_fn(struct lists *black, struct registry *registry,
                                     const struct lists_violations_ask *ask,
                                     struct lists_violations *out, struct fault *fault);
static inline void lists_violations_release(struct lists_violations *v)
{
    free(v->rows);
    free(v->days);
    *v = (struct lists_violations){.from = DAYNUM_NONE, .through = DAYNUM_NONE};
}

#endif
