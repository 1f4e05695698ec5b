/* SPDX-License-Identifier: Apache-2.0
 *
 * stats - what the door counts, for /metrics. Counted millions of times for each time it is read: every
 * processor has counters of its own in cache lines of its own, and only the reader adds them up.
 * Counters never go back while the process lives. All calls from any thread; stats NULL: nothing. */
#ifndef FACE_STATS_H
#define FACE_STATS_H

#include <stdint.h>

enum { STATS_ROUTES = 256, STATS_STATUSES = 20, STATS_STEPS = 14 };

enum stat {
    STAT_LIST,                    /* checks answered, by enum list: eight places */
    STAT_LIMITED = STAT_LIST + 8, /* IMEIs refused, by enum limit_kind: four places */
    STAT_CROWDED = STAT_LIMITED + 4,
    STAT_UNTRUSTED, /* requests that came through a proxy nobody trusts */
    STATS
};

struct stats;
struct stats *stats_new(void);
void stats_free(struct stats *stats);

void stats_add(struct stats *stats, unsigned stat, uint64_t n);
/* One request: route 0 = none, else its place in the table and one. */
void stats_request(struct stats *stats, unsigned route, int status, int64_t us);

/* Upper end of a step of the latency histogram, in microseconds; the last one has none: -1. */
int64_t stats_step_us(unsigned step);
int stats_status(unsigned i); /* the i-th status that is told apart; 0 = all others */

struct stats_route {
    uint64_t status[STATS_STATUSES];
    uint64_t step[STATS_STEPS]; /* requests that fell into it, not cumulated */
    uint64_t us;                /* all together */
};
uint64_t stats_total(const struct stats *stats, unsigned stat);
void stats_route(const struct stats *stats, unsigned route, struct stats_route *out);

#endif
