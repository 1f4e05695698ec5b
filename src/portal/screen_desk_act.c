/* SPDX-License-Identifier: Apache-2.0
 *
 * What the desk's forms send: one use case each, then 303 to the page that says so. What is refused shows the
 * page again with the reason and what was typed. */
#include "cases/bulk_case.h"
#include "cases/correction.h"
#include "cases/second.h"
#include "face/form.h"
#include "portal/bulk_worker.h"
#include "portal/screen_desk.h"
#include "portal/screens.h"

enum desk_act { CLAIM, ASK, DECIDE, CONFIRM, RETURN };

static const char *const forms[] = {"claim", "ask", "decide", "confirm", "return"};
static const char *const done[] = {"claimed", "asked", "decided", "confirmed", "returned"};

/* ---- reading ---- */

/* d0, d1, …: approve, a name of the catalogue, or nothing chosen. */
static enum err read_decisions(const struct exchange *x, struct desk_typed *out)
{
    enum err err = ERR_OK;
    struct buf value = {0};
    for (size_t i = 0; !err && i < FILING_DEVICES_MAX; i++) {
        char name[8];
        snprintf(name, sizeof name, "d%zu", i);
        buf_clear(&value);
        err = screen_value(x, name, &value);
        struct str text = {value.n ? (const char *)value.p : "", value.n};
        struct decision *d = &out->decisions[i];
        if (err || !text.n)
            continue;
        d->approve = str_eq(text, STR("approve"));
        out->chosen[i] = d->approve || refusal_find(text, &d->refusal);
        out->count = i + 1;
    }
    buf_release(&value);
    return err;
}

static bool all_chosen(const struct desk_typed *typed)
{
    bool all = true;
    for (size_t i = 0; i < typed->count; i++)
        all = all && typed->chosen[i];
    return all;
}

/* ---- acting ---- */

static bool is_file(struct visit *v, uint64_t id)
{
    struct application a;
    if (application_get(v->office.registry, id, &a, NULL))
        return false;
    bool file = a.upload != 0;
    application_release(&a);
    return file;
}

/* All of it by one choice. */
static enum err decide_file(struct visit *v, uint64_t id, const struct desk_typed *typed,
                            struct application *out)
{
    const struct bulk_decision how = {.approve = typed->decisions[0].approve,
                                      .refusal = typed->decisions[0].refusal,
                                      .note = typed->note};
    return typed->count == 1 ? bulk_decide(&v->office, &v->who, id, &how, out, NULL) : ERR_USAGE;
}

/* One decision: on the one device that waits, or on all of more than are typed. */
static enum err decide_all(struct visit *v, uint64_t id, const struct desk_typed *typed,
                           struct application *out)
{
    struct decision decisions[CORRECTION_IMEIS_MAX];
    struct application a;
    enum err err = application_get(v->office.registry, id, &a, NULL);
    if (err)
        return err;
    size_t n = 0;
    bool many = a.device_count > FILING_DEVICES_MAX && a.device_count <= CORRECTION_IMEIS_MAX;
    for (size_t i = 0; many && i < a.device_count; i++)
        if (!a.devices[i].decided)
            decisions[n++] = typed->decisions[0];
    application_release(&a);
    return desk_decide(&v->office, &v->who, id, many ? decisions : typed->decisions,
                       many ? n : typed->count, typed->note, out, NULL);
}

static enum err act(struct visit *v, enum desk_act what, uint64_t id,
                    const struct desk_typed *typed, struct application *out)
{
    switch (what) {
    case CLAIM:
        return desk_claim(&v->office, &v->who, id, out, NULL);
    case ASK:
        return desk_ask(&v->office, &v->who, id, typed->note, out, NULL);
    case CONFIRM:
        return second_confirm(&v->office, &v->who, id, out, NULL);
    case RETURN:
        return second_return(&v->office, &v->who, id, typed->note, out, NULL);
    case DECIDE:
    default:
        if (!all_chosen(typed))
            return ERR_USAGE;
        if (is_file(v, id))
            return decide_file(v, id, typed, out);
        if (typed->count == 1)
            return decide_all(v, id, typed, out);
        return desk_decide(&v->office, &v->who, id, typed->decisions, typed->count, typed->note,
                           out, NULL);
    }
}

static void settled(struct exchange *x, struct visit *v, enum desk_act what, uint64_t id,
                    struct desk_typed *typed)
{
    struct application a;
    char rest[40], path[DESK_PATH];
    enum err err = act(v, what, id, typed, &a);
    portal_note(v, AUDIT_DECIDE, err ? 0 : a.applicant, id, err);
    if (err == ERR_NOT_FOUND) {
        screen_fail(x, err);
    } else if (err) {
        typed->wrong = err;
        typed->form = forms[what];
        desk_page(x, v, id, typed, STR(""));
    } else {
        snprintf(rest, sizeof rest, "?done=%s",
                 application_proposed_by(&a) ? "proposed" : done[what]);
        if (what == CLAIM)
            snprintf(rest, sizeof rest, "?done=claimed");
        desk_path(&a, rest, path);
        if (a.upload)
            bulk_worker_wake(portal_bulk(v->portal));
        application_release(&a);
        screen_go(x, path);
    }
}

static void on_act(struct exchange *x, enum desk_act what)
{
    struct visit v;
    struct buf note = {0};
    struct desk_typed typed = {0};
    uint64_t id = 0;
    if (!screen_visit(x, ROLE_BIT(ROLE_OFFICER), true, &v))
        return;
    enum err err = application_number_parse(x->param, &id) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = screen_value(x, "note", &note);
    if (!err && what == DECIDE)
        err = read_decisions(x, &typed);
    typed.note = str_trim((struct str){note.n ? (const char *)note.p : "", note.n});
    if (err)
        screen_fail(x, err);
    else
        settled(x, &v, what, id, &typed);
    buf_release(&note);
    portal_leave(&v);
}

void screen_desk_claim(struct exchange *x)
{
    on_act(x, CLAIM);
}

void screen_desk_ask(struct exchange *x)
{
    on_act(x, ASK);
}

void screen_desk_decide(struct exchange *x)
{
    on_act(x, DECIDE);
}

void screen_desk_confirm(struct exchange *x)
{
    on_act(x, CONFIRM);
}

void screen_desk_return(struct exchange *x)
{
    on_act(x, RETURN);
}

void screen_desk_one(struct exchange *x)
{
    struct visit v;
    struct buf word = {0};
    uint64_t id = 0;
    bool found = false;
    if (!screen_visit(x, ROLES_STAFF, false, &v))
        return;
    enum err err = application_number_parse(x->param, &id) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = form_value(x->query, "done", &word, &found);
    if (err)
        screen_fail(x, err);
    else
        desk_page(x, &v, id, NULL, (struct str){word.n ? (const char *)word.p : "", word.n});
    buf_release(&word);
    portal_leave(&v);
}
