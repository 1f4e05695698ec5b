/* SPDX-License-Identifier: Apache-2.0
 *
 * complaint - who bought a phone that is not verified complains about its seller: alone, or out of a request that the
 * seller refused or did not answer (demand.h). An officer claims it and decides what becomes of it, from a closed
 * list; the register decides nothing about sellers, it passes on and counts. */
#ifndef CASES_COMPLAINT_H
#define CASES_COMPLAINT_H

#include "cases/claim.h"

enum outcome {
    OUTCOME_NONE = 0,
#define OUTCOME(code, name, text) OUTCOME_##name = code,
#include "cases/claim.def"
#undef OUTCOME
    OUTCOME_COUNT
};

enum {
    COMPLAINTS_OPEN = 5, /* of one person at once; ours */
    COMPLAINTS_DAY = 3,  /* within 24 hours; ours */
};

struct complaint {
    uint64_t id;
    uint64_t version;
    uint8_t outcome; /* enum outcome; OUTCOME_NONE: it is open */
    uint64_t party;  /* who complains, on whose behalf */
    uint64_t filed_by;
    uint64_t officer;  /* who has claimed it; 0 = nobody */
    uint64_t request;  /* that failed; 0 = none */
    int64_t request_s; /* when that was sent, for its number */
    struct purchase what;
    char text[LIMIT_COMPLAINT + 1]; /* what happened */
    char note[LIMIT_REASON + 1];    /* of the officer to who complained; may be empty */
    char receipt[RECEIPT_TEXT];
    char language[LANGUAGE_TEXT];
    int64_t filed_s;
    int64_t decided_s; /* 0 = it is open */
};

struct complaint_wish {
    struct purchase what;
    struct str text;
    uint64_t request;                 /* his own; 0 = none */
    struct str language, idempotency; /* as struct filing */
};

const char *outcome_name(uint8_t outcome); /* "" while it is open */
bool outcome_find(struct str name, uint8_t *out);
void complaint_number(const struct complaint *c, char out[APPLICATION_NUMBER_TEXT]);

/* As purchase_check; ERR_USAGE: without what happened; ERR_ROLE: by power of attorney; ERR_NOT_FOUND: no such request of his;
 * ERR_COMPLAINT_OPEN: he has an open one for an IMEI of it; ERR_COMPLAINTS: as many as one may; ERR_IDEMPOTENCY. */
MUST_USE enum err complaint_new(const struct office *office, const struct session *who,
                                const struct complaint_wish *wish, struct complaint *out,
                                bool *out_again, struct fault *fault);
MUST_USE enum err complaint_get(struct registry *registry, uint64_t id, struct complaint *out,
                                struct fault *fault);
/* One of his own, or any for an officer. ERR_NOT_FOUND. */
MUST_USE enum err complaint_for(struct registry *registry, const struct session *who, uint64_t id,
                                struct complaint *out, struct fault *fault);
/* His own, newest first. */
MUST_USE enum err complaint_list(struct registry *registry, const struct session *who,
                                 uint64_t after, uint64_t *out_ids, size_t max, size_t *out_n,
                                 struct fault *fault);
/* Those that wait, oldest first; after: filed second and id of the last, 0 from the oldest. */
MUST_USE enum err complaint_queue(struct registry *registry, int64_t after_s, uint64_t after,
                                  uint64_t *out_ids, size_t max, size_t *out_n,
                                  struct fault *fault);
/* Takes it back. ERR_NOT_NOW. */
MUST_USE enum err complaint_withdraw(const struct office *office, const struct session *who,
                                     uint64_t id, struct complaint *out, struct fault *fault);
/* An officer's. ERR_CLAIMED: another has it; ERR_NOT_NOW; ERR_SAME_PERSON: his own. */
MUST_USE enum err complaint_claim(const struct office *office, const struct session *who,
                                  uint64_t id, struct complaint *out, struct fault *fault);
MUST_USE enum err complaint_decide(const struct office *office, const struct session *who,
                                   uint64_t id, uint8_t outcome, struct str note,
                                   struct complaint *out, struct fault *fault);

/* ---- how many, by seller ---- */

struct seller_count {
    struct seller seller; /* as he was named last */
    uint64_t complaints;  /* all */
    uint64_t open;        /* of them */
    uint64_t by_outcome[OUTCOME_COUNT];
    int64_t last_s; /* when the last one was filed */
};
/* All sellers, most complaints first; malloc'd, free. Sellers who are known by name alone are one where the name is. */
MUST_USE enum err complaint_sellers(struct registry *registry, struct seller_count **out,
                                    size_t *out_n, struct fault *fault);

#endif
