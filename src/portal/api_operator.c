/* SPDX-License-Identifier: Apache-2.0
 *
 * A mobile operator's people by API. An IMEI stands in no address. */
#include <stdlib.h>

#include "answer/answer.h"
#include "portal/api.h"
#include "portal/handlers.h"
#include "portal/marks_form.h"
#include "portal/operator.h"

static const uint32_t operators = ROLE_BIT(ROLE_OPERATOR);

/* ---- POST /api/v1/operator/check {imeis} ---- */

static json_t *check_json(const struct registry *reg, const struct operator_check *c)
{
    char digits[IMEI_TEXT15];
    const struct answer said = answer_make(&c->now, NULL, &reg->rules);
    imei_format15(c->imei, digits);
    return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "imei", digits, "list",
                     list_name((enum list)said.list), "reason", reason_public(said.reason),
                     "served", said.served, "since", json_day(c->since), "last_day",
                     json_day(verdict_deadline(&c->now)));
}

static enum err check(struct api *a)
{
    struct operator_check *all = calloc(MARKS_AT_ONCE, sizeof *all);
    struct imei imeis[MARKS_AT_ONCE];
    struct str name;
    size_t n = 0;
    enum err err = all ? operator_name(a->visit, &name, a->fault) : ERR_MEMORY;
    if (!err)
        err = marks_json_imeis(a->body, imeis, &n, a->fault);
    if (!err)
        err = operator_checks(a->visit, imeis, n, all, a->fault);
    if (!err) {
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, check_json(a->visit->office.registry, &all[i]));
        a->answer = json_pack("{s:o}", "checked", list);
    }
    free(all);
    return err;
}

void portal_operator_check(struct exchange *x)
{
    api_run(x, &(struct api_row){operators, API_ACTS, check});
}

/* ---- GET /api/v1/operator/keys, POST …/{}/revoke ---- */

static json_t *key_json(const struct api_key *key)
{
    char id[API_KEY_ID_TEXT], scopes[API_KEY_SCOPES_TEXT];
    api_key_id_format(key->id, id);
    api_key_scopes_format(key->scopes, scopes);
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", id, "name", key->name, "kind",
                     api_key_kind_name(key->kind), "scopes", scopes, "created_at",
                     json_instant(key->created_ms / 1000), "expires", json_day(key->expires),
                     "revoked_at", json_instant(key->revoked_ms / 1000));
}

static enum err keys(struct api *a)
{
    struct api_key *all = calloc(OPERATOR_KEYS, sizeof *all);
    struct str name;
    size_t n = 0;
    enum err err = all ? operator_name(a->visit, &name, a->fault) : ERR_MEMORY;
    if (!err)
        err = operator_keys(a->visit, name, all, &n, a->fault);
    if (!err) {
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, key_json(&all[i]));
        a->answer = json_pack("{s:o}", "keys", list);
    }
    free(all);
    return err;
}

void portal_operator_keys(struct exchange *x)
{
    api_run(x, &(struct api_row){operators, API_LOOKS, keys});
}

static enum err revoke(struct api *a)
{
    struct api_key key;
    struct str name;
    enum err err = operator_name(a->visit, &name, a->fault);
    if (!err)
        err = operator_key_revoke(a->visit, name, a->x->param, &key, a->fault);
    a->answer = err ? NULL : key_json(&key);
    return err == ERR_KEY ? ERR_NOT_FOUND : err;
}

void portal_operator_revoke(struct exchange *x)
{
    api_run(x, &(struct api_row){operators, API_CHANGES, revoke});
}

/* ---- GET /api/v1/operator/files ---- */

static enum err files(struct api *a)
{
    struct operator_files *f = calloc(1, sizeof *f);
    struct str name;
    enum err err = f ? operator_name(a->visit, &name, a->fault) : ERR_MEMORY;
    if (!err)
        err = operator_files(a->visit, name, f, a->fault);
    if (!err) {
        json_t *loads = json_array(), *findings = json_array();
        for (size_t i = 0; i < f->load_count; i++)
            json_array_append_new(loads, json_pack("{s:s, s:o, s:I, s:I}", "kind", f->loads[i].kind,
                                                   "at", json_instant(f->loads[i].time_ms / 1000),
                                                   "rows", (json_int_t)f->loads[i].rows, "changes",
                                                   (json_int_t)f->loads[i].changes));
        for (size_t i = 0; i < f->finding_count; i++)
            json_array_append_new(findings, json_pack("{s:s, s:I}", "kind", f->findings[i].kind,
                                                      "count", (json_int_t)f->findings[i].count));
        a->answer = json_pack("{s:s%, s:o, s:o, s:b}", "operator", name.p, name.n, "loads", loads,
                              "findings", findings, "more_findings", f->more);
    }
    free(f);
    return err;
}

void portal_operator_files(struct exchange *x)
{
    api_run(x, &(struct api_row){operators, API_LOOKS, files});
}
