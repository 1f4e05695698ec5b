/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of a provider of sign-ins: the way out to it, and the way back. A browser carries a ticket in a
 * cookie meanwhile; state, nonce and verifier are made from it, so that nothing is stored for those who do not
 * come back, and who comes back elsewhere is nobody.
 *
 * A browser that another site sent here does not give the session's cookie away in that same journey
 * (SameSite=Strict): the way back ends at a page of ours, which leads on by itself. */
#include <sodium.h>
#include <stdio.h>

#include "face/form.h"
#include "people/oidc.h"
#include "people/sign_in.h"
#include "people/ticket.h"
#include "portal/door.h"
#include "portal/screens.h"

static const char purpose[] = "tamga:oidc";
static const char back_path[] = "/sign-in/oidc/back";

/* state: 32 digits that only this browser's sign-in has, then language and place: "…,kk/apply". */
enum { MARK_TEXT = 33, STATE_TEXT = MARK_TEXT + 8 + LIMIT_LOCATION };

struct journey {
    struct oidc_way way;
    char back[LIMIT_PUBLIC_URL + sizeof back_path];
    char state[STATE_TEXT];
};

static void put_hex(const struct visit *v, const uint8_t said[TICKET_SAID], const char *what,
                    char out[OIDC_TEXT])
{
    uint8_t secret[TICKET_SECRET];
    ticket_secret(v->office.registry, purpose, said, str_z(what), secret);
    sodium_bin2hex(out, OIDC_TEXT, secret, sizeof secret);
}

/* where: language and place. */
static void plan(const struct exchange *x, const struct visit *v, const uint8_t said[TICKET_SAID],
                 const char *where, struct journey *out)
{
    char mark[OIDC_TEXT], with[STATE_TEXT + 8];
    snprintf(out->back, sizeof out->back, "%.*s%s", STR_ARG(x->site->public_url), back_path);
    snprintf(with, sizeof with, "state %s", where);
    put_hex(v, said, with, mark);
    snprintf(out->state, sizeof out->state, "%.*s%s", MARK_TEXT - 1, mark, where);
    put_hex(v, said, "nonce", out->way.nonce);
    put_hex(v, said, "verifier", out->way.verifier);
    out->way.back = out->back;
    out->way.state = out->state;
}

/* ---- out ---- */

static enum err go_out(struct exchange *x, struct door *d)
{
    char ticket[TICKET_TEXT], where[LIMIT_LOCATION + 8];
    uint8_t said[TICKET_SAID];
    struct journey j;
    const struct registry *reg = d->v.office.registry;
    int64_t now_s = clock_now_us(reg->clock) / 1000000;
    ticket_new(reg, purpose, now_s, ticket);
    if (!ticket_read(reg, purpose, str_z(ticket), now_s, SIGN_IN_LIFE_S, said))
        return ERR_NONCE;
    snprintf(where, sizeof where, ",%s%s", x->lang_asked ? lang_code(x->lang) : "", d->next);
    plan(x, &d->v, said, where, &j);
    enum err err =
        oidc_address(portal_oidc(d->v.portal), &j.way, clock_now_us(x->site->wall) / 1000000,
                     &x->response->elsewhere, &d->v.fault);
    if (err) {
        buf_clear(&x->response->elsewhere);
        return err;
    }
    buf_clear(x->out);
    x->response->status = 303;
    x->response->content_type = "text/plain; charset=utf-8";
    portal_door_cookie(x, ticket, true);
    return ERR_OK;
}

void screen_oidc(struct exchange *x)
{
    struct door d;
    if (!door_open(x, &d))
        return;
    if (!portal_oidc(d.v.portal))
        screen_fail(x, ERR_NOT_FOUND);
    else if ((d.other = go_out(x, &d)))
        door_show(x, &d);
    portal_leave(&d.v);
}

/* ---- back ---- */

static enum err value(const struct exchange *x, const char *name, struct buf *out)
{
    bool found;
    return form_value(x->query, name, out, &found);
}

static struct str str_of(const struct buf *b)
{
    return (struct str){b->n ? (const char *)b->p : "", b->n};
}

