/* SPDX-License-Identifier: Apache-2.0
 *
 * Where somebody is signed in, by API: his own sessions, and for who runs the register those of an account. */
#include <sodium.h>

#include "people/account.h"
#include "portal/api.h"
#include "portal/handlers.h"

/* A session is told by half of its token's hash, which opens nothing. */
enum { NAME_BYTES = 16, NAME_TEXT = 2 * NAME_BYTES + 1 };

static int64_t now_of(const struct api *a)
{
    return clock_now_us(a->visit->office.registry->clock) / 1000000;
}

static enum err answer_list(struct api *a, uint64_t party)
{
    struct session list[SESSION_LIST_MAX];
    size_t n;
    enum err err = session_list(a->visit->office.registry, party, now_of(a), list, &n, a->fault);
    if (err)
        return err;
    json_t *sessions = json_array();
    for (size_t i = 0; i < n; i++) {
        const struct session *s = &list[i];
        char name[NAME_TEXT];
        sodium_bin2hex(name, sizeof name, s->id, NAME_BYTES);
        json_array_append_new(
            sessions, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:b}", "session", name, "by",
                                role_has_password(s->role) ? "password" : "eds", "role",
                                role_name(s->role), "organisation", s->organisation, "signed_in_at",
                                json_instant(s->created_s), "last_used_at", json_instant(s->seen_s),
                                "this", memcmp(s->id, a->visit->who.id, sizeof s->id) == 0));
    }
    a->answer = json_pack("{s:o}", "sessions", sessions);
    return ERR_OK;
}

static enum err own(struct api *a)
{
    return answer_list(a, a->visit->who.party);
}

void portal_sessions(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_ALL, API_LOOKS, own});
}

/* One of his own by its name. */
static enum err find_own(const struct api *a, struct session *out)
{
    struct session list[SESSION_LIST_MAX];
    uint8_t id[NAME_BYTES];
    struct str name = a->x->param;
    size_t n = 0, bytes = 0;
    if (name.n != NAME_TEXT - 1 ||
        sodium_hex2bin(id, sizeof id, name.p, name.n, NULL, &bytes, NULL) || bytes != sizeof id)
        return ERR_NOT_FOUND;
    enum err err =
        session_list(a->visit->office.registry, a->visit->who.party, now_of(a), list, &n, a->fault);
    for (size_t i = 0; !err && i < n; i++) {
        if (memcmp(list[i].id, id, sizeof id) != 0)
            continue;
        *out = list[i];
        return ERR_OK;
    }
    return err ? err : ERR_NOT_FOUND;
}

static enum err end_own(struct api *a)
{
    struct visit *v = a->visit;
    struct session s;
    enum err err = find_own(a, &s);
    if (!err)
        err = session_end(portal_committer(v->portal), s.id, s.party);
    if (err == ERR_NOT_FOUND)
        return err;
    portal_note(v, AUDIT_SESSION_END, v->who.party, 0, err);
    if (!err && memcmp(s.id, v->who.id, sizeof s.id) == 0)
        portal_cookie(a->x, NULL);
    a->answer = err ? NULL : json_pack("{s:i}", "ended", 1);
    return err;
}

void portal_session_end(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_ALL, API_CHANGES, end_own});
}

/* The account that the address names. */
static enum err find_account(const struct api *a, uint64_t *out)
{
    struct account account;
    struct registry *reg = a->visit->office.registry;
    *out = registry_party_id(reg, PARTY_ACCOUNT, a->x->param);
    return account_get(reg, *out, &account, a->fault);
}

static enum err of_account(struct api *a)
{
    uint64_t party;
    enum err err = find_account(a, &party);
    if (!err)
        portal_note(a->visit, AUDIT_LOOK, party, 0, ERR_OK);
    return err ? err : answer_list(a, party);
}

void portal_account_sessions(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_ADMIN), API_LOOKS, of_account});
}

static enum err end_account(struct api *a)
{
    struct session list[SESSION_LIST_MAX];
    struct visit *v = a->visit;
    uint64_t party;
    size_t n = 0;
    enum err err = find_account(a, &party);
    if (err)
        return err;
    err = session_list(v->office.registry, party, now_of(a), list, &n, a->fault);
    if (!err)
        err = session_end_party(portal_committer(v->portal), party);
    portal_note(v, AUDIT_SESSION_END, party, 0, err);
    a->answer = err ? NULL : json_pack("{s:I}", "ended", (json_int_t)n);
    return err;
}

void portal_account_end(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_ADMIN), API_CHANGES, end_account});
}
