/* SPDX-License-Identifier: Apache-2.0
 *
 * Clone cases by API, as an officer's page has them: those of a state, one of them, and the three acts. A case is named by its own
 * number, for no IMEI stands in an address; users are numbers, never IMSIs. An act says which version of the case it is about, and is
 * safe to be sent again under its Idempotency-Key. */
#include "cases/once.h"
#include "clones/case.h"
#include "portal/api.h"
#include "portal/handlers.h"

enum { PAGE = 50 };
static const uint32_t officer = ROLE_BIT(ROLE_OFFICER);

/* ---- what is answered ---- */

static json_t *operators_json(struct registry *reg, const struct clone_case *c, uint32_t mask)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < c->operator_count; i++) {
        struct party party;
        if (mask >> i & 1 && store_party_get(reg->store, c->operators[i], &party, NULL) == ERR_OK)
            json_array_append_new(list, json_string(party.name));
    }
    return list;
}

static json_t *users_json(struct registry *reg, const struct clone_case *c)
{
    json_t *list = json_array();
    bool proposed = c->proposed == CLONE_CONFIRMED;
    for (uint32_t i = 0; i < c->user_count; i++) {
        const struct clone_case_user *u = &c->users[i];
        json_array_append_new(list, json_pack("{s:i, s:I, s:o, s:o, s:o, s:b, s:b}", "user",
                                              (int)i + 1, "days", (json_int_t)u->days, "first_day",
                                              json_day(u->first), "last_day", json_day(u->last),
                                              "operators", operators_json(reg, c, u->operators),
                                              "served", (int)(c->served >> i & 1), "proposed",
                                              (int)(proposed && c->proposed_served >> i & 1)));
    }
    return list;
}

static json_t *rules_json(const struct clone_case *c)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < CLONE_WHYS; i++)
        if (c->why >> i & 1)
            json_array_append_new(list, json_string(clone_why_name(1u << i)));
    return list;
}

static json_t *case_json(const struct api *a, const struct clone_case *c)
{
    struct registry *reg = a->visit->office.registry;
    char imei[IMEI_TEXT15];
    const char *proposed = clone_proposed_name(c);
    imei_format15(c->imei, imei);
    json_t *json = json_pack("{s:I, s:s, s:s, s:o, s:I, s:o, s:o, s:I, s:I, s:I}", "number",
                             (json_int_t)c->number, "imei", imei, "state", clone_at_name(c->at),
                             "proposed", proposed ? json_string(proposed) : json_null(), "version",
                             (json_int_t)c->version, "opened", json_day(c->opened), "rules",
                             rules_json(c), "subscribers", (json_int_t)c->imsis, "days",
                             (json_int_t)c->days, "two_operator_days", (json_int_t)c->two_days);
    if (!json)
        return NULL;
    bool his = c->proposed && c->proposed_by == a->visit->who.party;
    json_object_set_new(json, "proposed_by_you", json_boolean(his));
    json_object_set_new(json, "first_day", json_day(c->first));
    json_object_set_new(json, "last_day", json_day(c->last));
    json_object_set_new(json, "operators", operators_json(reg, c, UINT32_MAX));
    json_object_set_new(json, "users", users_json(reg, c));
    json_object_set_new(json, "reason", *c->reason ? json_string(c->reason) : json_null());
    return json;
}

/* ---- looking ---- */

static enum err by_number(const struct api *a, struct str number, struct clone_case *out)
{
    struct registry *reg = a->visit->office.registry;
    struct imei imei = {0};
    uint64_t id = 0;
    enum err err = str_to_u64(number, INT64_MAX, &id) && id ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = clone_case_find(reg, id, &imei, a->fault);
    return err ? err : clone_case_get(reg, imei, out, a->fault);
}

static enum err look(struct api *a)
{
    struct clone_case c;
    enum err err = by_number(a, a->x->param, &c);
    if (err)
        return err;
    portal_note(a->visit, AUDIT_CLONE_LOOK, 0, c.imei.body, ERR_OK);
    a->answer = case_json(a, &c);
    return ERR_OK;
}

void portal_desk_clone(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_LOOKS, look});
}

static enum err read_page(const struct api *a, uint8_t *out_at, struct clone_case *after,
                          bool *out_goes_on)
{
    struct buf scratch = {0};
    struct str text;
    *out_at = CLONE_OPEN;
    enum err err = api_query(a, "state", &scratch, &text);
    if (!err && text.n && !clone_at_find(text, out_at)) {
        fault_field(a->fault, "state");
        err = fault_set(a->fault, ERR_USAGE, "open, confirmed, dismissed, fleet");
    }
    buf_clear(&scratch);
    if (!err)
        err = api_query(a, "after", &scratch, &text);
    *out_goes_on = !err && text.n;
    if (*out_goes_on && by_number(a, text, after)) {
        fault_field(a->fault, "after");
        err = fault_set(a->fault, ERR_USAGE, "the number of a case");
    }
    buf_release(&scratch);
    return err;
}

static enum err list(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct imei imeis[PAGE + 1];
    struct clone_case c = {.number = 0};
    uint8_t at;
    size_t n = 0;
    bool goes_on;
    enum err err = read_page(a, &at, &c, &goes_on);
    if (!err)
        err = clone_cases(reg, at, goes_on ? &c : NULL, imeis, PAGE + 1, &n, a->fault);
    json_t *rows = json_array(), *next = NULL;
    for (size_t i = 0; !err && i < n && i < PAGE; i++) {
        err = clone_case_get(reg, imeis[i], &c, a->fault);
        if (err)
            break;
        portal_note(a->visit, AUDIT_CLONE_LOOK, 0, c.imei.body, ERR_OK);
        json_array_append_new(rows, case_json(a, &c));
    }
    if (!err && n > PAGE)
        next = json_integer((json_int_t)c.number);
    a->answer = api_page("clones", rows, next);
    return err;
}

