/* SPDX-License-Identifier: Apache-2.0
 *
 * policy - the one judge. The list of an IMEI is a pure function of recorded facts, the rule set
 * and the day (domain.md 3); this is that function, and there is no other. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include "core/facts.h"
#include "core/imei.h"
#include "core/reason.h"
#include "core/rules.h"

enum verdict_flag {
    VERDICT_USED = 1 << 0,      /* already active in the country */
    VERDICT_DUPLICATE = 1 << 1, /* several users under examination, or a confirmed clone */
};

/* 16 bytes, so that compilers hand it over in two registers: a third more verdicts a second. */
struct verdict {
    _Alignas(8) uint8_t reason; /* enum reason; the list and the rule follow from it */
    uint8_t next_reason;        /* what follows valid_through; equal to reason where nothing does */
    uint8_t flags;              /* enum verdict_flag */
    /* last day with service, of this verdict when it is grey or EXPIRED, else of the next;
     * DAYNUM_NONE: there is none, or a hold is open */
    daynum deadline;
    daynum valid_through; /* last day on which this verdict holds if no fact changes; DAYNUM_OPEN */
};

static inline bool verdict_has_next(const struct verdict *v)
{
    return v->valid_through != DAYNUM_OPEN;
}

static inline bool verdict_equal(const struct verdict *a, const struct verdict *b)
{
    return a->reason == b->reason && a->flags == b->flags && a->deadline == b->deadline &&
           a->valid_through == b->valid_through && a->next_reason == b->next_reason;
}

/* The last day with service as faces show it: DAYNUM_NONE unless grey or EXPIRED. */
static inline daynum verdict_deadline(const struct verdict *v)
{
    bool shown = reason_list(v->reason) == LIST_GREY || v->reason == REASON_EXPIRED;
    return shown ? v->deadline : DAYNUM_NONE;
}

/* The verdict on a day, by the plain calendar: without the expire_through gate. */
struct verdict policy_judge(struct imei imei, const struct facts *facts, const struct rules *rules,
                            daynum day);
/* The verdict that the register gives: a step to EXPIRED waits until expire_through has reached
 * the last day with service. A verdict that waits so stays what it was (grey), keeps its deadline
 * in the past, and has no valid_through and no next. */
struct verdict policy_judge_gated(struct imei imei, const struct facts *facts,
                                  const struct rules *rules, daynum day, daynum expire_through);
/* Moves a verdict judged on an earlier day to a later one through next, as an index does between
 * two writes: marks, visits and holds end by the calendar, EXPIRED waits for the gate. A verdict
 * knows one step ahead; what stands after it (and was not the end of a grey term) comes with the
 * sweep's row of that day. */
struct verdict verdict_step(struct verdict v, daynum day, daynum expire_through);

/* The plain deadline of rule 9 without any hold; DAYNUM_NONE when never activated. */
daynum policy_deadline(const struct facts *facts, const struct rules *rules);

/* A verdict in 64 bits, as the index keeps it, and in canonical bytes, as a journal row does. */
uint64_t verdict_pack(const struct verdict *v);
struct verdict verdict_unpack(uint64_t packed);
enum { VERDICT_BYTES_MAX = 8 };
size_t verdict_encode(const struct verdict *v, uint8_t out[VERDICT_BYTES_MAX]);
MUST_USE enum err verdict_decode(struct rd *rd, struct verdict *out);

#endif
