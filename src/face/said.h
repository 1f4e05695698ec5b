/* SPDX-License-Identifier: Apache-2.0
 *
 * said - what of a check the public hears (domain.md 3, "What the public hears"), the same for page
 * and API: the reason by its public name, the last day with service, what follows. A
 * suspension that begins on a later day is not told beforehand. */
#ifndef FACE_SAID_H
#define FACE_SAID_H

#include "app/service.h"

struct said {
    enum list list;
    const char *reason;   /* public name: "AUTHORITY" for ORDER */
    daynum deadline;      /* last day with service, DAYNUM_NONE */
    daynum valid_through; /* DAYNUM_OPEN: nobody can say */
    const char *next;     /* public name of the reason that follows, NULL */
    enum list next_list;
    int32_t days_left; /* to the deadline: 0 = today is the last day; -1 = past, or no deadline */
    bool waits;        /* the deadline is past and the restriction not yet in force */
    bool used;
    bool duplicate;
    bool refrain; /* the customer's advice: refrain from buying */
};

struct said said_of(const struct checked *checked);

#endif
