/* SPDX-License-Identifier: Apache-2.0
 *
 * operator - what a mobile operator's people see, by API and by page: IMEIs with the public code and since when, the
 * operator's API keys, the files that were loaded in its name and what in them could be no key. No owner, and no
 * reason beyond the public one (domain.md 3). An account's operator is the name that `--body` gave it. */
#ifndef PORTAL_OPERATOR_H
#define PORTAL_OPERATOR_H

#include "app/api_key.h"
#include "core/policy.h"
#include "portal/portal.h"

enum { OPERATOR_KEYS = 64, OPERATOR_FILES = 20, OPERATOR_FINDINGS = 32 };

struct operator_check {
    struct imei imei;
    struct verdict now;
    daynum since; /* day of the journal's row that made it so; DAYNUM_NONE: none did */
};
/* The operator for which he acts. ERR_NO_BODY: the account has none. */
MUST_USE enum err operator_name(const struct visit *v, struct str *out, struct fault *fault);
/* One, which the caller notes. */
MUST_USE enum err operator_look(struct registry *registry, struct imei imei,
                                struct operator_check *out, struct fault *fault);
/* Each look is noted. */
MUST_USE enum err operator_checks(struct visit *v, const struct imei *imeis, size_t n,
                                  struct operator_check *out, struct fault *fault);

/* Those whose name is the operator's, alone or before a slash, which no name of an operator has: "Kcell",
 * "Kcell/billing". */
MUST_USE enum err operator_keys(struct visit *v, struct str name, struct api_key *out,
                                size_t *out_n, struct fault *fault);
/* Ends one of them at once. ERR_KEY: it is none of theirs. */
MUST_USE enum err operator_key_revoke(struct visit *v, struct str name, struct str id,
                                      struct api_key *out, struct fault *fault);

/* What is wrong with rows of its files, by kind. */
struct operator_finding {
    char kind[24];
    uint64_t count;
};
struct operator_files {
    struct load loads[OPERATOR_FILES]; /* the latest, newest first */
    size_t load_count;
    struct operator_finding findings[OPERATOR_FINDINGS];
    size_t finding_count;
    bool more; /* findings were too many to be counted to the end */
};
MUST_USE enum err operator_files(struct visit *v, struct str name, struct operator_files *out,
                                 struct fault *fault);

#endif
