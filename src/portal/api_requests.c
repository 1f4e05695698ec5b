/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to sellers by API: whoever bought a phone sends them, the seller answers, an officer finds a seller who was named
 * by words alone. */
#include "cases/demand.h"
#include "portal/claim_json.h"
#include "portal/handlers.h"

enum { PAGE = 50 };

static enum err number_of(const struct api *a, uint64_t *out)
{
    return claim_number_parse(CLAIM_REQUEST, a->x->param, out) ? ERR_OK : ERR_NOT_FOUND;
}

/* ---- sending ---- */

static enum err read_wish(const struct api *a, struct paper_id *papers, struct demand_wish *out)
{
    const json_t *named = json_object_get(a->body, "show_name");
    *out = (struct demand_wish){.papers = papers,
                                .named = json_is_true(named),
                                .language = str_z(lang_code(a->x->lang)),
                                .idempotency = a->x->request->idempotency};
    enum err err = claim_read_purchase(a->body, &out->what, a->fault);
    if (!err && named && !json_is_boolean(named)) {
        fault_field(a->fault, "show_name");
        err = fault_set(a->fault, ERR_USAGE, "true or false");
    }
    if (!err)
        err = api_text(a, "note", &out->note);
    return err ? err : json_paper_ids(a->body, papers, &out->paper_count, a->fault);
}

static enum err send(struct api *a)
{
    struct visit *v = a->visit;
    struct paper_id papers[LIMIT_PAPERS];
    struct demand_wish wish;
    struct demand made;
    char number[APPLICATION_NUMBER_TEXT];
    bool again = false;
    enum err err = read_wish(a, papers, &wish);
    if (!err)
        err = demand_new(&v->office, &v->who, &wish, &made, &again, a->fault);
    if (err)
        return err;
    demand_number(&made, number);
    snprintf(a->x->response->location, sizeof a->x->response->location, "/api/v1/requests/%s",
             number);
    a->status = again ? 200 : 201;
    portal_wake(v->portal);
    return demand_json(a, &made, SIDE_BUYER, &a->answer);
}

void portal_request_new(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, send});
}

/* ---- looking ---- */

/* What another has sent is somebody's data. */
static void note_look(struct api *a, enum demand_side side, const struct demand *r, enum err err)
{
    if (side != SIDE_BUYER)
        portal_note(a->visit, AUDIT_CLAIM_LOOK, err ? 0 : r->buyer, r->id, err);
}

static enum err one(struct api *a)
{
    struct demand r = {0};
    enum demand_side side;
    if (number_of(a, &r.id))
        return ERR_NOT_FOUND;
    enum err err = demand_for(a->visit->office.registry, &a->visit->who, r.id, &r, &side, a->fault);
    if (err)
        return err;
    note_look(a, side, &r, ERR_OK);
    return demand_json(a, &r, side, &a->answer);
}

void portal_request(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, one});
}

void portal_desk_request(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_OFFICER), API_LOOKS, one});
}

static enum err read_after(const struct api *a, uint64_t *out)
{
    struct buf scratch = {0};
    struct str text;
    enum err err = api_query(a, "after", &scratch, &text);
    *out = 0;
    if (!err && text.n && !claim_number_parse(CLAIM_REQUEST, text, out)) {
        fault_field(a->fault, "after");
        err = fault_set(a->fault, ERR_USAGE, "the number of a request");
    }
    buf_release(&scratch);
    return err;
}

static enum err read_box(const struct api *a, enum demand_side *out)
{
    struct buf scratch = {0};
    struct str text;
    enum err err = api_query(a, "box", &scratch, &text);
    bool received = str_eq(text, STR("received"));
    *out = received ? SIDE_SELLER : SIDE_BUYER;
    if (!err && text.n && !received && !str_eq(text, STR("sent"))) {
        fault_field(a->fault, "box");
        err = fault_set(a->fault, ERR_USAGE, "sent, received");
    }
    buf_release(&scratch);
    return err;
}

