/* SPDX-License-Identifier: Apache-2.0
 *
 * filing - an applicant's own acts: he files an application, takes it back, brings papers that were asked
 * for, appeals. Each is one commit: the application's record, the lists it stands in, and the hold that
 * keeps his phones served while it is open (domain.md 3 rule 9) are written together or not at all. */
#ifndef CASES_FILING_H
#define CASES_FILING_H

#include "app/commit.h"
#include "cases/application.h"
#include "core/hours.h"
#include "people/session.h"

struct check_sources;

/* What the use cases of this room work with; borrowed. registry: the calling thread's own. */
struct office {
    struct registry *registry;
    struct committer *committer;
    const struct hours *hours;
    unsigned second_from; /* devices from which on two officers approve; 0: as second.h says */
    const struct check_sources *sources; /* whom the checks of files ask; NULL: nobody */
};

static inline int64_t office_now_s(const struct office *office)
{
    return clock_now_us(office->registry->clock) / 1000000;
}

enum {
    FILING_DEVICES_MAX = 20,  /* typed in one application; more come as a file */
    IDEMPOTENCY_KEY_MAX = 64, /* bytes */
    PAPERS_WORKING_DAYS = 10, /* in which papers must come, domain.md 3 rule 9 */
    APPEAL_WORKING_DAYS = 3,  /* in which a first appeal keeps the hold, domain.md 3 rule 9 */
};

/* What is wanted. Texts are borrowed. */
struct filing {
    uint8_t kind; /* enum approval_kind */
    uint8_t way;  /* enum way */
    struct str document, country;
    daynum entered;
    const struct case_device *devices; /* IMEIs, brand, model; the rest is ignored */
    size_t device_count;
    const struct paper_id *papers; /* loose ones of the applicant (paper.h) */
    size_t paper_count;
    struct str msisdn;      /* where he is told of it beside; empty: nowhere */
    struct str consent;     /* of a gift: id of the code by which the traveller consented; empty */
    struct str language;    /* in which he is written to, two letters; empty: not known */
    struct str idempotency; /* names this act: sent again, it gives what it gave; empty: none */
};

/* Files it. ERR_ROLE: this kind is not his to file. ERR_TOO_MANY, ERR_DEVICE_IMEIS (a device without an
 * IMEI, or with more than four), ERR_DUPLICATE_IN_FILE (an IMEI twice; fault.value), ERR_OPEN_ALREADY (he has
 * an open application for one), ERR_TOO_LONG, ERR_UTF8, ERR_DATE (a day to come), ERR_IDEMPOTENCY (the
 * key was used for something else). *out: application_release; *out_again: it stood already. */
MUST_USE enum err filing_new(const struct office *office, const struct session *who,
                             const struct filing *wish, struct application *out, bool *out_again,
                             struct fault *fault);
/* Would filing_new take it, as things stand? The same errors; nothing is written. For pages that ask one
 * question after another. */
MUST_USE enum err filing_check(const struct office *office, const struct session *who,
                               const struct filing *wish, struct fault *fault);
/* A text that somebody wrote. ERR_TOO_LONG, ERR_UTF8; fault.field. */
MUST_USE enum err filing_text_check(struct str text, size_t max, const char *field,
                                    struct fault *fault);
/* Is what is wanted of the right form, and his to file? The same errors, but ERR_OPEN_ALREADY. */
MUST_USE enum err filing_form(const struct office *office, const struct session *who,
                              const struct filing *wish, struct fault *fault);
/* What an idempotency key of his has made. ERR_NOT_FOUND. */
MUST_USE enum err filing_made(const struct office *office, const struct session *who,
                              struct str idempotency, uint64_t *out_id, struct fault *fault);
/* Inside a write: has its applicant no other open application for one of its IMEIs? ERR_OPEN_ALREADY. */
MUST_USE enum err filing_none_open(struct registry *registry, const struct application *a,
                                   struct fault *fault);
/* Takes it back, from any open state; the hold ends. ERR_NOT_FOUND (also for what is another's), ERR_NOT_NOW. */
MUST_USE enum err filing_withdraw(const struct office *office, const struct session *who,
                                  uint64_t id, struct application *out, struct fault *fault);
/* Answers a request for papers; the clock goes on. ERR_NOT_NOW. */
MUST_USE enum err filing_answer(const struct office *office, const struct session *who, uint64_t id,
                                struct str note, struct application *out, struct fault *fault);
/* The same with papers. ERR_PAPER, ERR_TOO_MANY: papers_gather. */
struct bringing {
    struct str note;
    const struct paper_id *papers;
    size_t paper_count;
};
MUST_USE enum err filing_bring(const struct office *office, const struct session *who, uint64_t id,
                               const struct bringing *what, struct application *out,
                               struct fault *fault);
/* Against a refusal: another officer looks at the devices that were refused. Once. ERR_NOT_NOW. */
MUST_USE enum err filing_appeal(const struct office *office, const struct session *who, uint64_t id,
                                struct str note, struct application *out, struct fault *fault);
/* The same with papers, as filing_bring. */
MUST_USE enum err filing_appeal_bring(const struct office *office, const struct session *who,
                                      uint64_t id, const struct bringing *what,
                                      struct application *out, struct fault *fault);
/* By power of attorney one acts on applications of the kinds that he may file; others he sees. */
bool filing_may_act(const struct application *a, const struct session *who);
/* May he appeal, once? */
bool filing_may_appeal(const struct application *a);
/* The last day on which an appeal keeps the service of what was refused. */
daynum filing_appeal_keeps(const struct office *office, const struct application *a);
/* His own, newest first, after `after` (an id, 0 = from the newest), at most max. */
MUST_USE enum err filing_list(const struct office *office, const struct session *who,
                              uint64_t after, uint64_t *out_ids, size_t max, size_t *out_n,
                              struct fault *fault);
/* One of his own. ERR_NOT_FOUND. */
MUST_USE enum err filing_get(const struct office *office, const struct session *who, uint64_t id,
                             struct application *out, struct fault *fault);

#endif
