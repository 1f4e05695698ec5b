/* SPDX-License-Identifier: Apache-2.0
 *
 * given - the circumstances of a case, written as words, so that a table of cases reads like the
 * rule:
 *
 *   "act=2025-06-01 hold=open stolen=2025-07-01..2025-07-09 grace_days=10"
 *
 * Facts: act= known= (DATE) temporary= hold= (DATE, open) amnesty gsma machine clone suspected
 * verified= before_duty= replaced= revoked= (UTC seconds) and marks stolen= lost= order= prison= as
 * DATE..DATE, DATE.. (open). The IMEI: tac=device, machine or missing (with a list of TACs
 * loaded), imei= (14 digits). Any other KEY=VALUE is a rule. */
#ifndef UNIT_GIVEN_H
#define UNIT_GIVEN_H

#include "core/change.h"
#include "core/policy.h"

struct given {
    struct imei imei;
    struct facts facts;
    struct rules rules;
};

/* False, with a line printed, when the text is not understood. tac is borrowed. */
bool given_read(const char *text, const struct tac_table *tac, struct given *out);
/* A date; "-" gives DAYNUM_NONE, "open" DAYNUM_OPEN. */
daynum given_day(const char *text);

#endif
