/* SPDX-License-Identifier: Apache-2.0
 *
 * correction - what was wrong in an approved application is put right (domain.md 4 "Corrections after approval"): an IMEI
 * was mistyped or forgotten, a device did not arrive, left the country, went back to its seller.
 *
 * A correction is an application of the same kind that hangs at the first one (application.corrects), so the desk,
 * clocks, holds, papers, messages, the second officer and appeals are those of every application. Each of its devices says
 * how the device will be: `is.imeis` all its IMEIs afterwards (none: it leaves), `is.old` those whose approval is withdrawn.
 * Deciding it is one commit: old approvals go (the facts of the IMEI speak again, an earlier approval among them), new
 * ones come, under the number of the first application. */
#ifndef CASES_CORRECTION_H
#define CASES_CORRECTION_H

#include "app/changes.h"
#include "cases/filing.h"

enum ground {
    GROUND_NONE = 0,
#define GROUND(code, name, text, does) GROUND_##name = code,
#include "cases/correction.def"
#undef GROUND
    GROUND_COUNT
};
const char *ground_name(uint8_t ground); /* "" for none */
bool ground_find(struct str name, uint8_t *out);
/* Does the device leave, or are its IMEIs others? */
bool ground_leaves(uint8_t ground);

enum { CORRECTION_IMEIS_MAX = 1000 }; /* of all its devices, those that stay among them */

/* One device, named by one of its IMEIs as they are approved. Two of one device become one. */
struct correcting {
    struct imei imei;
    struct imei right
        [LIMIT_DEVICE_IMEIS]; /* MISTYPED: the right one; FORGOTTEN: those to be added; else none */
    uint8_t right_count;
};

struct correction {
    uint64_t corrects; /* the application that was approved */
    uint8_t ground;    /* enum ground */
    const struct correcting *devices;
    size_t device_count;
    struct str note; /* to the officer; may be empty */
    const struct paper_id *papers;
    size_t paper_count;
    struct str language, idempotency; /* as struct filing */
};

/* Files it: its applicant, or an officer, who then does not decide it. Holds the new IMEIs where they are grey. ERR_NOT_FOUND (another's),
 * ERR_ROLE, ERR_NOT_NOW (it is not approved, or is a correction itself), ERR_NOT_APPROVED (an IMEI that it has not, or not any more;
 * fault.value), ERR_DEVICE_IMEIS (a device would have more than four; the wrong number of right ones), ERR_TOO_MANY,
 * ERR_DUPLICATE_IN_FILE, ERR_OPEN_ALREADY, ERR_PAPER, ERR_IDEMPOTENCY. *out: application_release. */
MUST_USE enum err correction_new(const struct office *office, const struct session *who,
                                 const struct correction *wish, struct application *out,
                                 bool *out_again, struct fault *fault);
/* Those of an application, the first one first, after `after` (an id; 0: all), at most max. */
MUST_USE enum err correction_list(struct registry *registry, uint64_t application, uint64_t after,
                                  uint64_t *out_ids, size_t max, size_t *out_n,
                                  struct fault *fault);
/* How a device of an application stands after its corrections, by one of its IMEIs. false: no approved correction named
 * that IMEI. *out: its IMEIs, none when it left. */
MUST_USE enum err correction_of(struct registry *registry, uint64_t application, struct imei imei,
                                struct case_device *out, bool *out_found, struct fault *fault);

/* The same of a device as it was filed, through all corrections. */
MUST_USE enum err correction_now(struct registry *registry, uint64_t application,
                                 const struct case_device *filed, struct case_device *out,
                                 struct fault *fault);
/* May it be corrected now? It is approved, or appealed and a device of it is approved. */
bool correction_open(const struct application *a);

/* ---- for the step that decides it ---- */

/* By which approval its new IMEIs stand. */
MUST_USE enum err correction_how(const struct office *office, const struct application *a,
                                 struct approving *out, struct fault *fault);
/* Do these facts hold an approval of that application? */
bool correction_approved(const struct facts *facts, uint64_t application);
/* Appends the changes of one device that is approved. ERR_MOVED: an approval that is to be withdrawn is another by now. */
MUST_USE enum err correction_changes(const struct office *office, const struct case_device *device,
                                     const struct approving *how, struct changes *out,
                                     struct fault *fault);
/* Inside the transaction: may this approval be withdrawn, as these facts stand? ERR_MOVED; ERR_HELD: an officer decides
 * that (actor 0). */
MUST_USE enum err correction_allowed(const struct approving *how, uint64_t actor,
                                     const struct facts *facts, const struct change *change);
/* Inside a write, once it is stored: the lists in which it is found, the count of what did not arrive. */
MUST_USE enum err correction_put(struct registry *registry, const struct application *before,
                                 const struct application *after, struct fault *fault);

#endif
