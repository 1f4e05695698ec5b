/* SPDX-License-Identifier: Apache-2.0
 *
 * demo - the demonstration's people: who stands in the role picker, how he signs in. An applicant signs a
 * real nonce with a sample key, staff give a real password and a real code: the roads are those of everybody,
 * only the keys are ours. Exists when `serve` was started with --demo, and not else. */
#ifndef PORTAL_DEMO_H
#define PORTAL_DEMO_H

#include "face/text.h"
#include "people/account.h"
#include "people/demo_ca.h"
#include "portal/portal.h"

enum { DEMO_PASSWORD_TEXT = 20 }; /* "3f2a-91c0-d4e5-7788" and a NUL */

struct demo;

/* One row of the picker. */
struct demo_role {
    const char *id;            /* in forms; of staff also the account's name */
    enum text what;            /* "Importer" */
    uint8_t role;              /* enum role */
    struct demo_signer signer; /* of applicants */
    const char *body;          /* police, an operator: for whom; NULL: nobody */
};

/* Makes the sample accounts of staff that are missing in the register, and sample keys.
 * registry: a writing one. What two persons would have to decide about an account is done by two sample officers;
 * where the register has staff of its own, they are not made, and the picker goes without them. ERR_MEMORY;
 * errors of the store. */
MUST_USE enum err demo_open(struct registry *registry, struct demo **out, struct fault *fault);
/* NULL is allowed. */
void demo_close(struct demo *demo);

/* Walks the picker; NULL past the end. */
const struct demo_role *demo_role(const struct demo *demo, size_t i);
/* The row with the id; NULL. */
const struct demo_role *demo_role_find(const struct demo *demo, struct str id);
/* Whose signatures a demonstration believes when the settings name no authority. */
const struct eds_port *demo_eds(const struct demo *demo);

/* Who answers for border and post where the settings name nobody: everybody crossed the border, and a parcel
 * came unless its number ends in 0. */
struct check_sources demo_sources(void);

/* Comes in as the role. Errors of portal_enter_…; ERR_STALE: staff, whose next code has not come yet. */
MUST_USE enum err demo_enter(const struct demo *demo, struct exchange *x, struct visit *visit,
                             const struct demo_role *role);
/* What staff would type: password, and the code that counts now; code is empty when it was used. ERR_NOT_FOUND. */
MUST_USE enum err demo_secrets(struct registry *registry, const struct demo_role *role,
                               char password[DEMO_PASSWORD_TEXT], char code[TOTP_CODE_TEXT]);

#endif
