/* SPDX-License-Identifier: Apache-2.0
 *
 * history - who used a phone, or which phones somebody used: first and last day, days, by operator, read from the bitmaps
 * of the days; nothing of it is kept.
 *
 * For single look-ups. Cost: one pass over the pairs (12 bytes each; 30 M: about half a second), of each day and operator of
 * the window the parts alone in which one of the pairs found can stand, by key. By an IMSI also one pass over the hashes (10
 * bytes each); by an MSISDN, which has no index, every sealed part is opened (16 bytes a subscriber: some seconds for a
 * country), which is why that takes progress and stop. */
#ifndef SEEN_HISTORY_H
#define SEEN_HISTORY_H

#include <stdatomic.h>

#include "seen/parts.h"

enum {
    HISTORY_PAIRS = 100000, /* of one look-up; of more the first */
    HISTORY_OPERATORS = 16, /* told apart; the last collects the others */
};

/* Set one of the three. */
struct history_ask {
    bool by_imei;
    struct imei imei;
    uint64_t imsi, msisdn; /* as imsi_parse packs them */
    daynum from, to;       /* DAYNUM_NONE: whatever is kept */
    bool inside;           /* the caller reads one moment already */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *progress_ctx;
    const atomic_int *stop; /* may be NULL */
};

struct history_pair {
    uint32_t number;
    uint64_t imei; /* body */
    uint32_t subscriber;
    uint16_t first, last; /* packed; SEEN_DAY_NONE: not in the window */
    uint32_t days;
    uint32_t by[HISTORY_OPERATORS]; /* days by operator: history.operators */
    struct {
        uint16_t first, last; /* packed, of by[i]; SEEN_DAY_NONE: none */
    } span[HISTORY_OPERATORS];
};

struct history {
    struct history_pair *pairs; /* by number */
    size_t n;
    bool more; /* there are more than HISTORY_PAIRS */
    uint64_t operators[HISTORY_OPERATORS];
    size_t operator_count;
    uint32_t days;      /* on which one of the pairs was seen */
    uint64_t pair_days; /* pairs seen, day by day: / days is the average a day */
    uint64_t steps;     /* parts of days that were read */
};

/* *out: history_release. Inside a read of one moment of its own, unless `inside`. ERR_STOPPED; ERR_CODEC; ERR_MEMORY. */
MUST_USE enum err history_find(struct registry *registry, const struct history_ask *ask,
                               struct history *out, struct fault *fault);
void history_release(struct history *history);

/* Hundredths of a pair a day, over the days on which one was seen; 0: on none. */
uint64_t history_average(const struct history *history);

#endif
