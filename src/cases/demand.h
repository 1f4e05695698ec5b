/* SPDX-License-Identifier: Apache-2.0
 *
 * demand - a request to a seller (in code "demand": a request is HTTP's): who bought a phone in the country that is not verified asks its seller or importer to verify it, and
 * sees what became of that (domain.md 4 "Where is it from?"). A seller who is known by his number finds it in his
 * cabinet; one who is known by name alone is looked for by an officer, who forwards it.
 *
 * A request holds no phone: its days of service go on, and every side is told the last of them. It is settled by what
 * the register knows, not by what anybody says: when all IMEIs of the phone are verified, by whomever (demand_sweep).
 * The seller never sees the buyer's number, and his name only if the buyer said so. */
#ifndef CASES_DEMAND_H
#define CASES_DEMAND_H

#include "cases/claim.h"

enum demand_state {
#define DEMAND_STATE(code, name, text, open) DEMAND_##name = code,
#include "cases/claim.def"
#undef DEMAND_STATE
    DEMAND_STATE_COUNT
};
enum demand_answer {
    ANSWER_NONE = 0,
#define DEMAND_ANSWER(code, name, text) ANSWER_##name = code,
#include "cases/claim.def"
#undef DEMAND_ANSWER
    DEMAND_ANSWER_COUNT
};

enum {
    DEMAND_WORKING_DAYS = 5, /* in which the seller answers; ours */
    DEMANDS_OPEN = 10,       /* of one buyer at once; ours */
    DEMANDS_DAY = 5,         /* that one buyer sends within 24 hours; ours */
    DEMAND_EVENTS = 16,      /* the last ones are kept */
};

/* Whose step it was. Codes are stored. */
enum demand_by { BY_REGISTER = 0, BY_BUYER = 1, BY_SELLER = 2, BY_OFFICER = 3 };

struct demand_event {
    int64_t time_s;
    uint8_t state;  /* after it */
    uint8_t answer; /* that was given; ANSWER_NONE */
    uint8_t by;     /* enum demand_by */
    char note[LIMIT_REASON + 1];
};

struct demand {
    uint64_t id;
    uint64_t version; /* counts its steps */
    uint8_t state;    /* enum demand_state */
    uint8_t answer;   /* enum demand_answer: the last one */
    bool named;       /* the seller may see the buyer's name */
    uint64_t buyer;   /* party on whose behalf */
    uint64_t filed_by;
    uint64_t forwarded_by; /* the officer who found the seller; 0 = the buyer knew him */
    uint64_t application;  /* of the seller, as he answered; 0 = none */
    int64_t application_s; /* when that was filed, for its number */
    struct purchase what;
    char note[LIMIT_REASON + 1]; /* of the buyer; may be empty */
    char receipt[RECEIPT_TEXT];
    char language[LANGUAGE_TEXT]; /* of the buyer */
    int64_t filed_s;
    int64_t due_s;   /* by when an answer must come */
    int64_t ended_s; /* 0 = it is open */
    struct demand_event events[DEMAND_EVENTS];
    size_t event_count;
    struct case_paper papers[LIMIT_PAPERS];
    size_t paper_count;
};

struct demand_wish {
    struct purchase what; /* the seller's party is filled in */
    struct str note;
    bool named;
    const struct paper_id *papers; /* loose ones of the buyer */
    size_t paper_count;
    struct str language, idempotency; /* as struct filing */
};

/* Who looks at one. */
enum demand_side { SIDE_BUYER, SIDE_SELLER, SIDE_OFFICER };

const char *demand_state_name(uint8_t state); /* "" for none */
const char *demand_answer_name(uint8_t answer);
bool demand_answer_find(struct str name, uint8_t *out);
bool demand_open(const struct demand *r);
/* Did nobody answer it, or refuse: time for a complaint? */
bool demand_failed(const struct demand *r);
void demand_number(const struct demand *r, char out[APPLICATION_NUMBER_TEXT]);

/* Sends it. As purchase_check; ERR_DATE: without its day; ERR_TOO_LONG, ERR_UTF8; ERR_ROLE: by power of attorney;
 * ERR_REQUEST_NEEDLESS: verified, or black for something else than want of verification; ERR_REQUEST_OPEN: he has an
 * open one for an IMEI of it; ERR_REQUESTS: as many as one may; ERR_PAPER, ERR_TOO_MANY, ERR_IDEMPOTENCY. */
MUST_USE enum err demand_new(const struct office *office, const struct session *who,
                             const struct demand_wish *wish, struct demand *out, bool *out_again,
                             struct fault *fault);
/* Would demand_new take it? The same errors; nothing is written. */
MUST_USE enum err demand_check(const struct office *office, const struct session *who,
                               struct demand_wish *wish, struct fault *fault);

MUST_USE enum err demand_get(struct registry *registry, uint64_t id, struct demand *out,
                             struct fault *fault);
/* One that this session may see, and as whom. ERR_NOT_FOUND: also another's. */
MUST_USE enum err demand_for(struct registry *registry, const struct session *who, uint64_t id,
                             struct demand *out, enum demand_side *out_side, struct fault *fault);
/* May this session see what came to the seller for whom it acts? */
bool demand_seller_may(const struct session *who);
/* Those he sent (SIDE_BUYER) or that came to him, newest first. after: 0 from the newest. */
MUST_USE enum err demand_list(struct registry *registry, const struct session *who,
                              enum demand_side side, uint64_t after, uint64_t *out_ids, size_t max,
                              size_t *out_n, struct fault *fault);
/* Open ones whose seller is known by words alone, oldest first. */
MUST_USE enum err demand_unknown(struct registry *registry, uint64_t after, uint64_t *out_ids,
                                 size_t max, size_t *out_n, struct fault *fault);

struct demand_reply {
    uint8_t answer;       /* enum demand_answer */
    uint64_t application; /* VERIFIED: needed; VERIFYING: may be; else 0 */
    struct str note;      /* REFUSED: needed */
};
/* The seller answers, while it is open; again, when something changed. ERR_NOT_FOUND, ERR_NOT_NOW; ERR_USAGE (note,
 * application); ERR_NOT_APPROVED: that application of his has verified no IMEI of it. */
MUST_USE enum err demand_reply(const struct office *office, const struct session *who, uint64_t id,
                               const struct demand_reply *reply, struct demand *out,
                               struct fault *fault);
/* The buyer needs it no more. ERR_NOT_NOW. */
MUST_USE enum err demand_close(const struct office *office, const struct session *who, uint64_t id,
                               struct demand *out, struct fault *fault);
/* An officer found out who the seller is: his time to answer begins. ERR_IIN_BIN (also the buyer's own), ERR_NOT_NOW. */
MUST_USE enum err demand_forward(const struct office *office, const struct session *who,
                                 uint64_t id, struct str bin, struct demand *out,
                                 struct fault *fault);

/* What the worker remembers between two looks; all 0 in the beginning, so that the first look is at all. */
struct demand_watch {
    uint64_t seen_seq;  /* the journal was so long when the last whole round began */
    uint64_t round_seq; /* ... the round that goes on */
    uint64_t after;     /* the request that it has come to; 0 = none goes on */
};
/* Those whose seller did not answer in time are overdue; those whose phone is verified are settled. Looks at all open
 * ones once the journal has grown, some at a time. */
MUST_USE enum err demand_sweep(const struct office *office, struct demand_watch *watch,
                               struct fault *fault);

#endif
