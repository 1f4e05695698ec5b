/* SPDX-License-Identifier: Apache-2.0
 *
 * batch_run - what batch.c (saving and applying) shares with proposal.c (the second person) and
 * rules_pass.c (the rows of a rule set). Nobody else includes it. */
#ifndef APP_BATCH_RUN_H
#define APP_BATCH_RUN_H

#include "app/batch.h"
#include "app/commit.h"

struct batch_work {
    struct registry *reg;
    const struct batch_plan *plan; /* NULL when another finishes the batch */
    struct batch batch;
    struct batch_result *result;
    const struct commit_case *proposing; /* while it becomes a proposal */
};

/* NULL: no memory. */
struct batch_work *batch_work_new(struct registry *registry, const struct batch_plan *plan,
                                  struct batch_result *result);
void batch_work_free(struct batch_work *work);
/* Saves the plan's changes; on success the batch is claimed. */
MUST_USE enum err batch_save(struct batch_work *work, struct fault *fault);
/* From wherever the batch stands to its end. The caller owns (has claimed) it. */
MUST_USE enum err batch_apply(struct batch_work *work, struct fault *fault);
/* One transaction of the batch: the case, and the record that says how far it has come. */
MUST_USE enum err batch_commit_part(struct batch_work *work, struct commit_case *c,
                                    struct fault *fault);
/* After the intent of a batch that brings a rule set: the rows of every verdict that it moves. */
MUST_USE enum err rules_pass(struct batch_work *work, struct fault *fault);
/* Does the two-person rule make this registry's actor wait? ERR_ACTOR: it does, and the actor is no
 * staff account. */
MUST_USE enum err proposal_must_wait(struct registry *registry, bool *out, struct fault *fault);
/* The saved batch becomes a proposal and is released. ERR_HELD, with out->proposed. */
MUST_USE enum err proposal_make(struct batch_work *work, struct fault *fault);

#endif
