/* SPDX-License-Identifier: Apache-2.0
 *
 * The officer's desk by API. Every look at an application is noted in the audit log. */
#include <stdlib.h>

#include "face/form.h"
#include "people/person.h"
#include "portal/handlers.h"
#include "portal/json.h"

#include "cases/desk.h"

enum { PAGE = 50 };

/* ---- the queue; its cursor is "DUE-ID" ---- */

static enum err read_after(const struct exchange *x, struct queued *out, bool *out_found)
{
    struct buf text = {0};
    enum err err = form_value(x->query, "after", &text, out_found);
    if (!err && *out_found) {
        uint64_t due = 0;
        struct str id, head = str_split((struct str){(const char *)text.p, text.n}, '-', &id);
        bool good = str_to_u64(head, INT64_MAX, &due) && str_to_u64(id, INT64_MAX, &out->id);
        out->due_s = (int64_t)due;
        err = good ? ERR_OK : ERR_USAGE;
    }
    buf_release(&text);
    return err;
}

static json_t *queue_row(const struct application *a, int64_t now_s)
{
    char number[APPLICATION_NUMBER_TEXT];
    application_number(a, number);
    return json_pack("{s:s, s:s, s:s, s:o, s:b, s:b, s:b, s:b, s:I}", "number", number, "kind",
                     kind_info(a->kind)->name, "state", application_state_name(a->state), "due_at",
                     json_time(a->due_s), "overdue", a->due_s < now_s, "claimed", a->officer != 0,
                     "appeal", a->appeal, "checked", a->checked, "devices",
                     (json_int_t)a->device_count);
}

static enum err list_queue(struct visit *v, const struct queued *after, json_t *list,
                           json_t **out_next)
{
    struct queued page[PAGE];
    size_t n = 0;
    int64_t now_s = clock_now_us(v->office.registry->clock) / 1000000;
    enum err err = desk_queue(&v->office, after, page, PAGE, &n, NULL);
    for (size_t i = 0; !err && i < n; i++) {
        struct application a;
        err = application_get(v->office.registry, page[i].id, &a, NULL);
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
        else if (!err) {
            json_array_append_new(list, queue_row(&a, now_s));
            application_release(&a);
        }
    }
    char cursor[48];
    if (n == PAGE) {
        snprintf(cursor, sizeof cursor, "%lld-%llu", (long long)page[n - 1].due_s,
                 (unsigned long long)page[n - 1].id);
        *out_next = json_string(cursor);
    }
    return err;
}

void portal_queue(struct exchange *x)
{
    struct visit v;
    struct queued after = {0};
    bool found = false;
    enum err err = read_after(x, &after, &found);
    if (!err)
        err = portal_visit(x, ROLES_STAFF, false, STR(""), &v);
    if (err) {
        route_fail(x, err);
        return;
    }
    json_t *list = json_array(), *next = NULL;
    err = list_queue(&v, found ? &after : NULL, list, &next);
    if (err) {
        json_decref(list);
        json_decref(next);
        route_fail(x, err);
    } else {
        json_answer(x, 200,
                    json_pack("{s:o, s:o}", "queue", list, "next", next ? next : json_null()));
    }
    portal_leave(&v);
}

/* ---- one application ---- */

static void show(struct exchange *x, struct visit *v, enum err err, struct application *a)
{
    struct person person;
    if (err) {
        route_fail(x, err);
        return;
    }
    bool known = person_get(v->office.registry, a->applicant, &person, NULL) == ERR_OK;
    json_answer(x, 200, application_desk(x, a, known ? &person : NULL));
    application_release(a);
}

void portal_look(struct exchange *x)
{
    struct visit v;
    struct application a;
    uint64_t id = 0;
    enum err err = application_number_parse(x->param, &id) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = portal_visit(x, ROLES_STAFF, false, STR(""), &v);
    if (err) {
        route_fail(x, err);
        return;
    }
    err = application_get(v.office.registry, id, &a, NULL);
    portal_note(&v, AUDIT_LOOK, err ? 0 : a.applicant, id, err);
    show(x, &v, err, &a);
    portal_leave(&v);
}

/* {"decisions": [{"approve": true} | {"refusal": "GSMA_LISTED"}, ...]} */
static enum err read_decisions(const json_t *body, struct decision *out, size_t *out_n)
{
    const json_t *list = json_object_get(body, "decisions");
    *out_n = json_array_size(list);
    if (!json_is_array(list) || *out_n > FILING_DEVICES_MAX)
        return ERR_USAGE;
    for (size_t i = 0; i < *out_n; i++) {
        const json_t *one = json_array_get(list, i);
        out[i] = (struct decision){.approve = json_is_true(json_object_get(one, "approve"))};
        bool refused = refusal_find(json_text_of(one, "refusal"), &out[i].refusal);
        if (out[i].approve == refused)
            return ERR_USAGE;
    }
    return ERR_OK;
}

enum act_kind { CLAIM, ASK, DECIDE };

static enum err act(const struct visit *v, enum act_kind kind, uint64_t id, const json_t *body,
                    struct application *out)
{
    struct decision decisions[FILING_DEVICES_MAX];
    struct str note = json_text_of(body, "note");
    size_t n = 0;
    if (kind == CLAIM)
        return desk_claim(&v->office, &v->who, id, out, NULL);
    if (kind == ASK)
        return desk_ask(&v->office, &v->who, id, note, out, NULL);
    enum err err = read_decisions(body, decisions, &n);
    return err ? err : desk_decide(&v->office, &v->who, id, decisions, n, note, out, NULL);
}

static void on_act(struct exchange *x, enum act_kind kind)
{
    struct visit v;
    struct application a;
    json_t *body = NULL;
    uint64_t id = 0;
    enum err err = application_number_parse(x->param, &id) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = portal_visit(x, ROLE_BIT(ROLE_OFFICER), true, STR(""), &v);
    if (err) {
        route_fail(x, err);
        return;
    }
    err = json_body(x, &body);
    if (!err)
        err = act(&v, kind, id, body, &a);
    portal_note(&v, AUDIT_DECIDE, err ? 0 : a.applicant, id, err);
    show(x, &v, err, &a);
    json_decref(body);
    portal_leave(&v);
}

void portal_claim(struct exchange *x)
{
    on_act(x, CLAIM);
}

void portal_ask(struct exchange *x)
{
    on_act(x, ASK);
}

void portal_decide(struct exchange *x)
{
    on_act(x, DECIDE);
}
