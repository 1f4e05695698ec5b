/* SPDX-License-Identifier: Apache-2.0
 *
 * Marks by API, for bodies that set them: look, suspend, resume, one's own list, what waits for a second person.
 * An IMEI stands in no address: addresses are logged. */
#include <stdlib.h>

#include "answer/answer.h"
#include "portal/api.h"
#include "portal/handlers.h"
#include "portal/marks_form.h"

static const uint32_t police = ROLE_BIT(ROLE_POLICE);

/* One address at work. */
struct marks_api {
    struct mark_body body;
    struct marking wish;
    struct imei imeis[MARKS_AT_ONCE];
    struct mark_look looks[MARKS_AT_ONCE];
};

/* ---- what is wanted ---- */

static enum err read_mark(struct str text, uint8_t *out, struct fault *fault)
{
    if (mark_kind_find(text, out))
        return ERR_OK;
    fault_field(fault, "mark");
    return fault_set(fault, ERR_USAGE, "stolen, lost, order, penitentiary");
}

static enum err read_day(const struct api *a, const char *name, daynum *out)
{
    struct str text;
    enum err err = api_text(a, name, &text);
    if (err || !text.n)
        return err;
    err = daynum_parse(text, out);
    if (err)
        fault_field(a->fault, "%s", name);
    return err ? fault_set(a->fault, err, "a day, as 2026-03-10") : ERR_OK;
}

static enum err read_wish(const struct api *a, bool resume, struct marks_api *m)
{
    struct str mark;
    m->wish = (struct marking){.resume = resume,
                               .from = DAYNUM_NONE,
                               .last = DAYNUM_OPEN,
                               .idempotency = a->x->request->idempotency};
    enum err err = mark_body(a->visit->office.registry, &a->visit->who, &m->body, a->fault);
    if (!err)
        err = marks_json_imeis(a->body, m->imeis, &m->wish.count, a->fault);
    m->wish.imeis = m->imeis;
    if (!err)
        err = api_text(a, "mark", &mark);
    if (!err)
        err = read_mark(mark, &m->wish.kind, a->fault);
    if (!err)
        err = api_text(a, "order", &m->wish.order);
    if (!err)
        err = api_text(a, "note", &m->wish.note);
    if (!err && !resume)
        err = read_day(a, "from", &m->wish.from);
    return err || resume ? err : read_day(a, "until", &m->wish.last);
}

/* ---- what is answered ---- */

static json_t *imei_json(struct imei imei)
{
    char digits[IMEI_TEXT15];
    imei_format15(imei, digits);
    return json_string(digits);
}

/* The TAC list's own words; null. */
static json_t *model_json(const struct registry *reg, struct imei imei)
{
    struct tac_info info;
    if (!tac_find(reg->tac, imei_tac(imei), &info))
        return json_null();
    return json_pack("{s:o, s:o}", "brand", json_str(info.brand), "model", json_str(info.model));
}

/* As the public hears it, so that no body learns of another's orders. */
static json_t *state_json(const struct registry *reg, const struct verdict *v)
{
    const struct answer said = answer_make(v, NULL, &reg->rules);
    return json_pack("{s:s, s:s, s:b}", "list", list_name((enum list)said.list), "reason",
                     reason_public(said.reason), "served", said.served);
}

static json_t *mark_days(const char *kind, daynum from, daynum last)
{
    return json_pack("{s:s, s:o, s:o}", "mark", kind, "from", json_day(from), "until",
                     json_day(last == DAYNUM_OPEN ? DAYNUM_NONE : last));
}

static json_t *own_marks(const struct facts *f, uint64_t body)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < f->mark_count; i++)
        if (f->marks[i].setter == body)
            json_array_append_new(list, mark_days(mark_kind_name(f->marks[i].kind),
                                                  f->marks[i].from, f->marks[i].last));
    return list;
}

/* Who, when, by which document. */
static void entry_into(struct registry *reg, const struct entry *e, json_t *out)
{
    char name[LIMIT_NAME + 1];
    marks_name(reg, e->actor, name);
    json_object_set_new(out, "order", json_stringn(e->document, e->document_n));
    json_object_set_new(out, "at", json_instant(e->time_ms / 1000));
    json_object_set_new(out, "by", *name ? json_string(name) : json_null());
}

/* ---- POST /api/v1/marks/preview, /api/v1/marks, /api/v1/marks/resume ---- */

static json_t *look_json(const struct registry *reg, const struct marks_api *m,
                         const struct mark_look *look)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "imei", imei_json(look->imei), "model",
                     model_json(reg, look->imei), "now", state_json(reg, &look->now), "then",
                     state_json(reg, &look->then), "marks", own_marks(&look->facts, m->body.party),
                     "refused", look->refused ? json_string(err_name(look->refused)) : json_null());
}

