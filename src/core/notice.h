/* SPDX-License-Identifier: Apache-2.0
 *
 * notice - what a subscriber is owed to be told of the phone that he uses, and when: that its term has begun, five
 * times that it ends, that it has ended, that all is well. A pure function of the verdict, of what he was told before
 * and of the local time, so that a server that was away makes up one notice, the last one due, and tells nothing twice. */
#ifndef CORE_NOTICE_H
#define CORE_NOTICE_H

#include "core/policy.h"

enum notice_step {
    NOTICE_NONE,
#define X(code, name, days) NOTICE_##name = (code),
#include "core/notice.def"
#undef X
    NOTICE_COUNT
};

/* What a subscriber was told of an IMEI so far; all zero: nothing. */
struct notice_told {
    uint8_t step;    /* enum notice_step: the last one that counts as told */
    daynum last_day; /* the last day with service that was told */
};

/* Local time of the country, and the hours in which people may be written to. */
struct notice_time {
    daynum day;
    int minute;   /* of the day, 0 to 1439 */
    int from, to; /* minutes: from <= minute < to */
};

enum { NOTICE_LAST_DAY_MINUTE = 10 * 60 }; /* domain.md 6: the last day at 10:00 */

/* The step that is due now, NOTICE_NONE when nothing is. A last day that moved begins a new ladder. Marks, clones and
 * holds without an end are not told of: the first are no news for a thief, the last have no day to tell. Whose last day
 * is over while expire_through waits, and who heard nothing yet, is told once that it is today: that evening it may be. */
enum notice_step notice_due(const struct verdict *verdict, const struct notice_told *told,
                            const struct notice_time *now);
/* What stands after this step was told on that day: the steps of the ladder that its last day has passed count as
 * told, so that nobody hears of one day twice on one day. */
struct notice_told notice_after(enum notice_step step, const struct verdict *verdict, daynum day);

/* The last day on which these words are still true, when they are made on that day: the day before the next step of the
 * ladder, the last day itself, or NOTICE_GOOD_DAYS on. What was not sent by then is not sent any more. */
enum { NOTICE_GOOD_DAYS = 7 };
daynum notice_until(enum notice_step step, daynum last_day, daynum day);

/* "DAYS_14"; "" for no step. */
const char *notice_name(enum notice_step step);

#endif
