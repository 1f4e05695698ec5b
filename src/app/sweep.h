/* SPDX-License-Identifier: Apache-2.0
 *
 * sweep - the day's work of the register. It writes the rows of verdicts that changed by the
 * calendar (up to today), then advances expire_through, day by day, as far as its guards pass;
 * the step grey -> EXPIRED never happens otherwise (domain.md 3, expire_through). A late sweep
 * makes up every missed day in order. */
#ifndef APP_SWEEP_H
#define APP_SWEEP_H

#include "app/batch.h"

enum sweep_guard { SWEEP_MAX_PER_DAY, SWEEP_MEDIAN, SWEEP_NOTICES, SWEEP_FEEDS, SWEEP_GUARDS };
enum sweep_state { SWEEP_PASSED, SWEEP_NOT_ARMED, SWEEP_STOPPED };

struct sweep_result {
    daynum swept_through;         /* now */
    daynum expire_through;        /* now */
    uint32_t days;                /* days whose rows were written */
    uint64_t rows;                /* rows written, all days */
    uint64_t expired;             /* of them to EXPIRED */
    daynum stopped_at;            /* the day whose guard stopped the advance; DAYNUM_NONE */
    uint8_t guards[SWEEP_GUARDS]; /* enum sweep_state, of the last day tried */
    uint64_t due;                 /* IMEIs that would expire on the last day tried */
    uint64_t limit;               /* that the guard which stopped allows */
    uint32_t overtaken;           /* times that another sweep did the work meanwhile */
};

const char *sweep_guard_name(enum sweep_guard guard); /* "max_expiries_per_day" */

/* until: expire_through advances to this day at most (DAYNUM_NONE = today; never past today).
 * dry_run: tells what would be, changes nothing. ERR_GUARD: a guard stopped the advance; what
 * came before it is done. ERR_HELD: expiry_release is manual. */
MUST_USE enum err sweep(struct registry *registry, daynum until, bool dry_run,
                        struct sweep_result *out, struct fault *fault);

#endif
