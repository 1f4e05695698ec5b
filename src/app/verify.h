/* SPDX-License-Identifier: Apache-2.0
 *
 * verify - devices come onto the white list: the decision on an approved application, one device
 * (1-4 IMEIs, decided together) or many. A repair names the IMEIs that were taken out; they
 * become black, and the new ones must be unused and on no list (else repair launders stolen
 * phones). Rules: domain.md 2 item 5, 3 rules 5-7, 4. */
#ifndef APP_VERIFY_H
#define APP_VERIFY_H

#include "app/changes.h"
#include "app/commit.h"

struct device {
    struct imei imeis[LIMIT_DEVICE_IMEIS];
    uint8_t count;
    struct imei old[LIMIT_DEVICE_IMEIS]; /* repair: taken out */
    uint8_t old_count;
    bool inherits; /* repair of a grey device: the new IMEIs are not verified, they inherit */
    daynum activation, known; /* this activation, and with it the deadline */
};

struct approving {
    uint8_t kind;         /* enum approval_kind */
    int64_t at;           /* UTC seconds of the approval; INSTANT_NONE = now */
    uint64_t party;       /* on whose behalf; registry_party */
    uint64_t application; /* 0 = none */
    daynum used_from; /* repair: use of a new IMEI from this day on is the device's own; 0 = none */
    const char *reason;
};

/* Appends the changes of one device: approvals, the group that links its IMEIs, replacements. */
void verify_changes(const struct approving *how, const struct device *device, struct changes *out);
/* Looks at the IMEIs that a repair took out and fills in what the new ones inherit. An old IMEI
 * that is black or never activated gets no automatic approval: ERR_NOT_REPAIRABLE, the IMEI in
 * *out_which. Nothing to do for other kinds. */
MUST_USE enum err verify_prepare(struct registry *registry, const struct approving *how,
                                 struct device *device, struct imei *out_which,
                                 struct fault *fault);
/* May a new IMEI with these facts be approved so? ERR_NOT_NEW (a repair's is unused and on no
 * list), ERR_VERIFIED_OTHER. */
MUST_USE enum err verify_allowed(const struct approving *how, const struct facts *facts);
/* One device at once. For a repair ERR_NOT_NEW, ERR_NOT_REPAIRABLE; ERR_VERIFIED_OTHER when another
 * party holds a later or equal approval. committer NULL: by the registry's own transaction. */
MUST_USE enum err verify_device(struct registry *registry, struct committer *committer,
                                const struct approving *how, const struct device *device,
                                struct fault *fault);

/* Opens or ends a hold: a complete application, filed in time, keeps a grey IMEI served.
 * until: a day, DAYNUM_OPEN, or DAYNUM_NONE to end it. */
MUST_USE enum err verify_hold(struct registry *registry, struct imei imei, daynum until,
                              struct fault *fault);
/* A visitor's registration, until its last day. */
MUST_USE enum err verify_temporary(struct registry *registry, struct imei imei, daynum until,
                                   struct fault *fault);
/* A declared machine-to-machine fleet. */
MUST_USE enum err verify_machines(struct registry *registry, const struct imei *imeis, size_t n,
                                  bool on, struct fault *fault);
/* State of a clone case (0, FACTS_CLONE_SUSPECTED, FACTS_CLONE) and the subscribers (packed IMSIs)
 * that are served all the same; at most LIMIT_PAIRS. */
MUST_USE enum err verify_clone(struct registry *registry, struct imei imei, uint32_t state,
                               const uint64_t *imsis, size_t n, struct fault *fault);
/* Revoked for cause (fraud, false papers), at the present second. */
MUST_USE enum err verify_revoke(struct registry *registry, struct imei imei, const char *reason,
                                struct fault *fault);

#endif
