/* SPDX-License-Identifier: Apache-2.0
 *
 * account - people who sign in by password and one-time code: officers, assistants, police, operators, the
 * ministry, who runs the register. An account is a party of the register (app/staff.h); this is how it
 * comes in. After ACCOUNT_TRIES wrong tries it is closed for ACCOUNT_LOCK_S; what is said is the same for
 * a wrong name, a wrong password, a wrong code and a closed account, and costs the same time. */
#ifndef PEOPLE_ACCOUNT_H
#define PEOPLE_ACCOUNT_H

#include "people/password.h"
#include "people/session.h"
#include "people/totp.h"

enum { ACCOUNT_TRIES = 5, ACCOUNT_LOCK_S = 15 * 60 };

struct account {
    uint64_t party;
    char name[LIMIT_NAME + 1];
    uint8_t role;                      /* enum role, one with a password */
    char password[PASSWORD_HASH_TEXT]; /* Argon2id, as libsodium writes it */
    uint8_t totp[TOTP_SECRET_BYTES];
    int64_t last_step; /* of the code that was used last */
    uint32_t failed;   /* tries since the last right one */
    int64_t locked_until_s;
};

/* Gives an account its role, a password and a new secret for codes (out->totp, to be shown once), in one
 * commit; whoever was signed in by it is not any more. ERR_NAME: there is no such
 * account (`user add` first); ERR_ROLE: a role without password; ERR_PASSWORD_WEAK. */
MUST_USE enum err account_set(struct registry *registry, struct str name, uint8_t role,
                              struct str password, struct account *out, struct fault *fault);
/* ERR_NOT_FOUND. */
MUST_USE enum err account_get(struct registry *registry, uint64_t party, struct account *out,
                              struct fault *fault);
/* ERR_PASSWORD, whatever was wrong. */
MUST_USE enum err account_sign_in(struct registry *registry, struct committer *committer,
                                  struct str name, struct str password, struct str code,
                                  const char *ends, struct session *out,
                                  char out_token[SESSION_TOKEN_TEXT], struct fault *fault);

#endif
