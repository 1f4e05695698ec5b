/* SPDX-License-Identifier: Apache-2.0
 *
 * figures - what the ministry counts: applications by kind and state, how long deciding takes, who approved how many,
 * corrections, appeals, marks by body. Counted in a pass over the records, some at a time, by a thread of its own; who
 * asks gets the last whole count with its time, so that no page costs the register more than reading a struct.
 *
 * Times are working time from filing to the decision. Nothing here names an applicant. */
#ifndef CASES_FIGURES_H
#define CASES_FIGURES_H

#include "app/mark_list.h"
#include "cases/correction.h"

enum {
    FIGURES_KINDS = APPROVAL_RECHECK + 1,
    FIGURES_DAYS = 14, /* of approvals by officer, the last one today */
    FIGURES_OFFICERS = 256,
    FIGURES_BODIES = 64,
    FIGURES_GROUNDS = 6,
    FIGURES_STEP_S = 300, /* how exactly a median is known */
    FIGURES_STEPS = 4096, /* longer ones count as the longest: 341 working hours */
    FIGURES_SMALL = 10,   /* below it a public figure is not told (domain.md 8) */
};

struct figures_officer {
    uint64_t party;
    uint64_t approved[FIGURES_DAYS]; /* devices' applications, by day */
};
struct figures_body {
    uint64_t party;
    uint64_t marks[MARK_PENITENTIARY + 1]; /* by enum mark_kind */
};

struct figures {
    int64_t made_s; /* when the count ended, UTC seconds; 0 = there is none yet */
    daynum today;
    uint64_t cases[FIGURES_KINDS][APPLICATION_STATE_COUNT];
    uint64_t overdue[FIGURES_KINDS];
    uint64_t decided[FIGURES_KINDS];
    int64_t median_s[FIGURES_KINDS]; /* of those; 0 where none is decided */
    uint64_t corrections[FIGURES_GROUNDS][APPLICATION_STATE_COUNT]; /* by enum ground */
    uint64_t appeals[APPLICATION_STATE_COUNT];
    struct figures_officer officers[FIGURES_OFFICERS];
    size_t officer_count;
    struct figures_body bodies[FIGURES_BODIES];
    size_t body_count;
};

/* A count at work. */
struct figures_count {
    struct figures out;
    uint64_t next; /* the application that comes next */
    bool over;
    uint32_t took[FIGURES_KINDS][FIGURES_STEPS];
};
void figures_begin(const struct office *office, struct figures_count *count);
/* At most `most` applications more; after the last of them the marks, and count->out is whole. */
MUST_USE enum err figures_step(const struct office *office, struct figures_count *count,
                               size_t most, struct fault *fault);

#endif
