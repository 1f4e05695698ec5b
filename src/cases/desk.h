/* SPDX-License-Identifier: Apache-2.0
 *
 * desk - what an officer does with applications: the queue by clock, claim, ask for papers, decide each
 * device. Nobody decides an appeal against himself. Rules: domain.md 4. */
#ifndef CASES_DESK_H
#define CASES_DESK_H

#include "cases/filing.h"

struct queued {
    uint64_t id;
    int64_t due_s; /* UTC seconds; overdue when it is past */
};
/* Open applications, those due first before the others, after `after` (NULL: from the first). */
MUST_USE enum err desk_queue(const struct office *office, const struct queued *after,
                             struct queued *out, size_t max, size_t *out_n, struct fault *fault);

/* Takes it for himself. ERR_CLAIMED: another officer has it; ERR_SAME_PERSON: it is an appeal against his
 * own decision; ERR_NOT_NOW. */
MUST_USE enum err desk_claim(const struct office *office, const struct session *who, uint64_t id,
                             struct application *out, struct fault *fault);
/* Asks for papers: the clock stands still; they must come in PAPERS_WORKING_DAYS. */
MUST_USE enum err desk_ask(const struct office *office, const struct session *who, uint64_t id,
                           struct str note, struct application *out, struct fault *fault);

struct decision {
    bool approve;
    uint8_t refusal; /* enum refusal, when not approved */
};
/* Decides all devices that are undecided: one decision each, in their order. The application is approved
 * when a device of it is, else refused. ERR_USAGE (another number of decisions, a refusal without a reason),
 * ERR_CLAIMED (not claimed by him), ERR_NOT_NEW, ERR_NOT_REPAIRABLE, ERR_NOT_OURS (cases/second.h), ERR_ACCREDITATION
 * (desk_unseen). What needs two officers becomes a proposal instead: out->proposal. */
MUST_USE enum err desk_decide(const struct office *office, const struct session *who, uint64_t id,
                              const struct decision *decisions, size_t n, struct str note,
                              struct application *out, struct fault *fault);

/* Before an approval: has whoever approves seen what the register knows by now of the applicant's accreditation? What he
 * has not, is written into the findings. ERR_ACCREDITATION: he is to look again; ERR_STALE. */
MUST_USE enum err desk_unseen(const struct office *office, const struct application *before,
                              struct application *after, struct fault *fault);
/* The step itself, for rules too (actor 0): `after` is a copy of `before` with decided devices; writes
 * approvals, ends holds, tells the applicant. */
MUST_USE enum err desk_settle(const struct office *office, const struct application *before,
                              struct application *after, uint64_t actor, struct str note,
                              struct fault *fault);
/* The same of a proposal that another officer confirms: blocks are lifted. `after` has it no more. */
MUST_USE enum err desk_settle_confirmed(const struct office *office,
                                        const struct application *before, struct application *after,
                                        uint64_t actor, struct fault *fault);
/* Papers that did not come in time: closes it, the hold ends. Nothing to do: ERR_OK. *out_n how many. */
MUST_USE enum err desk_close_unanswered(const struct office *office, size_t *out_n,
                                        struct fault *fault);

#endif
