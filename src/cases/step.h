/* SPDX-License-Identifier: Apache-2.0
 *
 * step - one step of an application, as one commit: what it was prepared from is compared inside the
 * transaction, so that of two who act at once the later hears ERR_STALE and nothing is lost. */
#ifndef CASES_STEP_H
#define CASES_STEP_H

#include "cases/filing.h"

enum {
    STEP_TRIES = 4, /* of an act that found another's step between */
    STEP_HOUR_S = 3600,
};

typedef enum err step_stands_fn(struct registry *registry, const struct application *a,
                                struct fault *fault);

struct step {
    const struct application *before; /* NULL: it is new, and gets its number in the transaction */
    struct application *after;
    struct changes *changes;     /* of facts; NULL: none. Sorted already */
    struct entry entry;          /* event 0: no changes; party and document are filled in */
    const struct approving *how; /* of approvals among the changes; NULL: none */
    uint64_t actor;              /* who acts; 0 = the register itself */
    bool always;                 /* the entry is written without changes, too */
    const struct case_proposal
        *confirms; /* two officers decide this: blocks are lifted as proposed */
    /* May it still be filed, or appealed? Asked inside the transaction; NULL = yes. */
    step_stands_fn *stands;
    struct record_key also_key; /* a record that goes with it: n 0 = none */
    struct str also_value;
    struct imei refused; /* out: the IMEI on which the facts refused an approval */
};

/* What is done to an application: it looks at `before`, changes `after`, a copy, and takes the step. */
typedef enum err step_fn(const struct office *office, const struct application *before,
                         struct application *after, void *ctx, struct fault *fault);
/* Does it to the application as it stands. *out (NULL: not asked for): as it is then; application_release.
 * ERR_NOT_FOUND; ERR_STALE: somebody was faster; what fn says. */
MUST_USE enum err step_once(const struct office *office, uint64_t id, step_fn *fn, void *ctx,
                            struct application *out, struct fault *fault);
/* The same; what somebody faster left is looked at anew, STEP_TRIES times in all. */
MUST_USE enum err step_act(const struct office *office, uint64_t id, step_fn *fn, void *ctx,
                           struct application *out, struct fault *fault);

/* ERR_STALE; what verify_allowed says of an approval; of the store. */
MUST_USE enum err step_take(const struct office *office, struct step *step, struct fault *fault);

/* Appends the changes that open the hold of its IMEIs, of those that would be grey now or become so, were no mark
 * before it: not of what has expired. One hold an IMEI, kind and applicant: what another application of his
 * held for the same ground is passed over when the step is taken. A repair's old IMEIs are held as well. */
MUST_USE enum err step_hold(const struct office *office, const struct application *a,
                            struct changes *out, struct fault *fault);
/* Those that give the open hold of one device a last day, or end it (DAYNUM_NONE). */
MUST_USE enum err step_hold_until(const struct office *office, const struct case_device *device,
                                  daynum until, struct changes *out, struct fault *fault);

/* When the working time of an application is over that begins or goes on now. */
int64_t step_due(const struct office *office, int64_t now_s, int64_t working_s);

#endif
