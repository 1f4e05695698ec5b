/* SPDX-License-Identifier: Apache-2.0
 *
 * hours - working time: the clock by which applications are dealt with. It runs while an office is
 * open, from opening to closing on working days of the country, and stands still otherwise.
 *
 * A working day is a weekday of the mask that is no holiday, or a day that a decree moved work to.
 * Its time is all that passes between the first moment at which the local clock shows the opening
 * and the first at which it shows the closing, also when the clock is changed in between. Past the
 * table's last day only the mask speaks, so hours_warning tells in time that the table must be
 * carried on. Nothing here leaves DAYNUM_FIRST..DAYNUM_LAST: instants before and behind count as the
 * beginning and the end of these days. */
#ifndef CORE_HOURS_H
#define CORE_HOURS_H

#include "base/limits.h"
#include "core/daynum.h"

enum { HOURS_NO_WARNING = -1, HOURS_WARNING_DAYS = 60 };

struct hours {
    int32_t open_minute, close_minute; /* of the local day; 0 <= open < close <= 1440 */
    uint8_t weekdays;                  /* bit 0 Monday ... bit 6 Sunday; never 0 */
    daynum until;                      /* last day that the table covers */
    uint32_t off_count, work_count;
    daynum off[LIMIT_HOLIDAYS];  /* holidays, ascending; also those on days off */
    daynum work[LIMIT_HOLIDAYS]; /* days off that are worked, ascending; none is in off */
};

/* The table as it is shipped: Kazakhstan, from holidays_kz.def. */
void hours_init(struct hours *out);
/* The same as text, for whoever makes the next year's of it. */
struct str hours_default_text(void);

/* Reads a table, one word and its value a line, # begins a comment:
 *
 *   until 2027-12-31        last day of the table; must be there
 *   open 09:00-18:30        to 24:00; this when it is missing
 *   days mon-fri            or mon-thu,sat; this when it is missing
 *   2026-01-01 off          a holiday
 *   2026-01-10 work         a day off that is worked
 *
 * ERR_SETTING_UNKNOWN (another word), ERR_SETTING_VALUE (what it may be; a word or a day that comes
 * twice, a day past the end, no end), ERR_DATE, ERR_TOO_MANY (LIMIT_HOLIDAYS of a kind), ERR_TOO_LONG
 * (LIMIT_HOURS_TEXT); fault says the line and what is wanted. */
MUST_USE enum err hours_parse(struct str text, struct hours *out, struct fault *fault);

bool hours_works(const struct hours *hours, daynum day);
/* The UTC second at which `working_s` seconds of working time are used up that began to run at
 * start_s, or at the next opening when that is none. A day's last second is used up at its closing,
 * not at the next opening; nothing (0 and less) at start_s itself. */
int64_t hours_add(const struct hours *hours, const struct zone *zone, int64_t start_s,
                  int64_t working_s);
/* Working seconds in [from_s, to_s), UTC; 0 when to_s is not later. */
int64_t hours_between(const struct hours *hours, const struct zone *zone, int64_t from_s,
                      int64_t to_s);
/* The n-th working day after `day`, at most DAYNUM_LAST; `day` itself for 0, and when it is none. */
daynum hours_add_days(const struct hours *hours, daynum day, uint32_t n);
/* Days from today to the table's last one when they are HOURS_WARNING_DAYS or fewer, 0 on it and past
 * it; else HOURS_NO_WARNING. */
int32_t hours_warning(const struct hours *hours, daynum today);

#endif
