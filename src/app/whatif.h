/* SPDX-License-Identifier: Apache-2.0
 *
 * whatif - a change of rules: what it would do, and doing it. One pass over all facts judges each
 * IMEI by the old and the new rules. */
#ifndef APP_WHATIF_H
#define APP_WHATIF_H

#include "app/batch.h"
#include "app/top_models.h"

struct whatif {
    uint64_t imeis;                             /* looked at */
    uint64_t changed;                           /* verdicts that would change in any way */
    uint64_t lost;                              /* served before, not after */
    uint64_t regained;                          /* not served before, served after */
    uint64_t moves[REASON_COUNT][REASON_COUNT]; /* reason before -> after, where it differs */
    struct top_models models;                   /* that lose service */
};

/* KEY=VALUE texts on top of the rules in force. ERR_SETTING_UNKNOWN, ERR_SETTING_VALUE. */
MUST_USE enum err whatif_rules(struct registry *registry, const char *const *sets, size_t n,
                               struct rules *out, struct fault *fault);
struct whatif_ask {
    const struct rules *rules;
    daynum as_of; /* judge as if it were this day; DAYNUM_NONE = today */
    /* Of each IMEI that would lose service or get it back, ascending; NULL: nobody is told. */
    void (*moved)(void *ctx, struct imei imei, bool lost);
    void *ctx;
};
MUST_USE enum err whatif_run(struct registry *registry, const struct whatif_ask *ask,
                             struct whatif *out, struct fault *fault);
/* A new rule set. */
struct rules_plan {
    const struct rules *rules; /* number is given when it is written */
    struct str tac_list;       /* packed list that comes with it, or empty */
    bool grave;                /* this list of models can cut off or exempt: two persons */
    const char *label;         /* for people */
    const char *reason;        /* for the audit notes; NULL = none */
};

/* Brings the rule set in force as one batch: from its intent on everything is judged by it, and
 * the rows of all verdicts that it moves follow. Waits for a second person when two_person holds
 * (ERR_HELD), except a plain list of models, and holding the expiry (expiry_release=manual alone).
 * ERR_HELD without a proposal: the rules changed since it was proposed. */
MUST_USE enum err rules_change(struct registry *registry, const struct rules_plan *plan,
                               struct batch_result *out, struct fault *fault);

#endif