static enum err preview(struct api *a, struct marks_api *m)
{
    struct str act;
    bool waits = false;
    enum err err = api_text(a, "act", &act);
    bool resume = str_eq(act, STR("resume"));
    if (!err && !resume && !str_eq(act, STR("suspend"))) {
        fault_field(a->fault, "act");
        err = fault_set(a->fault, ERR_USAGE, "suspend or resume");
    }
    if (!err)
        err = read_wish(a, resume, m);
    if (!err)
        err = marks_look(a->visit, &m->body, &m->wish, m->looks, &waits, a->fault);
    if (err)
        return err;
    json_t *list = json_array();
    bool may = true;
    for (size_t i = 0; i < m->wish.count; i++) {
        json_array_append_new(list, look_json(a->visit->office.registry, m, &m->looks[i]));
        may = may && !m->looks[i].refused;
    }
    a->answer =
        json_pack("{s:s, s:s, s:b, s:b, s:o}", "body", m->body.name, "act",
                  resume ? "resume" : "suspend", "may", may, "second_person", waits, "imeis", list);
    return ERR_OK;
}

static enum err act(struct api *a, struct marks_api *m, bool resume)
{
    struct marked made;
    char id[24];
    enum err err = read_wish(a, resume, m);
    if (!err)
        err = marks_act(a->visit, &m->body, &m->wish, &made, a->fault);
    if (err)
        return err;
    snprintf(id, sizeof id, "%llu", (unsigned long long)made.proposal);
    a->status = made.proposal ? 202 : made.again ? 200 : 201;
    a->answer =
        json_pack("{s:o, s:I, s:o, s:I}", "entry",
                  made.entry ? json_integer((json_int_t)made.entry) : json_null(), "moved",
                  (json_int_t)made.moved, "proposal", made.proposal ? json_string(id) : json_null(),
                  "imeis", (json_int_t)m->wish.count);
    return ERR_OK;
}

typedef enum err marks_fn(struct api *a, struct marks_api *m);

static enum err with_room(struct api *a, marks_fn *fn)
{
    struct marks_api *m = calloc(1, sizeof *m);
    enum err err = m ? fn(a, m) : ERR_MEMORY;
    free(m);
    return err;
}

static enum err preview_act(struct api *a)
{
    return with_room(a, preview);
}

static enum err suspend_it(struct api *a, struct marks_api *m)
{
    return act(a, m, false);
}

static enum err suspend_act(struct api *a)
{
    return with_room(a, suspend_it);
}

static enum err resume_it(struct api *a, struct marks_api *m)
{
    return act(a, m, true);
}

static enum err resume_act(struct api *a)
{
    return with_room(a, resume_it);
}

void portal_marks_preview(struct exchange *x)
{
    api_run(x, &(struct api_row){police, API_ACTS, preview_act});
}

void portal_suspend(struct exchange *x)
{
    api_run(x, &(struct api_row){police, API_ACTS, suspend_act});
}

void portal_resume(struct exchange *x)
{
    api_run(x, &(struct api_row){police, API_ACTS, resume_act});
}

/* ---- GET /api/v1/marks?mark=&standing=&after= ---- */

static json_t *row_json(struct registry *reg, const struct mark_row *row)
{
    json_t *one = mark_days(mark_kind_name(row->mark.kind), row->from, row->last);
    json_object_set_new(one, "imei", imei_json(row->mark.imei));
    json_object_set_new(one, "model", model_json(reg, row->mark.imei));
    json_object_set_new(one, "standing", json_boolean(row->standing));
    json_object_set_new(one, "now", state_json(reg, &row->now));
    entry_into(reg, &row->entry, one);
    return one;
}

static enum err read_filter(const struct api *a, struct mark_filter *out)
{
    struct buf mark = {0}, standing = {0}, after = {0};
    struct str text;
    enum err err = api_query(a, "mark", &mark, &text);
    if (!err && text.n)
        err = read_mark(text, &out->kind, a->fault);
    if (!err)
        err = api_query(a, "standing", &standing, &text);
    out->standing = !err && str_eq(text, STR("yes"));
    if (!err)
        err = api_query(a, "after", &after, &text);
    if (!err && text.n && !str_to_u64(text, INT64_MAX, &out->before)) {
        fault_field(a->fault, "after");
        err = fault_set(a->fault, ERR_USAGE, "a cursor of this list");
    }
    buf_release(&mark);
    buf_release(&standing);
    buf_release(&after);
    return err;
}

static enum err list_act(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct mark_row *rows = calloc(MARKS_PAGE, sizeof *rows);
    struct mark_filter filter = {0};
    struct mark_body body = {0};
    size_t n = 0;
    uint64_t next = 0;
    char cursor[24];
    enum err err = rows ? mark_body(reg, &a->visit->who, &body, a->fault) : ERR_MEMORY;
    if (!err)
        err = read_filter(a, &filter);
    if (!err)
        err = marks_list(reg, &body, &filter, rows, &n, &next, a->fault);
    if (!err) {
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, row_json(reg, &rows[i]));
        snprintf(cursor, sizeof cursor, "%llu", (unsigned long long)next);
        a->answer = api_page("marks", list, next ? json_string(cursor) : NULL);
        json_object_set_new(a->answer, "body", json_string(body.name));
        portal_note(a->visit, AUDIT_MARK_LOOK, body.party, 0, ERR_OK);
    }
    free(rows);
    return err;
}

