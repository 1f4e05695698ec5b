/* SPDX-License-Identifier: Apache-2.0
 *
 * Visits: who asks, what he may do, and the register that he is lent meanwhile. */
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "people/attorney.h"
#include "people/sign_in.h"
#include "portal/portal_house.h"

static const char cookie_name[] = "tamga", door_cookie_name[] = "tamga-door";

static struct registry *borrow(struct portal *p)
{
    pthread_mutex_lock(&p->lock);
    while (!p->free_count)
        pthread_cond_wait(&p->given_back, &p->lock);
    struct registry *reg = p->free[--p->free_count];
    pthread_mutex_unlock(&p->lock);
    return reg;
}

/* The form's mark, or the script's header, is the one that this session was given. */
static bool of_session(const struct exchange *x, const struct visit *v, struct str form_csrf)
{
    char want[SESSION_CSRF_TEXT];
    struct str got = form_csrf.n ? form_csrf : x->request->csrf;
    session_csrf(v->office.registry, &v->who, want);
    return got.n == strlen(want) && sodium_memcmp(got.p, want, got.n) == 0;
}

static enum err may_send(struct exchange *x, uint32_t roles, bool form)
{
    struct portal *p = x->site->portal;
    struct visit v = {.portal = p};
    struct str token = portal_token(x);
    if (token.n != SESSION_TOKEN_TEXT - 1)
        return ERR_SESSION;
    if (atomic_load(&p->away))
        return ERR_UNAVAILABLE;
    pthread_mutex_lock(&p->lock);
    if (p->free_count)
        v.office.registry = p->free[--p->free_count];
    pthread_mutex_unlock(&p->lock);
    if (!v.office.registry)
        return ERR_CROWDED;
    int64_t now_s = clock_now_us(v.office.registry->clock) / 1000000;
    enum err err = session_find(v.office.registry, token, now_s, &v.who, NULL);
    if (!err && !(form ? portal_is_own(x) : of_session(x, &v, STR(""))))
        err = ERR_CSRF;
    else if (!err && !(roles & ROLE_BIT(v.who.role)))
        err = ERR_ROLE;
    portal_leave(&v);
    return err;
}

enum err portal_may_send(struct exchange *x, uint32_t roles)
{
    return may_send(x, roles, false);
}

enum err portal_may_send_form(struct exchange *x, uint32_t roles)
{
    return may_send(x, roles, true);
}

void portal_leave(struct visit *v)
{
    struct portal *p = v->portal;
    if (!v->office.registry)
        return;
    pthread_mutex_lock(&p->lock);
    p->free[p->free_count++] = v->office.registry;
    pthread_cond_signal(&p->given_back);
    pthread_mutex_unlock(&p->lock);
    v->office.registry = NULL;
}

struct registry *portal_hand(struct visit *v)
{
    struct registry *hand = v->portal->hand;
    pthread_mutex_lock(&v->portal->hand_lock);
    hand->actor = v->who.party;
    str_copy(hand->actor_name, sizeof hand->actor_name, str_z(v->who.name));
    return hand;
}

void portal_hand_back(struct visit *v)
{
    v->portal->hand->actor = 0;
    *v->portal->hand->actor_name = '\0';
    pthread_mutex_unlock(&v->portal->hand_lock);
}

void portal_heard(struct visit *v, enum err err)
{
    if (err == ERR_STORE_AWAY)
        atomic_store(&v->portal->away, true);
}

void portal_note(struct visit *v, enum audit_what what, uint64_t subject, uint64_t object,
                 enum err outcome)
{
    audit_log_add(v->portal->log, &(struct audit_event){.what = (uint8_t)what,
                                                        .role = v->who.role,
                                                        .actor = v->who.party,
                                                        .subject = subject,
                                                        .object = object,
                                                        .outcome = outcome});
}

static struct str token_in(struct str rest, const char *wanted)
{
    while (rest.n) {
        struct str value, pair = str_split(rest, ';', &rest);
        struct str name = str_trim(str_split(pair, '=', &value));
        if (str_eq(name, str_z(wanted)))
            return str_trim(value);
    }
    return STR("");
}

struct str portal_token(const struct exchange *x)
{
    return token_in(x->request->cookie, cookie_name);
}

struct str portal_door_token(const struct exchange *x)
{
    return token_in(x->request->cookie, door_cookie_name);
}

void portal_door_cookie(struct exchange *x, const char *token, bool from_elsewhere)
{
    snprintf(x->response->set_cookie, sizeof x->response->set_cookie,
             "%s=%s; Path=/sign-in; HttpOnly; SameSite=%s; Max-Age=%d%s", door_cookie_name, token,
             from_elsewhere ? "Lax" : "Strict", SIGN_IN_LIFE_S,
             x->site->portal->secure ? "; Secure" : "");
}

void portal_cookie(struct exchange *x, const char *token)
{
    snprintf(x->response->set_cookie, sizeof x->response->set_cookie,
             "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", cookie_name, token ? token : "",
             x->site->portal->secure ? "; Secure" : "", token ? "" : "; Max-Age=0");
}

static enum err who_asks(struct exchange *x, uint32_t roles, bool changes, struct str form_csrf,
                         struct visit *v)
{
    struct str token = portal_token(x);
    int64_t now_s = clock_now_us(v->office.registry->clock) / 1000000;
    enum err err = session_find(v->office.registry, token, now_s, &v->who, &v->fault);
    if (!err)
        err = attorney_stands(v->office.registry, &v->who, NULL);
    if (err == ERR_SESSION && !roles) {
        v->who = (struct session){0};
        v->fault = (struct fault){0};
        return ERR_OK;
    }
    if (err)
        return err;
    if (changes && !of_session(x, v, form_csrf))
        err = ERR_CSRF;
    else if (roles && !(roles & ROLE_BIT(v->who.role)))
        err = ERR_ROLE;
    if (err)
        portal_note(v, AUDIT_REFUSED, 0, 0, err);
    if (err)
        return err;
    /* That it was used just now need not be written for it to be answered; that it is over, counts. */
    return session_touch(v->portal->committer, &v->who, now_s) == ERR_SESSION ? ERR_SESSION
                                                                              : ERR_OK;
}

enum err portal_visit(struct exchange *x, uint32_t roles, bool changes, struct str form_csrf,
                      struct visit *out)
{
    struct portal *p = x->site->portal;
    *out = (struct visit){.portal = p};
    if (roles && portal_token(x).n != SESSION_TOKEN_TEXT - 1)
        return ERR_SESSION; /* without a look at the register */
    x->response->retry_after_s = LIMIT_CROWDED_SECONDS;
    if (atomic_load(&p->away))
        return ERR_STORE_AWAY;
    x->response->retry_after_s = 0;
    out->office = (struct office){borrow(p), p->committer, &p->hours, p->second_from, &p->sources};
    enum err err = registry_refresh(out->office.registry, &out->fault);
    if (!err)
        err = who_asks(x, roles, changes, form_csrf, out);
    portal_heard(out, err);
    if (err)
        portal_leave(out);
    return err;
}
