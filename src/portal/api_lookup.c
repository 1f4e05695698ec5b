/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /api/v1/operator/lookup {imei | msisdn | imsi}: the operator's desk (lookup.h), for its people and for its programs,
 * whose key is named after it and has the scope lookup. A look is a POST, so that no number stands in an address, where
 * logs would keep it. */
#include <stdlib.h>

#include "answer/answer.h"
#include "face/guard.h"
#include "face/json_out.h"
#include "portal/api.h"
#include "portal/handlers.h"
#include "portal/lookup.h"

/* ---- who asks ---- */

/* A program: "Altel" and "Altel/care" are of Altel. Its key stands in the audit log as who did it. */
static enum err key_may(struct api *a, struct str *out_name)
{
    struct str rest;
    enum err err = guard_identify(a->x, API_SCOPE_LOOKUP);
    if (err)
        return err;
    a->visit->who = (struct session){.party = a->x->caller.id};
    *out_name = str_split(str_z(a->x->caller.name), '/', &rest);
    return ERR_OK;
}

static enum err session_may(struct api *a, struct str *out_name)
{
    if (!a->visit->who.role)
        return ERR_SESSION;
    if (a->visit->who.role == ROLE_OPERATOR)
        return operator_name(a->visit, out_name, a->fault);
    portal_note(a->visit, AUDIT_REFUSED, 0, 0, ERR_ROLE);
    return ERR_ROLE;
}

static enum err who_asks(struct api *a, struct str *out_name)
{
    const bool by_key = a->x->request->authorization.n || a->x->request->certificate.n;
    enum err err = by_key ? key_may(a, out_name) : session_may(a, out_name);
    return err ? err : guard_admit(a->x, 1);
}

/* ---- what is asked ---- */

static enum err read_ask(struct api *a, struct lookup_ask *out)
{
    size_t given = 0;
    enum err err = ERR_OK;
    for (enum lookup_by by = 0; !err && by < LOOKUP_WAYS; by++) {
        const char *name = lookup_by_name(by);
        struct str typed;
        err = api_text(a, name, &typed);
        if (err || !typed.n)
            continue;
        given++;
        err = lookup_read(by, typed, out, a->fault);
        if (err)
            fault_field(a->fault, "%s", name);
    }
    if (!err && given != 1) {
        err = fault_set(a->fault, ERR_USAGE, "one of imei, msisdn, imsi");
        fault_field(a->fault, "imei");
    }
    return err;
}

/* ---- the answer ---- */

static json_t *text_json(const struct buf *text)
{
    return json_stringn(text->n ? (const char *)text->p : "", text->n);
}

static enum err notice_json(struct api *a, const struct lookup *look, const struct notices_row *row,
                            json_t **out)
{
    struct buf words[LANG_COUNT] = {0};
    char id[NOTICES_ID_TEXT];
    enum err err = lookup_words(a->visit, look, row, words, id, a->fault);
    if (!err)
        *out = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:{s:o, s:o, s:o}}", "id", id, "step",
                         notice_name((enum notice_step)row->step), "reason",
                         reason_public(row->reason), "last_day", json_day(row->last_day), "made_at",
                         json_instant(row->made_s), "status", lookup_status(look, row), "status_at",
                         json_instant(row->at_s), "text", "kk", text_json(&words[LANG_KK]), "ru",
                         text_json(&words[LANG_RU]), "en", text_json(&words[LANG_EN]));
    for (int i = 0; i < LANG_COUNT; i++)
        buf_release(&words[i]);
    return err;
}

static json_t *todo_json(const struct exchange *x, uint8_t reason)
{
    json_t *doors = json_array();
    enum text id;
    struct str says = STR("");
    for (const char *const *door = lookup_doors(reason); *door; door++)
        json_array_append_new(doors, json_sprintf("/apply/%s", *door));
    if (text_find_parts("own", reason_public(reason), NULL, &id))
        says = text_get(x->lang, id);
    return json_pack("{s:s%, s:o}", "text", says.p, says.n, "apply", doors);
}

static json_t *model_json(const struct registry *reg, struct imei imei)
{
    struct tac_info info;
    if (!tac_find(reg->tac, imei_tac(imei), &info))
        return json_null();
    return json_sprintf("%.*s %.*s", STR_ARG(info.brand), STR_ARG(info.model));
}

static enum err phone_json(struct api *a, const struct lookup *look, const struct lookup_phone *p,
                           json_t **out)
{
    const struct registry *reg = a->visit->office.registry;
    const struct verdict *now = &p->check.now;
    const struct answer said = answer_make(now, NULL, &reg->rules);
    char digits[IMEI_TEXT15];
    json_t *notices = json_array();
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < p->notice_n; i++) {
        json_t *one = NULL;
        err = notice_json(a, look, &p->notices[i], &one);
        if (!err)
            json_array_append_new(notices, one);
    }
    if (err) {
        json_decref(notices);
        return err;
    }
    imei_format15(p->check.imei, digits);
    *out = json_pack("{s:s, s:o, s:s, s:s, s:i, s:b, s:o, s:o, s:b, s:o, s:I, s:o, s:o, s:b}",
                     "imei", digits, "model", model_json(reg, p->check.imei), "list",
                     list_name((enum list)said.list), "reason", reason_public(said.reason), "rule",
                     reason_table[now->reason].rule, "served", said.served, "since",
                     json_day(p->check.since), "last_day", json_day(verdict_deadline(now)),
                     "duplicate", (now->flags & VERDICT_DUPLICATE) != 0, "seen", json_day(p->seen),
                     "users", (json_int_t)p->users, "next", todo_json(a->x, said.reason), "notices",
                     notices, "more_notices", p->more_notices);
    return *out ? ERR_OK : ERR_MEMORY;
}

static enum err answer(struct api *a, const struct lookup *look)
{
    json_t *phones = json_array();
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < look->n; i++) {
        json_t *one = NULL;
        err = phone_json(a, look, &look->phones[i], &one);
        if (!err)
            json_array_append_new(phones, one);
    }
    if (err) {
        json_decref(phones);
        return err;
    }
    a->answer = json_pack("{s:b, s:i, s:o, s:b}", "found", look->found, "days", LOOKUP_DAYS,
                          "phones", phones, "more", look->more);
    a->x->response->language = lang_code(a->x->lang);
    return ERR_OK;
}

static enum err lookup(struct api *a)
{
    struct lookup *look = calloc(1, sizeof *look);
    struct lookup_ask ask = {.by = LOOKUP_IMEI};
    struct str name = STR("");
    enum err err = look ? who_asks(a, &name) : ERR_MEMORY;
    if (!err)
        err = read_ask(a, &ask);
    if (!err)
        err = lookup_find(a->x, a->visit, name, &ask, look);
    if (!err)
        err = answer(a, look);
    free(look);
    return err;
}

void portal_operator_lookup(struct exchange *x)
{
    api_run(x, &(struct api_row){0, API_ACTS, lookup});
}
