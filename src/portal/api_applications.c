/* SPDX-License-Identifier: Apache-2.0
 *
 * An applicant's own applications by API. */
#include "cases/complaint.h"
#include "cases/demand.h"
#include "portal/api.h"
#include "portal/handlers.h"

enum { PAGE = 50 };

/* An application, as its applicant sees it, is the answer; it is released. */
static void show(struct api *a, struct application *shown)
{
    a->answer = application_public(a->x, shown);
    application_release(shown);
}

static enum err file(struct api *a)
{
    struct visit *v = a->visit;
    struct case_device devices[FILING_DEVICES_MAX];
    struct paper_id papers[LIMIT_PAPERS];
    struct filing wish;
    struct application made;
    char number[APPLICATION_NUMBER_TEXT];
    bool again = false;
    bool by_file = json_object_get(a->body, "upload") != NULL;
    enum err err = by_file ? application_file_upload(a, &made, &again)
                           : application_wish(a->body, devices, &wish, a->fault);
    wish.idempotency = a->x->request->idempotency;
    wish.language = str_z(lang_code(a->x->lang));
    wish.papers = papers;
    if (!err && !by_file)
        err = json_paper_ids(a->body, papers, &wish.paper_count, a->fault);
    if (!err && !by_file)
        err = filing_new(&v->office, &v->who, &wish, &made, &again, a->fault);
    portal_note(v, AUDIT_FILE, v->who.acts_for, err ? 0 : made.id, err);
    if (err)
        return err;
    application_number(&made, number);
    snprintf(a->x->response->location, sizeof a->x->response->location, "/api/v1/applications/%s",
             number);
    a->status = again ? 200 : 201;
    portal_wake(v->portal);
    show(a, &made);
    return ERR_OK;
}

void portal_file(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, file});
}

/* The number in the query's `after`; 0 without one. */
static enum err read_after(const struct api *a, uint64_t *out)
{
    struct buf scratch = {0};
    struct str text;
    enum err err = api_query(a, "after", &scratch, &text);
    *out = 0;
    if (!err && text.n && !application_number_parse(text, out)) {
        fault_field(a->fault, "after");
        err = fault_set(a->fault, ERR_USAGE, "the number of an application");
    }
    buf_release(&scratch);
    return err;
}

static enum err mine(struct api *a)
{
    const struct visit *v = a->visit;
    uint64_t ids[PAGE], after;
    size_t n = 0;
    enum err err = read_after(a, &after);
    if (!err)
        err = filing_list(&v->office, &v->who, after, ids, PAGE, &n, a->fault);
    json_t *list = json_array(), *next = NULL;
    for (size_t i = 0; !err && i < n; i++) {
        struct application one;
        char number[APPLICATION_NUMBER_TEXT];
        err = filing_get(&v->office, &v->who, ids[i], &one, a->fault);
        if (err)
            break;
        application_number(&one, number);
        json_array_append_new(list, application_public(a->x, &one));
        if (i + 1 == PAGE)
            next = json_string(number);
        application_release(&one);
    }
    a->answer = api_page("applications", list, next);
    return err;
}

void portal_mine(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, mine});
}

static enum err one(struct api *a)
{
    struct application shown;
    uint64_t id;
    enum err err = api_number(a, &id);
    if (!err)
        err = filing_get(&a->visit->office, &a->visit->who, id, &shown, a->fault);
    if (!err)
        show(a, &shown);
    return err;
}

void portal_one(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, one});
}

/* ---- his acts on one, with a note in the body where it takes one ---- */

static enum err after_act(struct api *a, uint64_t id, enum err err, struct application *moved)
{
    portal_note(a->visit, AUDIT_FILE, a->visit->who.acts_for, id, err);
    if (err)
        return err;
    portal_wake(a->visit->portal);
    show(a, moved);
    return ERR_OK;
}

static enum err withdraw(struct api *a)
{
    struct application moved;
    uint64_t id;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    enum err err = filing_withdraw(&a->visit->office, &a->visit->who, id, &moved, a->fault);
    return after_act(a, id, err, &moved);
}

static enum err answer(struct api *a)
{
    struct application moved;
    struct paper_id papers[LIMIT_PAPERS];
    struct bringing what = {.papers = papers};
    uint64_t id;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    enum err err = api_text(a, "note", &what.note);
    if (!err)
        err = json_paper_ids(a->body, papers, &what.paper_count, a->fault);
    if (!err)
        err = filing_bring(&a->visit->office, &a->visit->who, id, &what, &moved, a->fault);
    return after_act(a, id, err, &moved);
}

static enum err appeal(struct api *a)
{
    struct application moved;
    struct paper_id papers[LIMIT_PAPERS];
    struct bringing what = {.papers = papers};
    uint64_t id;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    enum err err = api_text(a, "note", &what.note);
    if (!err)
        err = json_paper_ids(a->body, papers, &what.paper_count, a->fault);
    if (!err)
        err = filing_appeal_bring(&a->visit->office, &a->visit->who, id, &what, &moved, a->fault);
    return after_act(a, id, err, &moved);
}

void portal_withdraw(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, withdraw});
}

void portal_papers(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, answer});
}

void portal_appeal(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, appeal});
}

static enum err complaint_by_id(struct api *a, uint64_t id)
{
    struct complaint c;
    enum err err = complaint_get(a->visit->office.registry, id, &c, a->fault);
    if (!err)
        a->answer = json_pack("{s:s, s:s, s:n, s:o}", "kind", "complaint", "state",
                              c.outcome ? outcome_name(c.outcome) : "open", "due_at", "decided_at",
                              json_instant(c.decided_s));
    return err;
}

/* The same of a request to a seller, or of a complaint about one. */
static enum err claim_by_its_receipt(struct api *a, struct str receipt)
{
    struct registry *reg = a->visit->office.registry;
    struct demand r;
    uint64_t id;
    enum err err = claim_by_receipt(reg, receipt, &id, a->fault);
    if (err)
        return err;
    err = demand_get(reg, id, &r, a->fault);
    if (err == ERR_NOT_FOUND)
        return complaint_by_id(a, id);
    if (!err)
        a->answer = json_pack("{s:s, s:s, s:o, s:o}", "kind", "request", "state",
                              demand_state_name(r.state), "due_at",
                              json_instant(r.state == DEMAND_SENT ? r.due_s : 0), "decided_at",
                              json_instant(r.ended_s));
    return err;
}

/* Whoever holds a receipt learns kind, state and clock, nothing of devices or people. */
static enum err by_receipt(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct application found;
    struct str receipt;
    uint64_t id;
    enum err err = api_text(a, "receipt", &receipt);
    if (err)
        return err;
    err = application_by_receipt(reg, receipt, &id, a->fault);
    if (err == ERR_NOT_FOUND)
        return claim_by_its_receipt(a, receipt);
    if (!err)
        err = application_get(reg, id, &found, a->fault);
    if (err)
        return err;
    a->answer = application_brief(&found);
    application_release(&found);
    return ERR_OK;
}

void portal_receipt(struct exchange *x)
{
    api_run(x, &(struct api_row){0, API_BODY, by_receipt});
}
