/* SPDX-License-Identifier: Apache-2.0
 *
 * reports_worker - the thread that counts what stands in the reports on operators: which phones an operator saw after he said that
 * he refuses them, and phones with an odd TAC. Each count goes over all facts and pairs, so nobody waits for one: who asks gets
 * what it had last, with its time. It rests REPORTS_SHARE times as long as a count took. */
#ifndef PORTAL_REPORTS_WORKER_H
#define PORTAL_REPORTS_WORKER_H

#include "app/lists_violations.h"
#include "clones/case.h"
#include "seen/odd_tacs.h"

enum {
    REPORTS_OPERATORS = 64,
    REPORTS_DAYS = 35,    /* up to today, in which violations are looked for */
    REPORTS_ROWS = 10000, /* violations of one operator that are kept; `more` says so */
    REPORTS_MONTHS = 24,  /* of fleets */
    REPORTS_SHARE = 20,
};

struct reports_operator {
    char name[LIMIT_NAME + 1];
    struct lists_violations found; /* from DAYNUM_NONE: no receipt is old enough */
    uint64_t imeis; /* of found, those that are not kept too; a lower bound with found.more */
    daynum oldest;  /* the first day on which one was seen; DAYNUM_NONE */
    bool fed;       /* a file of his came */
    int32_t feed_age_days; /* of the newest day of them */
};

/* One count, which does not change. */
struct reports {
    int64_t at_s; /* UTC */
    bool lists;   /* false: there is no directory of lists, so violations are not told */
    size_t count; /* operators that sent files or receipts, by name */
    struct reports_operator operators[REPORTS_OPERATORS];
    struct odd_tacs odd;
    size_t months; /* with clone cases, the newest first */
    struct clone_month month[REPORTS_MONTHS];
    uint64_t fleets; /* now */
};
/* NULL: he is not in it. */
const struct reports_operator *reports_find(const struct reports *reports, struct str name);

struct reports_options {
    const char *url, *key; /* of the register */
    const struct clock *clock;
    const char *lists;     /* directory of app/lists.h; empty: none. Copied */
    const char *test_tacs; /* as odd_prefixes_read; empty: "00" */
};

struct reports_worker;
/* ERR_SETTING_VALUE (test_tacs), of opening the register. */
MUST_USE enum err reports_worker_open(const struct reports_options *options,
                                      struct reports_worker **out, struct fault *fault);
/* After all were given back. NULL is allowed. */
void reports_worker_close(struct reports_worker *worker);

/* The last count, to be given back; the first one is waited for, two seconds at most. NULL: there is none yet. */
const struct reports *reports_take(struct reports_worker *worker);
void reports_give(struct reports_worker *worker,
                  const struct reports *reports); /* NULL is allowed */

/* The lines of /metrics; none before the first count, which is not waited for. */
void reports_metrics(struct reports_worker *worker, struct buf *out);

#endif