void portal_desk_clones(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_LOOKS, list});
}

/* ---- what is wanted ---- */

static enum err wrong(const struct api *a, const char *field, const char *wanted)
{
    fault_field(a->fault, "%s", field);
    return fault_set(a->fault, ERR_USAGE, "%s", wanted);
}

static enum err read_version(const struct api *a, uint32_t *out)
{
    const json_t *version = json_object_get(a->body, "version");
    json_int_t n = json_integer_value(version);
    if (!json_is_integer(version) || n < 1 || n > UINT32_MAX)
        return wrong(a, "version", "the version of the case that was looked at");
    *out = (uint32_t)n;
    return ERR_OK;
}

/* {"users": [1, 3]} or {"none": true}: nobody is left out by a body that says nothing. */
static enum err read_users(const struct api *a, const struct clone_case *c, int64_t *out)
{
    const json_t *users = json_object_get(a->body, "users"),
                 *none = json_object_get(a->body, "none");
    bool nobody = json_is_true(none), some = users && !json_is_null(users);
    if (none && !json_is_boolean(none) && !json_is_null(none))
        return wrong(a, "none", "true, when none of the users is genuine");
    if (nobody == some || (some && (!json_is_array(users) || !json_array_size(users))))
        return wrong(a, "users", "numbers of users; or none: true");
    int64_t chosen = 0;
    for (size_t i = 0; some && i < json_array_size(users); i++) {
        const json_t *one = json_array_get(users, i);
        json_int_t n = json_integer_value(one);
        if (!json_is_integer(one) || n < 1 || n > (json_int_t)c->user_count)
            return wrong(a, "users", "numbers of users, as the case tells them");
        chosen |= INT64_C(1) << (n - 1);
    }
    *out = chosen;
    return ERR_OK;
}

static enum err read_reason(const struct api *a, char room[LIMIT_REASON + 1])
{
    struct str said;
    enum err err = api_text(a, "reason", &said);
    said = str_trim(said);
    if (!err && said.n > LIMIT_REASON) {
        fault_field(a->fault, "reason");
        err = fault_set(a->fault, ERR_TOO_LONG, "at most %d bytes", LIMIT_REASON);
    }
    if (!err)
        str_copy(room, LIMIT_REASON + 1, said);
    return err;
}

/* ---- acts ---- */

struct acting {
    struct clone_case c;
    struct clone_decision decision;
    char reason[LIMIT_REASON + 1];
    struct once once;
};

static enum err keep_once(struct registry *reg, void *ctx, struct fault *fault)
{
    const struct acting *act = ctx;
    return once_put(reg, &act->once, act->c.number, fault);
}

/* *out_again: it came before, and was done. */
static enum err came_before(struct api *a, struct acting *act, bool *out_again)
{
    const struct clone_decision *d = &act->decision;
    struct registry *reg = a->visit->office.registry;
    struct str key = a->x->request->idempotency;
    struct buf wish = {0};
    uint64_t id = 0;
    enum err err = once_key_check(key, a->fault);
    buf_printf(&wish, "clone %llu %u %d %u %lld %s", (unsigned long long)act->c.number, d->to,
               d->corrects, d->version, (long long)d->served, act->reason);
    if (!err)
        err = once_of(reg, &a->visit->who, key, &wish, &act->once);
    *out_again = false;
    if (!err && act->once.named)
        err = once_found(reg, &act->once, &id, out_again, a->fault);
    buf_release(&wish);
    return err;
}

static enum err decide(struct api *a, struct acting *act)
{
    struct visit *v = a->visit;
    struct clone_decision *d = &act->decision;
    bool again = false, waits = false;
    enum err err = came_before(a, act, &again);
    d->reason = act->reason;
    d->actor = v->who.party;
    d->role = v->who.role;
    d->committer = portal_committer(v->portal);
    d->also = keep_once;
    d->also_ctx = act;
    if (!err && !again) {
        err = clone_decide(v->office.registry, act->c.imei, d, &act->c, &waits, a->fault);
        if (err)
            portal_note(v, d->corrects ? AUDIT_CLONE_CORRECT : AUDIT_CLONE, 0, act->c.imei.body,
                        err);
    }
    if (!err)
        a->answer = case_json(a, &act->c);
    return err;
}

static enum err begin(struct api *a, struct acting *act)
{
    enum err err = by_number(a, a->x->param, &act->c);
    if (!err)
        err = read_version(a, &act->decision.version);
    return err ? err : read_reason(a, act->reason);
}

static enum err choose(struct api *a, bool corrects)
{
    struct acting act = {.decision = {.to = CLONE_CONFIRMED, .corrects = corrects}};
    enum err err = begin(a, &act);
    if (!err)
        err = read_users(a, &act.c, &act.decision.served);
    if (!err && corrects && !*act.reason)
        err = wrong(a, "reason", "why other users are served");
    return err ? err : decide(a, &act);
}

static enum err confirm(struct api *a)
{
    return choose(a, false);
}

static enum err correct(struct api *a)
{
    return choose(a, true);
}

static enum err dismiss(struct api *a)
{
    struct acting act = {.decision = {.to = CLONE_DISMISSED}};
    enum err err = begin(a, &act);
    if (!err && !*act.reason && act.c.proposed != CLONE_DISMISSED)
        err = wrong(a, "reason", "why it is no duplicate");
    return err ? err : decide(a, &act);
}

void portal_clone_confirm(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_ACTS, confirm});
}

void portal_clone_correct(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_ACTS, correct});
}

void portal_clone_dismiss(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_ACTS, dismiss});
}
