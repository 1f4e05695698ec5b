/* SPDX-License-Identifier: Apache-2.0
 *
 * quality - what an operator's files are worth, day by day, and whether it gets better or worse, read from the reports of
 * its days (parts.h) alone: some hundred bytes a day.
 *
 * The trend is the median of the last seven days up to the newest against that of the 28 days before them, days that did
 * not come left out: a median, because a Sunday, a holiday and a file that came twice say nothing of the feed. */
#ifndef SEEN_QUALITY_H
#define SEEN_QUALITY_H

#include "seen/parts.h"

enum {
    QUALITY_LATE_DAYS = 7,
    QUALITY_EARLY_DAYS = 28,
    QUALITY_LATE_LEAST = 3, /* of them that must have come for a trend */
    QUALITY_EARLY_LEAST = 7,
    QUALITY_OLD_DAYS = 2,       /* a feed comes daily, of the day before */
    QUALITY_FEWER_PERCENT = 75, /* of the rows before; as the guard `size` (domain.md 6) */
    QUALITY_MORE_PERCENT = 150, /* ours */
    QUALITY_SHARE_MOST = 500,   /* of 10,000 rows; as the guard `nulls` */
    QUALITY_SHARE_NOTED = 100,  /* from which on twice as many as before are told */
    QUALITY_DAYS_MOST = 1830,   /* of one report: five years */
    QUALITY_DAYS = 35,          /* when nobody says since when */
};

enum quality_finding {
#define X(name, text) QUALITY_##name,
#include "seen/quality.def"
#undef X
    QUALITY_FINDINGS
};
const char *quality_finding_name(enum quality_finding finding);

struct quality_day {
    daynum day;
    struct seen_report report; /* without rows: it did not come */
};
/* Rows of a day, good or not; those that were set aside. */
uint64_t quality_rows(const struct seen_report *report);
uint64_t quality_bad(const struct seen_report *report);

/* Medians a day; shares in 10,000 rows. */
struct quality_level {
    uint32_t days; /* that came */
    uint64_t rows, pairs, pairs_new, bad_share, unknown_share;
};

struct quality {
    uint64_t party;
    daynum from, to; /* both included; not before its first day, unless that is all there is */
    struct quality_day *days;
    size_t count, missing;
    struct seen_report all; /* sums */
    daynum newest;          /* DAYNUM_NONE: nothing came */
    int32_t age_days;       /* of it, today */
    struct quality_level late, early;
    uint32_t findings; /* bits: 1 << enum quality_finding; 0: all is well */
};

/* from DAYNUM_NONE: QUALITY_DAYS up to `to`; to DAYNUM_NONE: today. *out: quality_release. ERR_DATE: from after to, or
 * more than QUALITY_DAYS_MOST; ERR_CODEC. */
MUST_USE enum err quality_read(struct registry *registry, uint64_t party, daynum from, daynum to,
                               struct quality *out, struct fault *fault);
/* Is days[i] one that did not come, though a later one did? */
bool quality_missing(const struct quality *quality, size_t i);
void quality_release(struct quality *quality);

/* Parties whose days stand, in no order; at most `most`. */
MUST_USE enum err quality_parties(struct registry *registry, uint64_t *out, size_t most,
                                  size_t *out_n, struct fault *fault);

/* All of it but texts. NULL: no memory. */
json_t *quality_json(const struct quality *quality, const char *operator_name);

#endif
