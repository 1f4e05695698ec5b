/* SPDX-License-Identifier: Apache-2.0
 *
 * enter - coming in and going out, as the API and the pages share it. */
#include "face/guard.h"
#include "people/account.h"
#include "people/sign_in.h"
#include "portal/enter.h"

enum { COST = 15 }; /* IMEIs' worth of one sign-in, beside the one that the route took */

/* Of the sign-in: another site's page may not sign its reader in as somebody else. */
bool portal_is_own(const struct exchange *x)
{
    struct str site = x->request->fetch_site;
    return !site.n || str_eq(site, STR("same-origin")) || str_eq(site, STR("none"));
}

enum err enter_begin(struct exchange *x, const struct visit *v, bool from_elsewhere)
{
    enum err err = from_elsewhere || portal_is_own(x) ? guard_admit(x, COST) : ERR_CSRF;
    if (err || portal_sign_in_begin(v->portal))
        return err;
    x->response->retry_after_s = LIMIT_CROWDED_SECONDS;
    return ERR_CROWDED;
}

/* What was turned away at the door was no try to sign in. */
static bool is_try(enum err err)
{
    return err != ERR_CSRF && err != ERR_RATE && err != ERR_CROWDED && err != ERR_NONCE;
}

enum err enter_end(struct exchange *x, struct visit *v, enum err err, uint64_t subject,
                   const struct session *who, const char *token)
{
    portal_sign_in_end(v->portal);
    if (!err) {
        v->who = *who;
        portal_cookie(x, token);
    }
    if (is_try(err))
        portal_note(v, AUDIT_SIGN_IN, subject, 0, err);
    return err;
}

enum err portal_enter_password(struct exchange *x, struct visit *v, struct str name,
                               struct str password, struct str code)
{
    char token[SESSION_TOKEN_TEXT], before[SESSION_TOKEN_TEXT];
    struct session who;
    struct registry *reg = v->office.registry;
    const struct address *client = &x->request->client;
    str_copy(before, sizeof before, portal_token(x));
    const struct account_try attempt = {
        .name = name,
        .password = password,
        .code = code,
        .from = {(const char *)client->bytes, address_client_bytes(client)},
        .ends = before};
    enum err err = enter_begin(x, v, false);
    if (err)
        return err;
    v->who = (struct session){0}; /* who was signed in here before does not try */
    err = account_sign_in(reg, portal_committer(v->portal), &attempt, &who, token, &v->fault);
    return enter_end(x, v, err, registry_party_id(reg, PARTY_ACCOUNT, name), &who, token);
}

enum err portal_enter_eds(struct exchange *x, struct visit *v, struct str nonce, struct str cms)
{
    return portal_enter_eds_by(x, v, portal_eds(v->portal), nonce, cms);
}

enum err portal_enter_eds_by(struct exchange *x, struct visit *v, const struct eds_port *port,
                             struct str nonce, struct str cms)
{
    char token[SESSION_TOKEN_TEXT], before[SESSION_TOKEN_TEXT];
    struct session who;
    if (!port)
        return fault_set(&v->fault, ERR_UNAVAILABLE, "no eds_ca and no eds_verifier is set");
    str_copy(before, sizeof before, portal_token(x));
    enum err err = enter_begin(x, v, false);
    if (err)
        return err;
    v->who = (struct session){0};
    err = sign_in_eds(v->office.registry, portal_committer(v->portal), port, nonce, cms, before,
                      &who, token, &v->fault);
    return enter_end(x, v, err, 0, &who, token);
}

enum err portal_go_out(struct exchange *x, struct visit *v)
{
    enum err err = session_end(portal_committer(v->portal), v->who.id, v->who.party);
    portal_note(v, AUDIT_SIGN_OUT, 0, 0, err);
    if (!err)
        portal_cookie(x, NULL);
    return err;
}
