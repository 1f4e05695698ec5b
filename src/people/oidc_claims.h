/* SPDX-License-Identifier: Apache-2.0
 *
 * oidc_claims - what a provider's token says, once its signature stands: is it for us, of this sign-in, of
 * now (OpenID Connect Core 1.0 3.1.3.7), and of whom. No I/O. */
#ifndef PEOPLE_OIDC_CLAIMS_H
#define PEOPLE_OIDC_CLAIMS_H

#include <jansson.h>

#include "people/eds.h"

enum {
    OIDC_SKEW_S = 60,       /* that its clock may be off */
    OIDC_FRESH_S = 10 * 60, /* since it was made */
};

struct oidc_wanted {
    const char *issuer, *client, *nonce;
    const char *iin_claim;
    int64_t now_s;
};

/* ERR_DOOR_TOKEN; fault names the claim. */
MUST_USE enum err oidc_claims_judge(const json_t *claims, const struct oidc_wanted *wanted,
                                    struct fault *fault);
/* iin and name; the rest is empty. ERR_DOOR_IDENTITY. */
MUST_USE enum err oidc_claims_person(const json_t *claims, const struct oidc_wanted *wanted,
                                     struct eds_person *out, struct fault *fault);

#endif
