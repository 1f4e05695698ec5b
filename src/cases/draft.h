/* SPDX-License-Identifier: Apache-2.0
 *
 * draft - an application before it is filed: what its applicant has answered so far, page by page. It stays
 * on the server, sealed as the other records, so that no address, history or log holds an answer. One that
 * nobody touches for DRAFT_LIFE_S is over; filing ends it. */
#ifndef CASES_DRAFT_H
#define CASES_DRAFT_H

#include "cases/filing.h"

enum {
    DRAFTS_MAX = 20, /* of an applicant */
    DRAFT_LIFE_S = 7 * 24 * 3600,
    DRAFT_KEY_TEXT = 33,
};

struct draft {
    uint64_t id;
    uint64_t version; /* counts what was saved */
    int64_t until_s;  /* UTC second at which it is over */
    char key
        [DRAFT_KEY_TEXT]; /* names the act of filing it (filing.idempotency): sent twice, filed once */
    uint32_t answered;    /* questions, bits of the caller's own */
    uint32_t models;      /* devices whose model was answered, by bit */
    uint8_t kind;         /* enum approval_kind */
    uint8_t way;          /* enum way */
    daynum entered;       /* DAYNUM_NONE */
    char document[LIMIT_DOCUMENT + 1];
    char country[3];
    struct case_device devices[FILING_DEVICES_MAX]; /* IMEIs, brand, model; the rest is 0 */
    size_t device_count;
    struct case_paper papers[LIMIT_PAPERS]; /* loose ones of his (paper.h) */
    size_t paper_count;
    char
        consent[PAPER_ID_TEXT]; /* of a gift: the code that went to its traveller (code.h); empty */
    int64_t consented_s;        /* he said yes by it; 0: not yet */
};

/* Begins one. ERR_ROLE: the kind is not his to file; ERR_TOO_MANY: he has DRAFTS_MAX. */
MUST_USE enum err draft_new(const struct office *office, const struct session *who, uint8_t kind,
                            uint8_t way, struct draft *out, struct fault *fault);
/* ERR_NOT_FOUND: also for another's, and for one that is over. */
MUST_USE enum err draft_get(const struct office *office, const struct session *who, uint64_t id,
                            struct draft *out, struct fault *fault);
/* Stores it; version and until_s are filled in. ERR_STALE: it was saved by somebody else since it was
 * read, or is gone. */
MUST_USE enum err draft_save(const struct office *office, const struct session *who,
                             struct draft *draft, struct fault *fault);
/* Throws it away; one that is gone is no error. */
MUST_USE enum err draft_drop(const struct office *office, const struct session *who, uint64_t id,
                             struct fault *fault);
/* His own, newest first; *out_n at most DRAFTS_MAX. */
MUST_USE enum err draft_list(const struct office *office, const struct session *who,
                             uint64_t out_ids[DRAFTS_MAX], size_t *out_n, struct fault *fault);
/* What filing_new wants; borrows from the draft and from out_papers. */
void draft_filing(const struct draft *draft, struct paper_id out_papers[LIMIT_PAPERS],
                  struct filing *out);
/* Takes out the papers that are loose no more: one that no application takes for LIMIT_PAPERS_LOOSE_S is thrown away,
 * a draft lives longer. *out_gone: how many; the draft is not saved. */
MUST_USE enum err draft_papers_stand(const struct office *office, struct draft *draft,
                                     size_t *out_gone, struct fault *fault);
/* Drops those that are over, some at a time. *out_n how many. */
MUST_USE enum err draft_forget(const struct office *office, size_t *out_n, struct fault *fault);

#endif
