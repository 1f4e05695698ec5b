/* SPDX-License-Identifier: Apache-2.0
 *
 * checks - what the register finds out by itself about an application: from its own facts, and by asking
 * others (border, post). What rules settle is approved at once; the rest waits for an officer with all
 * findings. "Could not ask" is never "no". Rules: domain.md 4. */
#ifndef CASES_CHECKS_H
#define CASES_CHECKS_H

#include "cases/filing.h"

enum { CHECKS_AGAIN_MOST = 256 }; /* called again at once */

enum asked {
    ASKED_NOBODY, /* nothing is configured to ask */
    ASKED_YES,
    ASKED_NO,
    ASKED_AWAY,  /* it could not be asked: another time */
    ASKED_LATER, /* the question is on its way (inquiry.h) */
};

struct check_question {
    const char *iin; /* of who brought it: the applicant, or the traveller of a gift */
    daynum entered;  /* as declared; DAYNUM_NONE */
    const char *document;
    const char *number; /* of the application: the purpose, for the other side's log */
};

/* Who can be asked. Bounded in time by itself. */
struct check_source {
    enum asked (*ask)(void *ctx, const struct check_question *question);
    void *ctx;
};

/* Customs: does this goods item of a declaration exist, is it his, how many devices does it declare? */
struct customs_question {
    struct str declaration;
    uint32_t item;      /* 0: none is named */
    const char *bin;    /* of the applicant; of a sole trader the IIN */
    const char *number; /* as above */
};
struct customs_answer {
    bool own; /* he is its declarant */
    uint64_t quantity;
};
/* ASKED_YES: there is such a line, *out tells; ASKED_NO: there is none. */
struct customs_source {
    enum asked (*ask)(void *ctx, const struct customs_question *question,
                      struct customs_answer *out);
    void *ctx;
    bool at_once; /* it never waits for anybody */
};

/* GSMA's list: which of these IMEIs stand on it? listed[i] is set for those. number: the purpose. ASKED_YES: it
 * has answered for all; else ASKED_AWAY. At most GSMA_ASK_MOST at once. */
enum { GSMA_ASK_MOST = 1000 };
struct gsma_source {
    enum asked (*ask)(void *ctx, const char *number, const struct imei *imeis, size_t n,
                      bool *listed);
    void *ctx;
};

/* Asked by several threads at once. */
struct check_sources {
    struct check_source border; /* did this person enter the country about that day? */
    struct check_source parcel; /* did this parcel come for this person? */
    struct customs_source customs;
    struct gsma_source gsma;
};

/* Names of the sources for which an application waits, or none: those that could not be asked while its checks are not
 * done, or its approvals wait. At most CHECKS_SOURCES; *out_n how many. */
enum { CHECKS_SOURCES = 4 };
void checks_waits_for(const struct application *a, const char *out[CHECKS_SOURCES], size_t *out_n);

/* Whether all have answered who were to be asked; of several the greatest. */
enum reach {
    REACH_ALL,
    REACH_AWAY,  /* somebody could not be asked */
    REACH_LATER, /* a question is on its way: nothing is written yet */
};
/* Takes one answer in. */
void checks_reach(enum reach *reach, enum asked asked);

/* Looks at one application and settles it as far as rules do: fills in its findings, approves it when none
 * stops, else leaves it to an officer. *out_away: somebody could not be asked, and it stays unchecked, as it does while
 * a question is on its way.
 * ERR_NOT_FOUND, ERR_STALE, of the store; an application that is no longer open is left alone. */
MUST_USE enum err checks_settle(const struct office *office, const struct check_sources *sources,
                                uint64_t id, bool *out_away, struct fault *fault);
/* Those whose phones would lose service tomorrow, were nothing open: their checks become due once more.
 * *out_n how many, at most CHECKS_AGAIN_MOST. */
MUST_USE enum err checks_again(const struct office *office, size_t *out_n, struct fault *fault);
/* Applications whose checks are due, ascending, after one (0: from the first), at most max. */
MUST_USE enum err checks_due(const struct office *office, uint64_t after, uint64_t *out_ids,
                             size_t max, size_t *out_n, struct fault *fault);

#endif
