/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /api/v1/operators/{operator}/quality?from=DATE&to=DATE: what an operator's files are worth. Open to a key that is
 * named after the operator, to its people, and to the register's staff and the ministry for all. It holds counts alone. */
#include "face/form.h"
#include "face/guard.h"
#include "portal/api.h"
#include "portal/handlers.h"
#include "portal/operator.h"
#include "seen/quality.h"

static const uint32_t all_operators =
    ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_MINISTRY) | ROLE_BIT(ROLE_ADMIN);

bool api_by_key(const struct exchange *x)
{
    return x->request->authorization.n || x->request->certificate.n;
}

/* A program: its key says whose it is, "Altel" or "Altel/almaty". */
static enum err key_may(struct api *a)
{
    struct str rest;
    enum err err = guard_identify(a->x, API_SCOPE_LISTS | API_SCOPE_SIGHTINGS | API_SCOPE_ROWS);
    if (!err)
        err = guard_admit(a->x, 1);
    if (!err && !str_eq(a->x->param, str_split(str_z(a->x->caller.name), '/', &rest)))
        err = fault_set(a->fault, ERR_SCOPE, "the key is for another operator");
    return err;
}

static enum err session_may(struct api *a)
{
    struct str name;
    uint32_t role = ROLE_BIT(a->visit->who.role);
    if (!a->visit->who.role)
        return ERR_SESSION;
    if (role & all_operators)
        return ERR_OK;
    enum err err =
        role & ROLE_BIT(ROLE_OPERATOR) ? operator_name(a->visit, &name, a->fault) : ERR_ROLE;
    if (!err && !str_eq(name, a->x->param))
        err = ERR_ROLE;
    if (err)
        portal_note(a->visit, AUDIT_REFUSED, 0, 0, err);
    return err;
}

static enum err read_day(struct api *a, const char *name, daynum *out)
{
    struct buf scratch = {0};
    struct str text;
    enum err err = api_query(a, name, &scratch, &text);
    *out = DAYNUM_NONE;
    if (!err && text.n && (err = daynum_parse(text, out)))
        fault_field(a->fault, "%s", name);
    buf_release(&scratch);
    return err;
}

/* Each finding with what it means, in the asker's language. */
static void say(json_t *answer, enum lang lang)
{
    json_t *codes = json_object_get(answer, "findings"), *said = json_array(), *code;
    size_t i;
    if (!json_array_size(codes))
        json_array_append_new(codes, json_string("ok"));
    json_array_foreach(codes, i, code)
    {
        enum text id;
        if (text_find_parts("quality", json_string_value(code), NULL, &id)) {
            struct str text = text_get(lang, id);
            json_array_append_new(
                said, json_pack("{s:O, s:s%}", "finding", code, "text", text.p, text.n));
        }
    }
    json_object_set_new(answer, "findings", said);
}

enum err api_may_see_operator(struct api *a)
{
    enum err err = api_by_key(a->x) ? key_may(a) : session_may(a);
    if (!err && (!a->x->param.n || a->x->param.n > LIMIT_NAME || !str_printable(a->x->param)))
        err = ERR_NOT_FOUND;
    return err;
}

static enum err quality(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    char name[LIMIT_NAME + 1];
    struct quality q;
    daynum from, to;
    enum err err = api_may_see_operator(a);
    if (!err)
        err = read_day(a, "from", &from);
    if (!err)
        err = read_day(a, "to", &to);
    if (!err)
        err = quality_read(reg, registry_party_id(reg, PARTY_OPERATOR, a->x->param), from, to, &q,
                           a->fault);
    if (err)
        return err;
    str_copy(name, sizeof name, a->x->param);
    a->answer = quality_json(&q, name);
    quality_release(&q);
    if (!a->answer)
        return ERR_MEMORY;
    say(a->answer, a->x->lang);
    a->x->response->language = lang_code(a->x->lang);
    return ERR_OK;
}

void portal_quality(struct exchange *x)
{
    api_run(x, &(struct api_row){0, API_LOOKS, quality});
}
