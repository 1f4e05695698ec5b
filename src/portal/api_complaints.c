/* SPDX-License-Identifier: Apache-2.0
 *
 * Complaints about sellers by API: who bought a phone files them, an officer claims and decides them; how many, by seller, as
 * a table. */
#include <stdlib.h>

#include "cases/complaint.h"
#include "portal/claim_json.h"
#include "portal/complaint_table.h"
#include "portal/handlers.h"

enum { PAGE = 50 };
static const uint32_t officer = ROLE_BIT(ROLE_OFFICER);

static enum err number_of(const struct api *a, uint64_t *out)
{
    return claim_number_parse(CLAIM_COMPLAINT, a->x->param, out) ? ERR_OK : ERR_NOT_FOUND;
}

/* own: as who complained sees it; else as an officer. */
static enum err complaint_json(struct api *a, const struct complaint *c, bool own, json_t **out)
{
    char number[APPLICATION_NUMBER_TEXT];
    struct person person;
    struct registry *reg = a->visit->office.registry;
    complaint_number(c, number);
    json_t *json = json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:s}", "number", number, "state",
                             c->outcome ? "decided" : "open", "outcome",
                             c->outcome ? json_string(outcome_name(c->outcome)) : json_null(),
                             "filed_at", json_instant(c->filed_s), "decided_at",
                             json_instant(c->decided_s), "text", c->text, "note", c->note);
    if (!json)
        return ERR_MEMORY;
    if (c->request)
        claim_number(CLAIM_REQUEST, c->request_s, c->request, number);
    json_object_set_new(json, "request", c->request ? json_string(number) : json_null());
    if (own)
        json_object_set_new(json, "receipt", json_string(c->receipt));
    else
        json_object_set_new(json, "claimed", json_boolean(c->officer != 0));
    if (!own && person_get(reg, c->party, &person, NULL) == ERR_OK)
        json_object_set_new(json, "buyer", json_string(person.name));
    enum err err = claim_put_purchase(a, json, &c->what);
    if (err)
        json_decref(json);
    else
        *out = json;
    return err;
}

/* ---- filing ---- */

static enum err read_wish(const struct api *a, struct complaint_wish *out)
{
    struct str request;
    *out = (struct complaint_wish){.language = str_z(lang_code(a->x->lang)),
                                   .idempotency = a->x->request->idempotency};
    enum err err = claim_read_purchase(a->body, &out->what, a->fault);
    if (!err)
        err = api_text(a, "text", &out->text);
    if (!err)
        err = api_text(a, "request", &request);
    if (!err && request.n && !claim_number_parse(CLAIM_REQUEST, request, &out->request)) {
        fault_field(a->fault, "request");
        err = fault_set(a->fault, ERR_USAGE, "the number of a request");
    }
    return err;
}

static enum err file(struct api *a)
{
    struct visit *v = a->visit;
    struct complaint_wish wish;
    struct complaint made;
    char number[APPLICATION_NUMBER_TEXT];
    bool again = false;
    enum err err = read_wish(a, &wish);
    if (!err)
        err = complaint_new(&v->office, &v->who, &wish, &made, &again, a->fault);
    if (err)
        return err;
    complaint_number(&made, number);
    snprintf(a->x->response->location, sizeof a->x->response->location, "/api/v1/complaints/%s",
             number);
    a->status = again ? 200 : 201;
    portal_wake(v->portal);
    return complaint_json(a, &made, true, &a->answer);
}

void portal_complaint_new(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, file});
}

/* ---- looking ---- */

static enum err one(struct api *a)
{
    struct complaint c = {0};
    bool own = a->visit->who.role != ROLE_OFFICER;
    if (number_of(a, &c.id))
        return ERR_NOT_FOUND;
    enum err err = complaint_for(a->visit->office.registry, &a->visit->who, c.id, &c, a->fault);
    if (err)
        return err;
    if (!own)
        portal_note(a->visit, AUDIT_CLAIM_LOOK, c.party, c.id, ERR_OK);
    return complaint_json(a, &c, own, &a->answer);
}

void portal_complaint(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, one});
}

void portal_desk_complaint(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_LOOKS, one});
}