void portal_marks(struct exchange *x)
{
    api_run(x, &(struct api_row){police, API_LOOKS, list_act});
}

/* ---- POST /api/v1/marks/find {imei} ---- */

static json_t *event_json(struct registry *reg, const struct mark_event *e)
{
    json_t *one = e->cleared ? json_pack("{s:s, s:n, s:n}", "mark", mark_kind_name(e->mark.kind),
                                         "from", "until")
                             : mark_days(mark_kind_name(e->mark.kind), e->mark.from, e->mark.last);
    json_object_set_new(one, "act", json_string(e->cleared ? "resume" : "suspend"));
    entry_into(reg, &e->entry, one);
    return one;
}

static enum err find_act(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct mark_event *events = calloc(MARKS_PAGE, sizeof *events);
    struct mark_body body;
    struct verdict v;
    struct facts f;
    struct str typed;
    struct imei imei;
    size_t n = 0;
    enum err err = events ? mark_body(reg, &a->visit->who, &body, a->fault) : ERR_MEMORY;
    if (!err)
        err = api_text(a, "imei", &typed);
    if (!err && (err = imei_parse_typed(typed, &imei))) {
        fault_field(a->fault, "imei");
        err = fault_set(a->fault, err, "14 to 16 digits, the check digit right");
    }
    if (!err)
        err = registry_check(reg, imei, &v, &f, a->fault);
    if (!err)
        err = marks_history(reg, &body, imei, events, &n, a->fault);
    if (!err) {
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, event_json(reg, &events[i]));
        a->answer = json_pack("{s:o, s:o, s:o, s:o, s:o}", "imei", imei_json(imei), "model",
                              model_json(reg, imei), "now", state_json(reg, &v), "marks",
                              own_marks(&f, body.party), "history", list);
        portal_note(a->visit, AUDIT_MARK_LOOK, body.party, imei.body, ERR_OK);
    }
    free(events);
    return err;
}

void portal_marks_find(struct exchange *x)
{
    api_run(x, &(struct api_row){police, API_ACTS, find_act});
}

/* ---- what waits for a second person ---- */

static enum err proposal_json(const struct api *a, const struct mark_body *body, uint64_t number,
                              json_t *out)
{
    struct registry *reg = a->visit->office.registry;
    struct imei imeis[MARKS_AT_ONCE];
    struct batch b;
    char id[24];
    size_t n;
    enum err err = marks_proposal(reg, body, number, &b, imeis, &n, a->fault);
    if (err)
        return err == ERR_NO_PROPOSAL ? ERR_OK : err; /* decided meanwhile */
    json_t *which = json_array();
    for (size_t i = 0; i < n && i < MARKS_AT_ONCE; i++)
        json_array_append_new(which, imei_json(imeis[i]));
    snprintf(id, sizeof id, "%llu", (unsigned long long)b.id);
    json_t *one = json_pack("{s:s, s:s, s:s, s:b, s:I, s:o}", "id", id, "act",
                            b.entry.event == EVENT_RESUMED ? "resume" : "suspend", "mark",
                            mark_kind_name(b.entry.ground), "own", b.actor == a->visit->who.party,
                            "count", (json_int_t)n, "imeis", which);
    b.entry.actor = b.actor;
    b.entry.time_ms = b.time_ms;
    entry_into(reg, &b.entry, one);
    json_array_append_new(out, one);
    return ERR_OK;
}

static enum err proposals_act(struct api *a)
{
    struct mark_body body;
    uint64_t ids[MARKS_PAGE];
    size_t n = 0;
    json_t *list = json_array();
    enum err err = mark_body(a->visit->office.registry, &a->visit->who, &body, a->fault);
    if (!err)
        err = marks_proposals(a->visit->office.registry, &body, ids, &n, a->fault);
    for (size_t i = 0; !err && i < n; i++)
        err = proposal_json(a, &body, ids[i], list);
    a->answer = json_pack("{s:o}", "proposals", list);
    return err;
}

void portal_marks_proposals(struct exchange *x)
{
    api_run(x, &(struct api_row){police, API_LOOKS, proposals_act});
}

static enum err settle(struct api *a, bool confirm)
{
    struct mark_body body;
    struct batch_result result = {0};
    uint64_t id;
    if (!str_to_u64(a->x->param, INT64_MAX, &id))
        return ERR_NO_PROPOSAL;
    enum err err = mark_body(a->visit->office.registry, &a->visit->who, &body, a->fault);
    if (!err)
        err = marks_settle(a->visit, &body, id, confirm, &result, a->fault);
    if (!err)
        a->answer = json_pack("{s:b, s:I}", "confirmed", confirm, "moved", (json_int_t)result.rows);
    return err;
}

static enum err confirm_act(struct api *a)
{
    return settle(a, true);
}

static enum err reject_act(struct api *a)
{
    return settle(a, false);
}

void portal_marks_confirm(struct exchange *x)
{
    api_run(x, &(struct api_row){police, API_CHANGES, confirm_act});
}

void portal_marks_reject(struct exchange *x)
{
    api_run(x, &(struct api_row){police, API_CHANGES, reject_act});
}
