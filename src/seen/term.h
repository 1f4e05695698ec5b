/* SPDX-License-Identifier: Apache-2.0
 *
 * term - how long the register keeps who used which phone: the rule retention_months. */
#ifndef SEEN_TERM_H
#define SEEN_TERM_H

#include "core/rules.h"

enum { TERM_MONTHS_MOST = 1200 };

/* The first day that is kept: the same day of the month so many months ago, the month's last where it has no such day.
 * DAYNUM_FIRST: all are (retention_months 0). */
daynum term_first_day(const struct rules *rules, daynum today);

#endif
