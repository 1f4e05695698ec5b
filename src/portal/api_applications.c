/* SPDX-License-Identifier: Apache-2.0
 *
 * An applicant's own applications by API. */
#include "face/form.h"
#include "portal/handlers.h"
#include "portal/json.h"

enum { PAGE = 50 };

static void answer_or_fail(struct exchange *x, struct visit *v, enum err err, int status,
                           struct application *a)
{
    if (err) {
        route_fail(x, err);
        return;
    }
    json_answer(x, status, application_public(x, a));
    portal_wake(v->portal);
    application_release(a);
}

void portal_file(struct exchange *x)
{
    struct visit v;
    struct case_device devices[FILING_DEVICES_MAX];
    struct filing wish;
    struct application a;
    json_t *body = NULL;
    bool again = false;
    enum err err = portal_visit(x, ROLES_APPLICANT, true, STR(""), &v);
    if (err) {
        route_fail(x, err);
        return;
    }
    err = json_body(x, &body);
    if (!err)
        err = application_wish(body, devices, &wish, NULL);
    wish.idempotency = x->request->idempotency;
    if (!err)
        err = filing_new(&v.office, &v.who, &wish, &a, &again, NULL);
    portal_note(&v, AUDIT_FILE, v.who.acts_for, err ? 0 : a.id, err);
    if (!err) {
        char number[APPLICATION_NUMBER_TEXT];
        application_number(&a, number);
        snprintf(x->response->location, sizeof x->response->location, "/api/v1/applications/%s",
                 number);
    }
    answer_or_fail(x, &v, err, again ? 200 : 201, &a);
    json_decref(body);
    portal_leave(&v);
}

/* The number in the query's `after`; 0 without one. */
static enum err read_after(const struct exchange *x, uint64_t *out)
{
    struct buf text = {0};
    bool found = false;
    enum err err = form_value(x->query, "after", &text, &found);
    *out = 0;
    if (!err && found && !application_number_parse((struct str){(const char *)text.p, text.n}, out))
        err = ERR_USAGE;
    buf_release(&text);
    return err;
}

static enum err list_mine(struct exchange *x, struct visit *v, uint64_t after, json_t *list,
                          json_t **out_next)
{
    uint64_t ids[PAGE];
    size_t n = 0;
    enum err err = filing_list(&v->office, &v->who, after, ids, PAGE, &n, NULL);
    for (size_t i = 0; !err && i < n; i++) {
        struct application a;
        char number[APPLICATION_NUMBER_TEXT];
        err = filing_get(&v->office, &v->who, ids[i], &a, NULL);
        if (err)
            break;
        application_number(&a, number);
        json_array_append_new(list, application_public(x, &a));
        if (i + 1 == PAGE)
            *out_next = json_string(number);
        application_release(&a);
    }
    return err;
}

void portal_mine(struct exchange *x)
{
    struct visit v;
    uint64_t after;
    enum err err = read_after(x, &after);
    if (!err)
        err = portal_visit(x, ROLES_APPLICANT, false, STR(""), &v);
    if (err) {
        route_fail(x, err);
        return;
    }
    json_t *list = json_array(), *next = NULL;
    err = list_mine(x, &v, after, list, &next);
    if (err) {
        json_decref(list);
        json_decref(next);
        route_fail(x, err);
    } else {
        json_answer(
            x, 200,
            json_pack("{s:o, s:o}", "applications", list, "next", next ? next : json_null()));
    }
    portal_leave(&v);
}

static enum err read_number(const struct exchange *x, uint64_t *out)
{
    return application_number_parse(x->param, out) ? ERR_OK : ERR_NOT_FOUND;
}

void portal_one(struct exchange *x)
{
    struct visit v;
    struct application a;
    uint64_t id = 0;
    enum err err = read_number(x, &id);
    if (!err)
        err = portal_visit(x, ROLES_APPLICANT, false, STR(""), &v);
    if (err) {
        route_fail(x, err);
        return;
    }
    err = filing_get(&v.office, &v.who, id, &a, NULL);
    if (err) {
        route_fail(x, err);
    } else {
        json_answer(x, 200, application_public(x, &a));
        application_release(&a);
    }
    portal_leave(&v);
}

/* One of his acts, with a note in the body where it takes one. */
enum act_kind { WITHDRAW, ANSWER, APPEAL };

static enum err act(const struct visit *v, enum act_kind kind, uint64_t id, struct str note,
                    struct application *out)
{
    switch (kind) {
    case WITHDRAW:
        return filing_withdraw(&v->office, &v->who, id, out, NULL);
    case ANSWER:
        return filing_answer(&v->office, &v->who, id, note, out, NULL);
    case APPEAL:
        return filing_appeal(&v->office, &v->who, id, note, out, NULL);
    default:
        return ERR_USAGE;
    }
}

static void on_act(struct exchange *x, enum act_kind kind)
{
    struct visit v;
    struct application a;
    json_t *body = NULL;
    uint64_t id = 0;
    enum err err = read_number(x, &id);
    if (!err)
        err = portal_visit(x, ROLES_APPLICANT, true, STR(""), &v);
    if (err) {
        route_fail(x, err);
        return;
    }
    err = json_body(x, &body);
    if (!err)
        err = act(&v, kind, id, json_text_of(body, "note"), &a);
    portal_note(&v, AUDIT_FILE, v.who.acts_for, id, err);
    answer_or_fail(x, &v, err, 200, &a);
    json_decref(body);
    portal_leave(&v);
}

void portal_withdraw(struct exchange *x)
{
    on_act(x, WITHDRAW);
}

void portal_papers(struct exchange *x)
{
    on_act(x, ANSWER);
}

void portal_appeal(struct exchange *x)
{
    on_act(x, APPEAL);
}

/* Whoever holds a receipt learns kind, state and clock, nothing of devices or people. */
void portal_receipt(struct exchange *x)
{
    struct visit v;
    struct application a;
    json_t *body = NULL;
    uint64_t id = 0;
    enum err err = json_body(x, &body);
    if (!err)
        err = portal_visit(x, 0, false, STR(""), &v);
    if (err) {
        json_decref(body);
        route_fail(x, err);
        return;
    }
    err = application_by_receipt(v.office.registry, json_text_of(body, "receipt"), &id, NULL);
    if (!err)
        err = application_get(v.office.registry, id, &a, NULL);
    if (err) {
        route_fail(x, err);
    } else {
        bool open = application_open(&a);
        json_answer(x, 200,
                    json_pack("{s:s, s:s, s:o, s:o}", "kind", kind_info(a.kind)->name, "state",
                              application_state_name(a.state), "due_at",
                              json_time(open ? a.due_s : 0), "decided_at", json_time(a.decided_s)));
        application_release(&a);
    }
    json_decref(body);
    portal_leave(&v);
}
