/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in and out by API; the session's own data. */
#include "face/guard.h"
#include "people/account.h"
#include "people/sign_in.h"
#include "portal/handlers.h"
#include "portal/json.h"

void portal_nonce(struct exchange *x)
{
    struct visit v;
    char nonce[NONCE_TEXT];
    enum err err = portal_visit(x, 0, false, STR(""), &v);
    if (err) {
        route_fail(x, err);
        return;
    }
    sign_in_nonce(v.office.registry, clock_now_us(v.office.registry->clock) / 1000000, nonce);
    json_answer(x, 200, json_pack("{s:s, s:i}", "nonce", nonce, "seconds", NONCE_LIFE_S));
    portal_leave(&v);
}

static json_t *about(const struct visit *v)
{
    char csrf[SESSION_CSRF_TEXT];
    session_csrf(v->office.registry, &v->who, csrf);
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "role", role_name(v->who.role), "name",
                     v->who.name, "organisation", v->who.organisation, "csrf", csrf, "signed_in_at",
                     json_time(v->who.created_s));
}

/* What was turned away at the door was no try to sign in. */
static bool is_told(enum err err)
{
    return err != ERR_RATE && err != ERR_CROWDED && err != ERR_NONCE;
}

/* Pays for what it costs beside a check, and takes a place among those at work. */
static enum err begin_dear(struct exchange *x, const struct visit *v)
{
    enum { COST = 15 }; /* IMEIs' worth, beside the one that the route took */
    enum err err = guard_admit(x, COST);
    return !err && !portal_sign_in_begin(v->portal) ? ERR_CROWDED : err;
}

void portal_sign_in_eds(struct exchange *x)
{
    struct visit v;
    json_t *body = NULL;
    char token[SESSION_TOKEN_TEXT], before[SESSION_TOKEN_TEXT];
    enum err err = json_body(x, &body);
    if (!err)
        err = portal_visit(x, 0, false, STR(""), &v);
    if (err) {
        json_decref(body);
        route_fail(x, err);
        return;
    }
    str_copy(before, sizeof before, portal_token(x));
    err = portal_eds(v.portal) ? sign_in_eds(v.office.registry, portal_committer(v.portal),
                                             portal_eds(v.portal), json_text_of(body, "nonce"),
                                             json_text_of(body, "cms"), before, &v.who, token, NULL)
                               : ERR_UNAVAILABLE;
    if (is_told(err))
        portal_note(&v, AUDIT_SIGN_IN, 0, 0, err);
    if (err) {
        route_fail(x, err);
    } else {
        portal_cookie(x, token);
        json_answer(x, 200, about(&v));
    }
    json_decref(body);
    portal_leave(&v);
}

void portal_sign_in_password(struct exchange *x)
{
    struct visit v;
    json_t *body = NULL;
    char token[SESSION_TOKEN_TEXT], before[SESSION_TOKEN_TEXT];
    enum err err = json_body(x, &body);
    if (!err)
        err = portal_visit(x, 0, false, STR(""), &v);
    if (err) {
        json_decref(body);
        route_fail(x, err);
        return;
    }
    str_copy(before, sizeof before, portal_token(x));
    err = begin_dear(x, &v);
    if (!err) {
        err = account_sign_in(v.office.registry, portal_committer(v.portal),
                              json_text_of(body, "name"), json_text_of(body, "password"),
                              json_text_of(body, "code"), before, &v.who, token, NULL);
        portal_sign_in_end(v.portal);
    }
    if (is_told(err))
        portal_note(&v, AUDIT_SIGN_IN,
                    registry_party_id(v.office.registry, PARTY_ACCOUNT, json_text_of(body, "name")),
                    0, err);
    if (err) {
        route_fail(x, err);
    } else {
        portal_cookie(x, token);
        json_answer(x, 200, about(&v));
    }
    json_decref(body);
    portal_leave(&v);
}

void portal_me(struct exchange *x)
{
    struct visit v;
    enum err err = portal_visit(x, ~0U, false, STR(""), &v);
    if (err) {
        route_fail(x, err);
        return;
    }
    json_answer(x, 200, about(&v));
    portal_leave(&v);
}

void portal_sign_out(struct exchange *x)
{
    struct visit v;
    enum err err = portal_visit(x, ~0U, true, STR(""), &v);
    if (!err) {
        err = session_end(portal_committer(v.portal), v.who.id, v.who.party);
        portal_note(&v, AUDIT_SIGN_OUT, 0, 0, err);
        portal_leave(&v);
    }
    if (err) {
        route_fail(x, err);
        return;
    }
    portal_cookie(x, NULL);
    json_answer(x, 200, json_pack("{s:b}", "signed_in", 0));
}
