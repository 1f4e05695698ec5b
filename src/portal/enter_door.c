/* SPDX-License-Identifier: Apache-2.0
 *
 * enter_door - coming in by other doors: a provider of sign-ins, an app on a phone. */
#include "people/app_door.h"
#include "people/oidc.h"
#include "people/sign_in.h"
#include "portal/enter.h"

/* A session for who proved himself. */
static enum err enter_as(struct exchange *x, struct visit *v, const struct sign_in_proof *proof,
                         struct session *out, char token[SESSION_TOKEN_TEXT])
{
    char before[SESSION_TOKEN_TEXT];
    str_copy(before, sizeof before, portal_token(x));
    return sign_in_as(v->office.registry, portal_committer(v->portal), proof, before, out, token,
                      &v->fault);
}

enum err portal_enter_oidc(struct exchange *x, struct visit *v, const struct oidc_way *way,
                           const uint8_t *ticket, struct str code)
{
    char token[SESSION_TOKEN_TEXT] = "";
    struct session session = {.party = 0};
    struct eds_person who;
    enum err err = enter_begin(x, v, true);
    if (err)
        return err;
    v->who = (struct session){0};
    err = oidc_who(portal_oidc(v->portal), way, code, clock_now_us(x->site->wall) / 1000000, &who,
                   &v->fault);
    if (!err)
        err = enter_as(x, v, &(struct sign_in_proof){ticket, &who}, &session, token);
    return enter_end(x, v, err, 0, &session, token);
}

enum err portal_enter_app(struct exchange *x, struct visit *v, const struct app_door *door)
{
    char token[SESSION_TOKEN_TEXT] = "";
    struct session session = {.party = 0};
    struct eds_person who;
    enum err err = app_door_who(v->office.registry, door, &who, &v->fault);
    if (err) /* a page that waits asks again and again: that is no try */
        return err;
    err = enter_begin(x, v, false);
    if (err)
        return err;
    v->who = (struct session){0};
    err = enter_as(x, v, &(struct sign_in_proof){door->said, &who}, &session, token);
    return enter_end(x, v, err, 0, &session, token);
}

enum err portal_app_sign(struct exchange *x, struct visit *v, const struct app_door *door,
                         struct str cms)
{
    const struct eds_port *port = portal_eds(v->portal);
    enum err err = enter_begin(x, v, false);
    if (err)
        return err;
    v->who = (struct session){0};
    err =
        app_door_sign(v->office.registry, portal_committer(v->portal), port, door, cms, &v->fault);
    portal_sign_in_end(v->portal);
    if (err && err != ERR_NONCE)
        portal_note(v, AUDIT_SIGN_IN, 0, 0, err);
    return err;
}