/* What the state says of language and place. */
static void remember(struct exchange *x, struct door *d, struct str where)
{
    enum lang lang;
    struct str rest = {where.p + 1, where.n - 1}, code = {rest.p, 0};
    while (code.n < rest.n && code.p[code.n] != '/')
        code.n++;
    struct str next = {rest.p + code.n, rest.n - code.n};
    if (code.n && lang_find(code, &lang)) {
        x->lang = lang;
        x->lang_asked = true;
    }
    str_copy(d->next, sizeof d->next, door_is_own(next) ? next : STR(""));
}

/* Is it the sign-in that this browser went out with? */
static enum err same_journey(struct exchange *x, struct door *d, struct str state,
                             uint8_t said[TICKET_SAID], struct journey *out)
{
    const struct registry *reg = d->v.office.registry;
    char where[STATE_TEXT];
    if (state.n < MARK_TEXT || state.n >= STATE_TEXT || state.p[MARK_TEXT - 1] != ',' ||
        !ticket_read(reg, purpose, portal_door_token(x), clock_now_us(reg->clock) / 1000000,
                     SIGN_IN_LIFE_S, said))
        return ERR_NONCE;
    str_copy(where, sizeof where, (struct str){state.p + MARK_TEXT - 1, state.n - (MARK_TEXT - 1)});
    plan(x, &d->v, said, where, out);
    if (strlen(out->state) != state.n || sodium_memcmp(out->state, state.p, state.n) != 0)
        return ERR_NONCE;
    remember(x, d, str_z(where));
    return ERR_OK;
}

struct back {
    struct buf state, code, error, issuer;
};

static enum err read_back(struct exchange *x, struct back *b)
{
    enum err err = value(x, "state", &b->state);
    if (!err)
        err = value(x, "code", &b->code);
    if (!err)
        err = value(x, "error", &b->error);
    return err ? err : value(x, "iss", &b->issuer);
}

static enum err come_back(struct exchange *x, struct door *d, struct back *b)
{
    uint8_t said[TICKET_SAID];
    struct journey j;
    enum err err = read_back(x, b);
    if (!err)
        err = same_journey(x, d, str_of(&b->state), said, &j);
    if (err)
        return err;
    if (!oidc_is_issuer(portal_oidc(d->v.portal), str_of(&b->issuer)))
        return fault_set(&d->v.fault, ERR_DOOR_TOKEN, "another provider sent him back");
    if (b->error.n) {
        bool his = str_eq(str_of(&b->error), STR("access_denied"));
        return his || !str_eq(str_of(&b->error), STR("temporarily_unavailable")) ? ERR_DOOR_REFUSED
                                                                                 : ERR_DOOR_AWAY;
    }
    return portal_enter_oidc(x, &d->v, &j.way, said, str_of(&b->code));
}

/* Leads on from here, so that the browser gives the session's cookie away. */
static void arrived(struct exchange *x, const struct door *d)
{
    const char *to = *d->next ? d->next : "/cabinet";
    snprintf(x->response->refresh, sizeof x->response->refresh, "0; url=%.120s%s%s", to,
             x->lang_asked ? "?lang=" : "", x->lang_asked ? lang_code(x->lang) : "");
    html_begin(x, &(struct html_page){.title = TEXT_SIGN_IN_ARRIVED, .path = "/sign-in"});
    door_say(x, "<h1>", TEXT_SIGN_IN_ARRIVED, "</h1>\n<p class=\"lead\">");
    html_text(x, str_z(d->v.who.name));
    html_put(x, "</p>\n<p class=\"ways\"><a class=\"second\" href=\"");
    html_url(x, to);
    door_say(x, "\">", TEXT_SIGN_IN_GO_ON, "</a></p>\n");
    screen_end(x);
}

void screen_oidc_back(struct exchange *x)
{
    struct door d;
    struct back b = {.state = {0}};
    if (!door_open(x, &d))
        return;
    if (!portal_oidc(d.v.portal)) {
        screen_fail(x, ERR_NOT_FOUND);
    } else {
        d.other = come_back(x, &d, &b);
        portal_heard(&d.v, d.other);
        if (d.other)
            door_show(x, &d);
        else
            arrived(x, &d);
    }
    buf_release(&b.state);
    buf_release(&b.code);
    buf_release(&b.error);
    buf_release(&b.issuer);
    portal_leave(&d.v);
}
