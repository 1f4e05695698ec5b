/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/term.h"

daynum term_first_day(const struct rules *rules, daynum today)
{
    int year, month, day;
    uint32_t months = rules->retention_months;
    if (!months || months > TERM_MONTHS_MOST)
        return DAYNUM_FIRST;
    daynum_to_ymd(today, &year, &month, &day);
    int index = year * 12 + month - 1 - (int)months;
    int to_year = index / 12, to_month = index % 12 + 1;
    daynum first = daynum_from_ymd(to_year, to_month, 1);
    daynum next = daynum_from_ymd(to_month == 12 ? to_year + 1 : to_year,
                                  to_month == 12 ? 1 : to_month + 1, 1);
    daynum at = first + day - 1 < next ? first + day - 1 : next - 1;
    return at > DAYNUM_FIRST ? at : DAYNUM_FIRST;
}
