/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_case - an application by file: made of an upload that is READY, decided as a whole, its devices entered in the
 * background as one batch of the register. Its record has counts, the digest of the list and where it stands; the
 * devices stand beside it (bulk_list.h).
 *
 *   filed -> (its grey IMEIs are held, others are asked) -> checked -> an officer: refuse, or approve
 *         approve, few devices or one officer alone by the rules -> deciding
 *         approve, many devices -> waits for a second officer -> deciding
 *   deciding -> (GSMA is asked once more, the facts are looked at once more, approvals entered) -> approved
 *
 * Each step in brackets is the worker's (bulk_enter). It can be cut off anywhere and begins again: approvals carry
 * the time of the decision, so that entering one twice moves nothing, and a batch that a crash cut off is
 * finished by whoever opens the register next. A device of which the register knows something against it by
 * then is left out and told. */
#ifndef CASES_BULK_CASE_H
#define CASES_BULK_CASE_H

#include "cases/bulk_check.h"

struct bulk_wish {
    uint8_t kind;     /* import, manufacture, before_duty */
    uint64_t upload;  /* READY */
    bool accept_good; /* the bad rows stay behind */
    struct str document, country;
    struct str language; /* in which he is written to, two letters; empty: not known */
};

/* Files it. ERR_ROLE, ERR_USAGE (another kind), ERR_NOT_FOUND, ERR_NOT_NOW (the file is not READY), ERR_ROW (it has bad
 * rows, and they are not left behind; or no good ones), ERR_TOO_LONG, ERR_UTF8. *out_again: it was filed already. */
MUST_USE enum err bulk_file(const struct office *office, const struct session *who,
                            const struct bulk_wish *wish, struct application *out, bool *out_again,
                            struct fault *fault);

struct bulk_decision {
    bool approve;
    uint8_t refusal; /* enum refusal, when not approved */
    struct str note;
};
/* Decides all of it. Approved by one officer where a second must confirm, it waits (out->bulk_proposed_by), and his
 * note is a remark among officers until it is decided. ERR_CLAIMED, ERR_SAME_PERSON (he proposed it himself; an
 * appeal against himself), ERR_NOT_NOW, ERR_USAGE. */
MUST_USE enum err bulk_decide(const struct office *office, const struct session *who, uint64_t id,
                              const struct bulk_decision *decision, struct application *out,
                              struct fault *fault);

/* second_confirm and second_return of one by file. Errors as theirs. */
MUST_USE enum err bulk_confirm(const struct office *office, const struct session *who, uint64_t id,
                               struct application *out, struct fault *fault);
MUST_USE enum err bulk_return(const struct office *office, const struct session *who, uint64_t id,
                              struct str note, struct application *out, struct fault *fault);

/* What the worker has to do for one. office->registry: a writing one, of its thread. ERR_STOPPED; ERR_STALE: somebody
 * acted meanwhile, it comes again; ERR_SOURCE_AWAY: somebody could not be asked, later again; of the store. */
MUST_USE enum err bulk_enter(const struct office *office, uint64_t id,
                             struct bulk_progress *progress, struct fault *fault);

/* ---- for application_put, inside its write ---- */

/* A new one takes its upload. */
MUST_USE enum err bulk_filed(struct registry *registry, const struct application *a,
                             struct fault *fault);
/* The lists that one by file stands in: open ones, and what waits for the worker. */
MUST_USE enum err bulk_listed(struct registry *registry, const struct application *a,
                              struct fault *fault);

#endif
