/* SPDX-License-Identifier: Apache-2.0
 *
 * Working days are walked one by one: an application's clock runs for days or weeks, and the days that
 * can be stored bound the longest walk. hours_text.c reads the tables. */
#include "core/hours.h"

enum { MINUTE_SECONDS = 60 };

static bool in_list(const daynum *days, uint32_t count, daynum day)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (days[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && days[low] == day;
}

bool hours_works(const struct hours *hours, daynum day)
{
    if (!daynum_is_day(day))
        return false;
    int weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    if (hours->weekdays >> weekday & 1)
        return !in_list(hours->off, hours->off_count, day);
    return in_list(hours->work, hours->work_count, day);
}

static int64_t end_of_days(const struct zone *zone)
{
    return zone_day_start(zone, DAYNUM_LAST + 1);
}

static int64_t within_days(const struct zone *zone, int64_t utc_s)
{
    int64_t first = zone_day_start(zone, DAYNUM_FIRST), end = end_of_days(zone);
    return utc_s < first ? first : utc_s > end ? end : utc_s;
}

struct span {
    int64_t from, to; /* UTC seconds */
};

/* The working time of a day, from an instant on; empty (to <= from) when there is none. */
static struct span open_from(const struct hours *hours, const struct zone *zone, daynum day,
                             int64_t from_s)
{
    if (!hours_works(hours, day))
        return (struct span){from_s, from_s};
    int64_t opening = zone_clock(zone, day, hours->open_minute * MINUTE_SECONDS);
    int64_t closing = zone_clock(zone, day, hours->close_minute * MINUTE_SECONDS);
    return (struct span){opening > from_s ? opening : from_s, closing};
}

int64_t hours_add(const struct hours *hours, const struct zone *zone, int64_t start_s,
                  int64_t working_s)
{
    int64_t start = within_days(zone, start_s);
    if (working_s <= 0)
        return start;
    for (daynum day = zone_day(zone, start); day <= DAYNUM_LAST; day++) {
        struct span span = open_from(hours, zone, day, start);
        if (span.to <= span.from)
            continue;
        if (working_s <= span.to - span.from)
            return span.from + working_s;
        working_s -= span.to - span.from;
    }
    return end_of_days(zone);
}

int64_t hours_between(const struct hours *hours, const struct zone *zone, int64_t from_s,
                      int64_t to_s)
{
    int64_t from = within_days(zone, from_s), to = within_days(zone, to_s), sum = 0;
    /* A clock that is put back over midnight shows a day again whose next has begun. */
    daynum last = zone_day(zone, to) + 1;
    for (daynum day = zone_day(zone, from); day <= last; day++) {
        struct span span = open_from(hours, zone, day, from);
        int64_t end = span.to < to ? span.to : to;
        if (end > span.from)
            sum += end - span.from;
    }
    return sum;
}

daynum hours_add_days(const struct hours *hours, daynum day, uint32_t n)
{
    if (!daynum_is_day(day))
        return day;
    while (n && day < DAYNUM_LAST)
        n -= hours_works(hours, ++day);
    return day;
}

int32_t hours_warning(const struct hours *hours, daynum today)
{
    int64_t left = (int64_t)hours->until - today;
    if (left > HOURS_WARNING_DAYS)
        return HOURS_NO_WARNING;
    return left > 0 ? (int32_t)left : 0;
}
