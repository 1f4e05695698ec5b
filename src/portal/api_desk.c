/* SPDX-License-Identifier: Apache-2.0
 *
 * The officer's desk by API. Every look at an application is noted in the audit log. */
#include "cases/correction.h"
#include "cases/desk.h"
#include "cases/second.h"
#include "portal/api.h"
#include "portal/bulk_worker.h"
#include "portal/handlers.h"

enum { PAGE = 50 };

/* ---- the queue; its cursor is "DUE-ID" ---- */

static enum err read_after(const struct api *a, struct queued *out, bool *out_found)
{
    struct buf scratch = {0};
    struct str text;
    enum err err = api_query(a, "after", &scratch, &text);
    *out_found = text.n > 0;
    if (!err && text.n) {
        uint64_t due = 0;
        struct str id, head = str_split(text, '-', &id);
        bool good = str_to_u64(head, INT64_MAX, &due) && str_to_u64(id, INT64_MAX, &out->id);
        out->due_s = (int64_t)due;
        if (!good) {
            fault_field(a->fault, "after");
            err = fault_set(a->fault, ERR_USAGE, "the next of the page before");
        }
    }
    buf_release(&scratch);
    return err;
}

static json_t *queue_row(const struct application *a, int64_t now_s)
{
    char number[APPLICATION_NUMBER_TEXT];
    application_number(a, number);
    return json_pack("{s:s, s:s, s:s, s:o, s:b, s:b, s:b, s:b, s:b, s:I}", "number", number, "kind",
                     kind_info(a->kind)->name, "state", application_state_name(a->state), "due_at",
                     json_instant(a->due_s), "overdue", a->due_s < now_s, "claimed",
                     a->officer != 0, "appeal", a->appeal, "checked", a->checked, "second",
                     application_proposed_by(a) != 0, "devices",
                     (json_int_t)(a->upload ? a->bulk_devices : a->device_count));
}

static json_t *cursor(const struct queued *last)
{
    char text[48];
    snprintf(text, sizeof text, "%lld-%llu", (long long)last->due_s, (unsigned long long)last->id);
    return json_string(text);
}

static enum err queue(struct api *a)
{
    const struct office *office = &a->visit->office;
    struct queued page[PAGE], after = {0};
    size_t n = 0;
    bool found;
    int64_t now_s = clock_now_us(office->registry->clock) / 1000000;
    enum err err = read_after(a, &after, &found);
    if (!err)
        err = desk_queue(office, found ? &after : NULL, page, PAGE, &n, a->fault);
    json_t *list = json_array();
    for (size_t i = 0; !err && i < n; i++) {
        struct application one;
        err = application_get(office->registry, page[i].id, &one, a->fault);
        if (!err) {
            json_array_append_new(list, queue_row(&one, now_s));
            application_release(&one);
        }
        err = err == ERR_NOT_FOUND ? ERR_OK : err; /* it moved meanwhile */
    }
    a->answer = api_page("queue", list, n == PAGE ? cursor(&page[n - 1]) : NULL);
    return err;
}

void portal_queue(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_STAFF, API_LOOKS, queue});
}

/* ---- one application ---- */

/* What was done, or looked at, is noted; the application is the answer. */
static enum err show(struct api *a, enum audit_what what, uint64_t id, enum err err,
                     struct application *shown)
{
    struct person person;
    portal_note(a->visit, what, err ? 0 : shown->applicant, id, err);
    if (err)
        return err;
    struct registry *reg = a->visit->office.registry;
    bool known = person_get(reg, shown->applicant, &person, NULL) == ERR_OK;
    a->answer =
        application_desk(a->x, shown, known ? &person : NULL, clock_now_us(reg->clock) / 1000000);
    application_second(a->visit, shown, a->answer);
    application_release(shown);
    return ERR_OK;
}