static enum err read_after(const struct api *a, uint64_t *out)
{
    struct buf scratch = {0};
    struct str text;
    enum err err = api_query(a, "after", &scratch, &text);
    *out = 0;
    if (!err && text.n && !claim_number_parse(CLAIM_COMPLAINT, text, out)) {
        fault_field(a->fault, "after");
        err = fault_set(a->fault, ERR_USAGE, "the number of a complaint");
    }
    buf_release(&scratch);
    return err;
}

static enum err list(struct api *a, const uint64_t *ids, size_t n, bool own)
{
    json_t *rows = json_array(), *next = NULL;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++) {
        struct complaint c;
        json_t *row = NULL;
        char number[APPLICATION_NUMBER_TEXT];
        err = complaint_get(a->visit->office.registry, ids[i], &c, a->fault);
        if (!err)
            err = complaint_json(a, &c, own, &row);
        if (err)
            break;
        if (!own)
            portal_note(a->visit, AUDIT_CLAIM_LOOK, c.party, c.id, ERR_OK);
        complaint_number(&c, number);
        json_array_append_new(rows, row);
        if (i + 1 == PAGE)
            next = json_string(number);
    }
    a->answer = api_page("complaints", rows, next);
    return err;
}

static enum err mine(struct api *a)
{
    uint64_t ids[PAGE], after;
    size_t n = 0;
    enum err err = read_after(a, &after);
    if (!err)
        err = complaint_list(a->visit->office.registry, &a->visit->who, after, ids, PAGE, &n,
                             a->fault);
    return err ? err : list(a, ids, n, true);
}

void portal_complaints(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, mine});
}

static enum err queue(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct complaint last = {0};
    uint64_t ids[PAGE], after;
    size_t n = 0;
    enum err err = read_after(a, &after);
    if (!err && after)
        err = complaint_get(reg, after, &last, a->fault);
    if (!err)
        err = complaint_queue(reg, last.filed_s, after, ids, PAGE, &n, a->fault);
    return err ? err : list(a, ids, n, false);
}

void portal_desk_complaints(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_LOOKS, queue});
}

/* ---- acts ---- */

static enum err withdraw(struct api *a)
{
    struct complaint c = {0};
    if (number_of(a, &c.id))
        return ERR_NOT_FOUND;
    enum err err = complaint_withdraw(&a->visit->office, &a->visit->who, c.id, &c, a->fault);
    return err ? err : complaint_json(a, &c, true, &a->answer);
}

void portal_complaint_withdraw(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, withdraw});
}

static enum err decided(struct api *a, const struct complaint *c, enum err err)
{
    portal_note(a->visit, AUDIT_CLAIM_DECIDE, err ? 0 : c->party, c->id, err);
    if (err)
        return err;
    portal_wake(a->visit->portal);
    return complaint_json(a, c, false, &a->answer);
}

static enum err claim(struct api *a)
{
    struct complaint c = {0};
    if (number_of(a, &c.id))
        return ERR_NOT_FOUND;
    return decided(a, &c, complaint_claim(&a->visit->office, &a->visit->who, c.id, &c, a->fault));
}

void portal_complaint_claim(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_ACTS, claim});
}

static enum err decide(struct api *a)
{
    struct complaint c = {0};
    struct str word, note;
    uint8_t outcome = OUTCOME_NONE;
    if (number_of(a, &c.id))
        return ERR_NOT_FOUND;
    enum err err = api_text(a, "outcome", &word);
    if (!err && !outcome_find(word, &outcome)) {
        fault_field(a->fault, "outcome");
        err = fault_set(a->fault, ERR_USAGE, "passed_on, seller_answered, unfounded, withdrawn");
    }
    if (!err)
        err = api_text(a, "note", &note);
    if (!err)
        err =
            complaint_decide(&a->visit->office, &a->visit->who, c.id, outcome, note, &c, a->fault);
    return decided(a, &c, err);
}

void portal_complaint_decide(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_ACTS, decide});
}

/* ---- how many, by seller ---- */

void portal_complaint_sellers(struct exchange *x)
{
    struct visit v;
    uint32_t roles = officer | ROLE_BIT(ROLE_MINISTRY) | ROLE_BIT(ROLE_ADMIN);
    enum err err = portal_visit(x, roles, false, STR(""), &v);
    if (!err) {
        err = complaint_table(x, &v);
        portal_heard(&v, err);
    }
    if (err)
        route_fail_at(x, err, &v.fault);
    portal_leave(&v);
}
