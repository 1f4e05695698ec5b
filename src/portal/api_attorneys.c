/* SPDX-License-Identifier: Apache-2.0
 *
 * Powers of attorney by API: the head gives, lists and revokes them; whoever holds one acts by it. An IIN stands in no
 * address: addresses are logged. */
#include "people/attorney.h"
#include "portal/api.h"
#include "portal/handlers.h"

static json_t *kinds_json(uint32_t kinds)
{
    json_t *list = json_array();
    for (uint8_t kind = 1; kind_info(kind); kind++)
        if (kinds >> kind & 1)
            json_array_append_new(list, json_string(kind_info(kind)->name));
    return list;
}

static json_t *attorney_json(const struct attorney *a)
{
    char until[DAYNUM_TEXT];
    daynum_format(a->until, until);
    return json_pack("{s:s, s:s, s:o, s:o}", "iin", a->iin, "until", until, "kinds",
                     kinds_json(a->kinds), "given_at", json_instant(a->given_s));
}

static enum err read_kinds(const struct api *a, uint32_t *out)
{
    const json_t *list = json_object_get(a->body, "kinds");
    bool good = json_is_array(list);
    *out = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        uint8_t kind = 0;
        good = good && json_is_string(one) &&
               kind_find((struct str){json_string_value(one), json_string_length(one)}, &kind);
        *out |= 1U << kind;
    }
    if (!good)
        fault_field(a->fault, "kinds");
    return good ? ERR_OK : fault_set(a->fault, ERR_USAGE, "a list of kinds of application");
}

/* Those that an organisation gave, for its head; those that this person holds. */
static enum err list(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    const struct session *who = &a->visit->who;
    struct attorney all[ATTORNEYS_MAX];
    json_t *given = json_array(), *held = json_array();
    size_t n = 0;
    enum err err = ERR_OK;
    if (who->role == ROLE_ORGANISATION && !who->by_attorney)
        err = attorney_given(reg, who->acts_for, all, &n, a->fault);
    for (size_t i = 0; !err && i < n; i++)
        json_array_append_new(given, attorney_json(&all[i]));
    if (!err)
        err = attorney_held(reg, who->party, all, &n, a->fault);
    for (size_t i = 0; !err && i < n; i++) {
        struct person organisation = {0};
        json_t *one = attorney_json(&all[i]);
        if (person_get(reg, all[i].organisation, &organisation, NULL) == ERR_OK) {
            json_object_set_new(one, "bin", json_string(organisation.bin));
            json_object_set_new(one, "organisation", json_string(organisation.name));
        }
        json_array_append_new(held, one);
    }
    a->answer = json_pack("{s:o, s:o}", "given", given, "held", held);
    return err;
}

void portal_attorneys(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, list});
}

static enum err give(struct api *a)
{
    struct office *office = &a->visit->office;
    struct attorney what = {.until = DAYNUM_NONE};
    struct str iin, until;
    enum err err = api_text(a, "iin", &iin);
    if (!err)
        err = api_text(a, "until", &until);
    if (!err && iin.n != sizeof what.iin - 1)
        err = ERR_IIN_BIN;
    if (!err)
        err = daynum_parse(until, &what.until);
    if (!err)
        err = read_kinds(a, &what.kinds);
    if (!err) {
        str_copy(what.iin, sizeof what.iin, iin);
        err = attorney_give(office->registry, office->committer, &a->visit->who, &what, a->fault);
    }
    portal_note(a->visit, AUDIT_ATTORNEY, err ? 0 : what.person, 0, err);
    a->status = 201;
    a->answer = err ? NULL : attorney_json(&what);
    return err;
}

void portal_attorney_give(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, give});
}

static enum err revoke(struct api *a)
{
    struct office *office = &a->visit->office;
    struct str iin;
    enum err err = api_text(a, "iin", &iin);
    if (!err)
        err = iin_check(iin, a->fault);
    if (!err)
        err = attorney_revoke(office->registry, office->committer, &a->visit->who, iin, a->fault);
    portal_note(a->visit, AUDIT_ATTORNEY,
                err ? 0 : registry_party_id(office->registry, PARTY_PERSON, iin), 0, err);
    a->answer = err ? NULL : json_pack("{s:b}", "revoked", 1);
    return err;
}

void portal_attorney_revoke(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, revoke});
}

static enum err act_for(struct api *a)
{
    struct office *office = &a->visit->office;
    struct session *who = &a->visit->who;
    char token[SESSION_TOKEN_TEXT], before[SESSION_TOKEN_TEXT], csrf[SESSION_CSRF_TEXT];
    struct str bin;
    str_copy(before, sizeof before, portal_token(a->x));
    enum err err = api_text(a, "bin", &bin);
    if (!err)
        err = attorney_act_for(office->registry, office->committer, who, bin, before, token,
                               a->fault);
    portal_note(a->visit, AUDIT_ACT_FOR, err ? 0 : who->acts_for, 0, err);
    if (err)
        return err;
    portal_cookie(a->x, token);
    session_csrf(office->registry, who, csrf);
    a->answer = json_pack("{s:s, s:s, s:s, s:s, s:o}", "role", role_name(who->role), "name",
                          who->name, "organisation", who->organisation, "csrf", csrf, "kinds",
                          kinds_json(who->by_attorney));
    return ERR_OK;
}

void portal_act_for(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, act_for});
}