static enum err look(struct api *a)
{
    struct application shown;
    uint64_t id;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    enum err err = application_get(a->visit->office.registry, id, &shown, a->fault);
    return show(a, AUDIT_LOOK, id, err, &shown);
}

void portal_look(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_STAFF, API_LOOKS, look});
}

/* ---- an officer's acts ---- */

static const uint32_t officer = ROLE_BIT(ROLE_OFFICER);

static enum err claim(struct api *a)
{
    struct application moved;
    uint64_t id;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    enum err err = desk_claim(&a->visit->office, &a->visit->who, id, &moved, a->fault);
    return show(a, AUDIT_DECIDE, id, err, &moved);
}

void portal_claim(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_ACTS, claim});
}

static enum err ask(struct api *a)
{
    struct application moved;
    struct str note;
    uint64_t id;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    enum err err = api_text(a, "note", &note);
    if (!err)
        err = desk_ask(&a->visit->office, &a->visit->who, id, note, &moved, a->fault);
    return show(a, AUDIT_DECIDE, id, err, &moved);
}

void portal_ask(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_ACTS, ask});
}

/* {"approve": true} or {"refusal": "GSMA_LISTED"} */
static enum err read_decision(const json_t *one, struct decision *out, struct fault *fault)
{
    *out = (struct decision){.approve = json_is_true(json_object_get(one, "approve"))};
    bool refused = refusal_find(json_text_of(one, "refusal"), &out->refusal);
    if (out->approve != refused)
        return ERR_OK;
    return fault_set(fault, ERR_USAGE, "either approve or a refusal of the catalogue");
}

/* {"decisions": [...]}: one for each device that waits */
static enum err read_decisions(const struct api *a, struct decision *out, size_t *out_n)
{
    const json_t *list = json_object_get(a->body, "decisions");
    *out_n = json_array_size(list);
    if (!json_is_array(list) || *out_n > CORRECTION_IMEIS_MAX) {
        fault_field(a->fault, "decisions");
        return fault_set(a->fault, ERR_USAGE, "a list, a decision for each device that waits");
    }
    for (size_t i = 0; i < *out_n; i++) {
        enum err err = read_decision(json_array_get(list, i), &out[i], a->fault);
        if (err) {
            fault_field(a->fault, "decisions[%zu]", i);
            return err;
        }
    }
    return ERR_OK;
}

static enum err decide(struct api *a)
{
    struct decision decisions[CORRECTION_IMEIS_MAX];
    struct application moved;
    struct str note;
    size_t n;
    uint64_t id;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    if (!json_object_get(a->body, "decisions"))
        return show(a, AUDIT_DECIDE, id, application_file_decide(a, id, &moved), &moved);
    enum err err = read_decisions(a, decisions, &n);
    if (!err)
        err = api_text(a, "note", &note);
    if (!err)
        err = desk_decide(&a->visit->office, &a->visit->who, id, decisions, n, note, &moved,
                          a->fault);
    return show(a, AUDIT_DECIDE, id, err, &moved);
}

void portal_decide(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_ACTS, decide});
}

/* ---- the second officer ---- */

static enum err confirm(struct api *a)
{
    struct application moved;
    uint64_t id;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    enum err err = second_confirm(&a->visit->office, &a->visit->who, id, &moved, a->fault);
    if (!err && moved.upload)
        bulk_worker_wake(portal_bulk(a->visit->portal));
    return show(a, AUDIT_DECIDE, id, err, &moved);
}

void portal_confirm(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_ACTS, confirm});
}

static enum err give_back(struct api *a)
{
    struct application moved;
    struct str note;
    uint64_t id;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    enum err err = api_text(a, "note", &note);
    if (!err)
        err = second_return(&a->visit->office, &a->visit->who, id, note, &moved, a->fault);
    return show(a, AUDIT_DECIDE, id, err, &moved);
}

void portal_return(struct exchange *x)
{
    api_run(x, &(struct api_row){officer, API_ACTS, give_back});
}