/* A page of those with these ids; n == PAGE: there may be more. */
static enum err list(struct api *a, const uint64_t *ids, size_t n, enum demand_side side)
{
    json_t *rows = json_array(), *next = NULL;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++) {
        struct demand r;
        json_t *row = NULL;
        char number[APPLICATION_NUMBER_TEXT];
        err = demand_get(a->visit->office.registry, ids[i], &r, a->fault);
        if (!err)
            err = demand_json(a, &r, side, &row);
        if (err)
            break;
        note_look(a, side, &r, ERR_OK);
        demand_number(&r, number);
        json_array_append_new(rows, row);
        if (i + 1 == PAGE)
            next = json_string(number);
    }
    a->answer = api_page("requests", rows, next);
    return err;
}

static enum err mine(struct api *a)
{
    uint64_t ids[PAGE], after;
    size_t n = 0;
    enum demand_side side;
    enum err err = read_box(a, &side);
    if (!err)
        err = read_after(a, &after);
    if (!err)
        err = demand_list(a->visit->office.registry, &a->visit->who, side, after, ids, PAGE, &n,
                          a->fault);
    return err ? err : list(a, ids, n, side);
}

void portal_requests(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, mine});
}

static enum err unknown(struct api *a)
{
    uint64_t ids[PAGE], after;
    size_t n = 0;
    enum err err = read_after(a, &after);
    if (!err)
        err = demand_unknown(a->visit->office.registry, after, ids, PAGE, &n, a->fault);
    return err ? err : list(a, ids, n, SIDE_OFFICER);
}

void portal_desk_requests(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_OFFICER), API_LOOKS, unknown});
}

/* ---- acts ---- */

static enum err acted(struct api *a, const struct demand *r, enum demand_side side, enum err err)
{
    if (side != SIDE_BUYER)
        portal_note(a->visit, AUDIT_CLAIM_DECIDE, err ? 0 : r->buyer, r->id, err);
    if (err)
        return err;
    portal_wake(a->visit->portal);
    return demand_json(a, r, side, &a->answer);
}

static enum err read_reply(const struct api *a, struct demand_reply *out)
{
    struct str answer, application;
    *out = (struct demand_reply){0};
    enum err err = api_text(a, "answer", &answer);
    if (!err && !demand_answer_find(answer, &out->answer)) {
        fault_field(a->fault, "answer");
        err = fault_set(a->fault, ERR_USAGE, "verifying, verified, refused");
    }
    if (!err)
        err = api_text(a, "application", &application);
    if (!err && application.n && !application_number_parse(application, &out->application)) {
        fault_field(a->fault, "application");
        err = fault_set(a->fault, ERR_USAGE, "the number of an application");
    }
    return err ? err : api_text(a, "note", &out->note);
}

static enum err reply(struct api *a)
{
    struct demand_reply said;
    struct demand r = {0};
    if (number_of(a, &r.id))
        return ERR_NOT_FOUND;
    enum err err = read_reply(a, &said);
    if (!err)
        err = demand_reply(&a->visit->office, &a->visit->who, r.id, &said, &r, a->fault);
    return acted(a, &r, SIDE_SELLER, err);
}

void portal_request_reply(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, reply});
}

static enum err close_it(struct api *a)
{
    struct demand r = {0};
    if (number_of(a, &r.id))
        return ERR_NOT_FOUND;
    enum err err = demand_close(&a->visit->office, &a->visit->who, r.id, &r, a->fault);
    return acted(a, &r, SIDE_BUYER, err);
}

void portal_request_close(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, close_it});
}

static enum err forward(struct api *a)
{
    struct demand r = {0};
    struct str bin;
    if (number_of(a, &r.id))
        return ERR_NOT_FOUND;
    enum err err = api_text(a, "bin", &bin);
    if (!err)
        err = demand_forward(&a->visit->office, &a->visit->who, r.id, bin, &r, a->fault);
    return acted(a, &r, SIDE_OFFICER, err);
}

void portal_desk_forward(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_OFFICER), API_ACTS, forward});
}
