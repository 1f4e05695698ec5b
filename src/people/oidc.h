/* SPDX-License-Identifier: Apache-2.0
 *
 * oidc - persons who come in through a provider of sign-ins: OpenID Connect Core 1.0, the code flow, with
 * PKCE (RFC 7636, S256), state and nonce. The provider is believed about who somebody is: his IIN stands
 * in a claim that the settings name. Organisations do not come in this way, for a provider does not say
 * who may sign for one.
 *
 * What the provider publishes (its addresses, its keys) is fetched when it is needed and kept for an hour; a
 * token under a key that is not known has the keys fetched once more. May be used by many threads. */
#ifndef PEOPLE_OIDC_H
#define PEOPLE_OIDC_H

#include "base/buf.h"
#include "people/eds.h"

struct oidc;

struct oidc_options {
    const char *issuer;      /* its URL, as in its tokens; https, or http on this machine */
    const char *client;      /* our name there */
    const char *secret_file; /* what proves it; NULL: a public client, by PKCE alone */
    const char *ca;          /* PEM: whom to believe that it is the provider; NULL: the system's */
    const char *iin_claim;   /* NULL: "iin" */
    const char *name;        /* of the service, for people; NULL: the issuer's host */
};

/* Nobody is asked yet. Texts are copied. ERR_SETTING_VALUE, ERR_FILE_…, ERR_MEMORY. */
MUST_USE enum err oidc_open(const struct oidc_options *options, struct oidc **out,
                            struct fault *fault);
void oidc_close(struct oidc *oidc); /* NULL is allowed */
const char *oidc_name(const struct oidc *oidc);

/* One sign-in on its way. All texts need no escape in a URL but `back`. */
enum { OIDC_TEXT = 65 };
struct oidc_way {
    const char *back;  /* our address, where the provider sends him back to */
    const char *state; /* the same in the way out and back */
    char nonce[OIDC_TEXT];
    char verifier[OIDC_TEXT]; /* RFC 7636 4.1: 43 characters at least */
};

/* The address at the provider's that he is sent to, appended with a NUL that is not counted. ERR_DOOR_AWAY,
 * ERR_MEMORY. now_s: UTC seconds of the world's clock, here and below. */
MUST_USE enum err oidc_address(struct oidc *oidc, const struct oidc_way *way, int64_t now_s,
                               struct buf *out, struct fault *fault);
/* Who it is that came back with the code. ERR_DOOR_AWAY: the provider cannot be asked, or says what no
 * provider says; ERR_DOOR_TOKEN: what it says is not to be believed; ERR_DOOR_IDENTITY: it does not say
 * his IIN or his name; ERR_CROWDED: too many at once. */
MUST_USE enum err oidc_who(struct oidc *oidc, const struct oidc_way *way, struct str code,
                           int64_t now_s, struct eds_person *out, struct fault *fault);
/* RFC 9207: is this who we asked? Empty: it does not say. */
bool oidc_is_issuer(const struct oidc *oidc, struct str issuer);

#endif
