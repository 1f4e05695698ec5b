/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/api.h"

#include "face/form.h"

static enum err run(struct api *a, const struct api_row *row)
{
    enum err err = row->takes & API_BODY ? json_body(a->x, &a->body, a->fault) : ERR_OK;
    if (!err)
        err = row->act(a);
    portal_heard(a->visit, err);
    return err;
}

void api_run(struct exchange *x, const struct api_row *row)
{
    struct visit v;
    struct api a = {.x = x, .visit = &v, .fault = &v.fault, .status = 200};
    enum err err = portal_visit(x, row->roles, row->takes & API_CHANGES, STR(""), &v);
    if (!err)
        err = run(&a, row);
    if (err) {
        json_decref(a.answer);
        route_fail_at(x, err, a.fault);
    } else {
        json_answer(x, a.status, a.answer);
    }
    json_decref(a.body);
    portal_leave(&v);
}

enum err api_number(const struct api *a, uint64_t *out)
{
    return application_number_parse(a->x->param, out) ? ERR_OK : ERR_NOT_FOUND;
}

enum err api_query(const struct api *a, const char *name, struct buf *scratch, struct str *out)
{
    bool found;
    enum err err = form_value(a->x->query, name, scratch, &found);
    if (err)
        fault_field(a->fault, "%s", name);
    *out = (struct str){scratch->n ? (const char *)scratch->p : "", scratch->n};
    return err;
}

enum err api_text(const struct api *a, const char *name, struct str *out)
{
    return json_member_text(a->body, name, out, a->fault);
}

json_t *api_page(const char *name, json_t *list, json_t *next)
{
    return json_pack("{s:o, s:o}", name, list, "next", next ? next : json_null());
}
