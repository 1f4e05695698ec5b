/* SPDX-License-Identifier: Apache-2.0
 *
 * account - people who sign in by password and one-time code: officers, assistants, police, operators, the
 * ministry, who runs the register. An account is a party of the register (app/staff.h); this is how it
 * comes in. Wrong tries close it for a while: for the address that they came from, and, more slowly, for all
 * addresses from which nobody has signed in by it, so that neither guesses are many nor can anybody keep a
 * named officer out from elsewhere. What is said is the same for a wrong name, a wrong password, a wrong
 * code and a closed account, and costs the same time. */
#ifndef PEOPLE_ACCOUNT_H
#define PEOPLE_ACCOUNT_H

#include "people/password.h"
#include "people/session.h"
#include "people/totp.h"

enum {
    ACCOUNT_TRIES = 5,        /* wrong ones from one address */
    ACCOUNT_LOCK_S = 15 * 60, /* that close it for that address */
    ACCOUNT_STRANGER_TRIES =
        20, /* wrong ones in ACCOUNT_STRANGER_S from all strange addresses together */
    ACCOUNT_STRANGER_S = 3600, /* that close it for those */
    ACCOUNT_PLACES = 8,        /* addresses that are remembered */
    ACCOUNT_KNOWN = 4,         /* of them, from which it was signed in lately */
};

/* An address from which somebody came. */
struct account_place {
    uint64_t from; /* keyed hash; 0: the row is free */
    bool known;    /* it was signed in from there */
    uint32_t failed;
    int64_t locked_until_s;
    int64_t used_s;
};

struct account {
    uint64_t party;
    char name[LIMIT_NAME + 1];
    uint8_t role; /* enum role, one with a password */
    char body[LIMIT_NAME +
              1];   /* police: the public body it acts for; an operator's: which; else empty */
    uint32_t marks; /* police: bits of enum mark_kind that the body sets */
    char password[PASSWORD_HASH_TEXT]; /* Argon2id, as libsodium writes it */
    uint8_t totp[TOTP_SECRET_BYTES];
    int64_t last_step; /* of the code that was used last */
    /* Of strange addresses together: wrong tries since failed_since_s. */
    uint32_t failed;
    int64_t failed_since_s;
    int64_t locked_until_s;
    struct account_place places[ACCOUNT_PLACES];
};

/* One try to sign in. Texts are borrowed. */
struct account_try {
    struct str name, password, code;
    struct str from;  /* what tells one client's address from another's; empty: not known */
    const char *ends; /* the token that the browser had before: that session is over; may be NULL */
};

/* What an account is given. */
struct account_as {
    uint8_t role;
    struct str body; /* empty: none */
    uint32_t marks;  /* of a body: bits of enum mark_kind; 0: stolen, lost, order */
};

/* Gives an account its role, a password and a new secret for codes (out->totp, to be shown once), in one
 * commit with an event of the audit log; whoever was signed in by it is not any more, and no address is
 * known or closed. ERR_NAME: there is no such account (`user add` first); ERR_ROLE: a role without
 * password, a body for a role that has none, marks without a body; ERR_PASSWORD_WEAK. */
MUST_USE enum err account_set(struct registry *registry, struct str name,
                              const struct account_as *as, struct str password, struct account *out,
                              struct fault *fault);
/* ERR_NOT_FOUND. */
MUST_USE enum err account_get(struct registry *registry, uint64_t party, struct account *out,
                              struct fault *fault);
/* ERR_PASSWORD, whatever was wrong. */
MUST_USE enum err account_sign_in(struct registry *registry, struct committer *committer,
                                  const struct account_try *attempt, struct session *out,
                                  char out_token[SESSION_TOKEN_TEXT], struct fault *fault);

#endif
