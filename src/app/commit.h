/* SPDX-License-Identifier: Apache-2.0
 *
 * commit - the one road by which anything is written: cases (an entry and its changes) go into one
 * transaction and one block. Each case stands or falls alone; all that stand are durable together
 * when the call returns. */
#ifndef APP_COMMIT_H
#define APP_COMMIT_H

#include "app/registry.h"

/* How to judge the state before, when it is not today under the rules in force. */
struct commit_before {
    const struct rules *rules;
    daynum day;
    daynum expire_through;
};

struct commit_case {
    /* in */
    /* event (0: records alone, no changes), ground, party, document, effective (DAYNUM_NONE = today); actor and
     * time are filled in */
    struct entry entry;
    uint64_t continues; /* the rows belong to this entry, written earlier; 0 = write the entry */
    const struct change *changes; /* any order; several of one IMEI apply in turn */
    size_t count;
    bool always;  /* write the entry even when nothing moved */
    bool restate; /* a change that moves no fact has its row all the same: a new document says it */
    bool lenient; /* a refused change is left out instead of refusing the case */
    uint32_t rules_number; /* puts this rule set in force; 0 = none */
    struct str rules_text;
    const struct gate *gate; /* moves the gate; NULL = no */
    /* Is what this case was prepared from still so? Asked in the transaction, with the rules in force and
     * the gate as it stands before the case; else the case is refused. NULL = yes. */
    enum err (*stands)(const struct commit_case *c, const struct rules *rules,
                       const struct gate *now);
    const void *stands_ctx;
    daynum due_by; /* CHANGE_NONE of an IMEI that is not due by this day is left out; 0 = any */
    const struct pair *pairs;
    size_t pair_count;
    const struct commit_before *before; /* NULL = today, under the rules in force */
    /* May this change be made to these facts? NULL = yes. Besides what change_apply refuses. */
    enum err (*allow)(const struct commit_case *c, const struct facts *facts,
                      const struct change *change);
    const void *allow_ctx;
    /* Is this change to be passed over, as these facts stand, without a refusal? NULL = none is. ctx: allow_ctx. */
    bool (*skip)(const struct commit_case *c, const struct facts *facts,
                 const struct change *change);
    const char *reason; /* text for the audit notes; NULL = none */
    /* Records that go with the case, both called inside the transaction. ask: before its changes are applied;
     * an error refuses the case. also: once it stands (or changes nothing), with its seq known; an error
     * there fails the transaction. Each sees what the cases before it wrote. NULL = nothing. */
    enum err (*ask)(struct registry *registry, struct commit_case *c, struct fault *fault);
    enum err (*also)(struct registry *registry, struct commit_case *c, struct fault *fault);
    void *ctx; /* of both */
    /* out */
    enum err err;
    struct imei refused; /* the IMEI that was refused, when err is set by a change */
    uint64_t seq;        /* of its entry; 0 = nothing moved, nothing written */
    uint64_t rows;
    uint64_t left_out;                 /* lenient: changes refused */
    uint8_t before_first, after_first; /* reasons of its first row */
    uint64_t moved[REASON_COUNT];      /* rows that changed the reason, by reason after */
};

struct commit_options {
    uint64_t batch; /* the block belongs to this batch (sequence number of the intent), 0 = none */
    /* Called inside the transaction, after facts and block, before the commit. NULL = nothing. */
    enum err (*also)(struct registry *registry, void *ctx, struct fault *fault);
    void *also_ctx;
};

/* All changes together: at most LIMIT_BLOCK_ITEMS / 2. The error is the transaction's; look at
 * each case's own err as well. On an error nothing is written. options NULL = none. */
MUST_USE enum err commit_cases(struct registry *registry, struct commit_case *const *cases,
                               size_t n, const struct commit_options *options, struct fault *fault);
/* One case; its own refusal is returned too. */
MUST_USE enum err commit_one(struct registry *registry, struct commit_case *c, struct fault *fault);

/* Why a change was refused and what to do, for fault.detail. */
const char *commit_refusal(enum err err);

/* ---- group commit ---- */

/* In each process one committer: a thread that takes whatever is queued, up to LIMIT_COMMIT_ROWS
 * changes, into one transaction; it never waits for company. */
struct committer;
/* registry: a writing handle that the committer uses alone from now on; not owned. */
MUST_USE enum err committer_new(struct registry *registry, struct committer **out);
void committer_free(struct committer *committer); /* after the last submit has returned */
/* Blocks until the case is durable or refused; from any thread. At most LIMIT_COMMIT_ROWS changes. */
MUST_USE enum err committer_submit(struct committer *committer, struct commit_case *c);

/* What a facts row says in `due` when its IMEI was judged on the day: the first day after it on which
 * the verdict changes by the calendar, DAYNUM_NONE. */
daynum commit_due(const struct verdict *v, daynum day);

#endif
