/* SPDX-License-Identifier: Apache-2.0
 *
 * A body's first page: what waits for a second officer, its marks, one IMEI. An IMEI stands in no address: it is
 * sought by a form. */
#include "portal/screen_marks.h"

#include <stdlib.h>

#include "face/form.h"
#include "face/page_answer.h"
#include "portal/cabinet.h"
#include "portal/screens.h"

enum { SHOWN = 5 }; /* IMEIs of a proposal; of more it is said how many */

bool marks_stand(struct exchange *x, bool changes, struct visit *v, struct mark_body *body)
{
    if (!screen_visit(x, ROLE_BIT(ROLE_POLICE), changes, v))
        return false;
    enum err err = mark_body(v->office.registry, &v->who, body, &v->fault);
    if (!err)
        return true;
    apply_fail(x, v, err);
    portal_leave(v);
    return false;
}

/* ---- words ---- */

void marks_say_kind(struct exchange *x, uint8_t kind)
{
    html_say_key(x, "marks.kind", mark_kind_name(kind), NULL);
}

void marks_say_state(struct exchange *x, const struct verdict *v)
{
    const char *list = list_name(reason_list(v->reason));
    html_put(x, "<span class=\"expect ");
    html_put(x, list);
    html_put(x, "\">");
    html_sign(x, list);
    html_say_key(x, "list", list, "title");
    html_put(x, "</span>");
}

void marks_say_days(struct exchange *x, daynum from, daynum last)
{
    struct buf date = {0};
    html_say_day(x, TEXT_MARKS_SINCE, from);
    html_put(x, ", ");
    if (last == DAYNUM_OPEN)
        html_say(x, TEXT_MARKS_OPEN);
    else
        text_date_through(&date, x->lang, last);
    html_text(x, (struct str){date.n ? (const char *)date.p : "", date.n});
    buf_release(&date);
}

void marks_say_model(struct exchange *x, const struct visit *v, struct imei imei)
{
    struct tac_info info;
    if (!tac_find(v->office.registry->tac, imei_tac(imei), &info))
        return;
    html_text(x, info.brand);
    html_put(x, " ");
    html_text(x, info.model);
}

void marks_row(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

void marks_row_end(struct exchange *x)
{
    html_put(x, "</dd></div>\n");
}

static void tell(struct exchange *x, enum text says)
{
    html_put(x, "<p>");
    html_say(x, says);
    html_put(x, "</p>\n");
}

static void heading(struct exchange *x, enum text says)
{
    html_put(x, "<h2>");
    html_say(x, says);
    html_put(x, "</h2>\n");
}

/* Order, who, when. */
static void entry_rows(struct exchange *x, const struct visit *v, const struct entry *e)
{
    char name[LIMIT_NAME + 1];
    marks_name(v->office.registry, e->actor, name);
    marks_row(x, TEXT_MARKS_ORDER);
    html_text(x, (struct str){e->document, e->document_n});
    marks_row_end(x);
    marks_row(x, TEXT_MARKS_BY);
    html_text(x, str_z(name));
    html_put(x, *name ? ", " : "");
    screen_time(x, v, e->time_ms / 1000);
    marks_row_end(x);
}

/* ---- what waits for a second officer ---- */

static void settle_button(struct exchange *x, const struct visit *v, uint64_t id, const char *act,
                          const char *class_, enum text says)
{
    char path[64];
    snprintf(path, sizeof path, "/marks/proposals/%llu/%s", (unsigned long long)id, act);
    screen_form(x, v, path, "inline");
    html_put(x, "<button class=\"");
    html_put(x, class_);
    html_put(x, "\">");
    html_say(x, says);
    buf_printf(x->out, "<span class=\"heard\"> %llu</span></button>\n</form>\n",
               (unsigned long long)id);
}

static enum err proposal(struct exchange *x, const struct visit *v, const struct mark_body *body,
                         uint64_t id)
{
    struct imei imeis[MARKS_AT_ONCE];
    struct batch b;
    size_t n = 0;
    enum err err = marks_proposal(v->office.registry, body, id, &b, imeis, &n, NULL);
    if (err)
        return err == ERR_NO_PROPOSAL ? ERR_OK : err; /* decided meanwhile */
    html_put(x, "<li>\n<h3>");
    html_say(x, b.entry.event == EVENT_RESUMED ? TEXT_MARKS_RESUME : TEXT_MARKS_SHORTEN);
    html_put(x, ": ");
    marks_say_kind(x, b.entry.ground);
    html_put(x, "</h3>\n<dl>\n");
    b.entry.actor = b.actor;
    b.entry.time_ms = b.time_ms;
    entry_rows(x, v, &b.entry);
    marks_row(x, TEXT_MARKS_IMEIS);
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        html_put(x, i ? "<br>" : "");
        page_imei(x, imeis[i]);
    }
    if (n > SHOWN) {
        html_put(x, "<br>");
        html_say_count(x, TEXT_MARKS_MORE_IMEIS, n - SHOWN);
    }
    marks_row_end(x);
    html_put(x, "</dl>\n");
    if (b.actor == v->who.party)
        tell(x, TEXT_MARKS_OWN_PROPOSAL);
    html_put(x, "<div class=\"ways\">\n");
    if (b.actor != v->who.party)
        settle_button(x, v, id, "confirm", "main", TEXT_MARKS_CONFIRM);
    settle_button(x, v, id, "reject", "second", TEXT_MARKS_REJECT);
    html_put(x, "</div>\n</li>\n");
    return ERR_OK;
}

static enum err proposals(struct exchange *x, const struct visit *v, const struct mark_body *body)
{
    uint64_t ids[MARKS_PAGE];
    size_t n = 0;
    enum err err = marks_proposals(v->office.registry, body, ids, &n, NULL);
    if (err || !n)
        return err;
    heading(x, TEXT_MARKS_WAITING);
    html_put(x, "<ul class=\"sessions\">\n");
    for (size_t i = 0; !err && i < n; i++)
        err = proposal(x, v, body, ids[i]);
    html_put(x, "</ul>\n");
    return err;
}

/* ---- the list ---- */

static enum err read_filter(const struct exchange *x, struct mark_filter *out)
{
    struct buf text = {0};
    bool found = false;
    enum err err = form_value(x->query, "mark", &text, &found);
    if (!err && text.n && !mark_kind_find((struct str){(const char *)text.p, text.n}, &out->kind))
        err = ERR_USAGE;
    buf_clear(&text);
    if (!err)
        err = form_value(x->query, "standing", &text, &found);
    out->standing =
        !err && str_eq((struct str){text.n ? (const char *)text.p : "", text.n}, STR("yes"));
    buf_clear(&text);
    if (!err)
        err = form_value(x->query, "after", &text, &found);
    if (!err && text.n &&
        !str_to_u64((struct str){(const char *)text.p, text.n}, INT64_MAX, &out->before))
        err = ERR_USAGE;
    buf_release(&text);
    return err;
}

static void choice(struct exchange *x, const char *value, bool chosen)
{
    buf_printf(x->out, "<option value=\"%s\"%s>", value, chosen ? " selected" : "");
}

static void filter_form(struct exchange *x, const struct mark_body *body,
                        const struct mark_filter *f)
{
    html_put(x, "<form class=\"filter\" method=\"get\" action=\"/marks\" aria-label=\"");
    html_say(x, TEXT_DESK_FILTER);
    html_put(x, "\">\n");
    if (x->lang_asked)
        buf_printf(x->out, "<input type=\"hidden\" name=\"lang\" value=\"%s\">\n",
                   lang_code(x->lang));
    html_put(x, "<label for=\"mark\">");
    html_say(x, TEXT_MARKS_MARK);
    html_put(x, "</label>\n<select id=\"mark\" name=\"mark\">\n");
    choice(x, "", !f->kind);
    html_say(x, TEXT_MARKS_ANY);
    html_put(x, "</option>\n");
    for (uint8_t kind = MARK_STOLEN; kind <= MARK_PENITENTIARY; kind++) {
        if (!(body->marks >> kind & 1))
            continue;
        choice(x, mark_kind_name(kind), f->kind == kind);
        marks_say_kind(x, kind);
        html_put(x, "</option>\n");
    }
    html_put(x, "</select>\n<label for=\"standing\">");
    html_say(x, TEXT_MARKS_STATE);
    html_put(x, "</label>\n<select id=\"standing\" name=\"standing\">\n");
    choice(x, "", !f->standing);
    html_say(x, TEXT_MARKS_ALL);
    html_put(x, "</option>\n");
    choice(x, "yes", f->standing);
    html_say(x, TEXT_MARKS_STANDING);
    html_put(x, "</option>\n</select>\n<button class=\"second\">");
    html_say(x, TEXT_DESK_FILTER_SHOW);
    html_put(x, "</button>\n</form>\n");
}

static void row(struct exchange *x, const struct visit *v, const struct mark_row *r)
{
    char digits[IMEI_TEXT15];
    imei_format15(r->mark.imei, digits);
    html_put(x, "<li><span class=\"number\">");
    page_imei(x, r->mark.imei);
    html_put(x, "</span><span class=\"what\">");
    marks_say_kind(x, r->mark.kind);
    html_put(x, "<br>");
    html_text(x, (struct str){r->entry.document, r->entry.document_n});
    html_put(x, "</span><span class=\"when\">");
    if (r->from != DAYNUM_NONE) /* cleared since the list was read */
        marks_say_days(x, r->from, r->last);
    html_put(x, "</span><span class=\"whom\">");
    if (r->standing)
        marks_say_state(x, &r->now);
    else
        html_say(x, TEXT_MARKS_OVER);
    html_put(x, "</span><span class=\"marks\">");
    screen_form(x, v, "/marks/find", "inline");
    buf_printf(x->out, "<input type=\"hidden\" name=\"imei\" value=\"%s\"><button class=\"link\">",
               digits);
    html_say(x, TEXT_MARKS_HISTORY);
    buf_printf(x->out, "<span class=\"heard\"> %s</span></button>\n</form></span></li>\n", digits);
}

static void next_page(struct exchange *x, const struct mark_filter *f, uint64_t next)
{
    if (!next)
        return;
    buf_printf(x->out,
               "<p class=\"ways\"><a rel=\"next\" "
               "href=\"/marks?mark=%s&amp;standing=%s&amp;after=%llu%s%s\">",
               f->kind ? mark_kind_name(f->kind) : "", f->standing ? "yes" : "",
               (unsigned long long)next, x->lang_asked ? "&amp;lang=" : "",
               x->lang_asked ? lang_code(x->lang) : "");
    html_say(x, TEXT_DESK_MORE);
    html_put(x, "</a></p>\n");
}

static enum err list(struct exchange *x, const struct visit *v, const struct mark_body *body,
                     const struct mark_filter *f)
{
    struct mark_row *rows = calloc(MARKS_PAGE, sizeof *rows);
    uint64_t next = 0;
    size_t n = 0;
    enum err err =
        rows ? marks_list(v->office.registry, body, f, rows, &n, &next, NULL) : ERR_MEMORY;
    heading(x, TEXT_MARKS_LIST);
    filter_form(x, body, f);
    if (!err && !n)
        tell(x, TEXT_MARKS_NONE);
    html_put(x, n ? "<ol class=\"queue\">\n" : "");
    for (size_t i = 0; !err && i < n; i++)
        row(x, v, &rows[i]);
    html_put(x, n ? "</ol>\n" : "");
    next_page(x, f, err ? 0 : next);
    free(rows);
    return err;
}

/* ---- the first page ---- */

static void find_form(struct exchange *x, const struct visit *v, struct str typed,
                      const enum text *wrong)
{
    screen_form(x, v, "/marks/find", "ask");
    screen_field(x, &(struct screen_field){.name = "imei",
                                           .attributes = "inputmode=\"numeric\" "
                                                         "autocomplete=\"off\" maxlength=\"64\" "
                                                         "class=\"digits\"",
                                           .label = TEXT_MARKS_FIND,
                                           .wrong = wrong,
                                           .value = typed});
    html_put(x, "<p class=\"ways\"><button class=\"second\">");
    html_say(x, TEXT_MARKS_FIND_BUTTON);
    html_put(x, "</button></p>\n</form>\n");
}

static void done(struct exchange *x)
{
    static const char *const words[] = {"suspended", "resumed", "proposed", "confirmed",
                                        "rejected"};
    struct buf said = {0};
    bool found;
    if (form_value(x->query, "done", &said, &found) || !found)
        buf_clear(&said);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!str_eq((struct str){said.n ? (const char *)said.p : "", said.n}, str_z(words[i])))
            continue;
        html_put(x, "<div class=\"done\" role=\"status\">\n<p><strong>");
        html_say_key(x, "marks.done", words[i], NULL);
        html_put(x, "</strong></p>\n</div>\n");
    }
    buf_release(&said);
}

static void home(struct exchange *x, struct visit *v, const struct mark_body *body,
                 const struct mark_filter *f)
{
    screen_begin(x, v, TEXT_MARKS_HEADING, "/marks");
    html_put(x, "<div class=\"desk\">\n<h1>");
    html_say(x, TEXT_MARKS_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say_with(x, TEXT_MARKS_BODY, "name", screen_body(x, str_z(body->name)));
    html_put(x, "</p>\n");
    done(x);
    html_put(x, "<ul class=\"options\">\n<li>");
    cabinet_link(x, "", "/marks/suspend", TEXT_MARKS_SUSPEND);
    html_put(x, "</li>\n<li>");
    cabinet_link(x, "", "/marks/resume", TEXT_MARKS_RESUME);
    html_put(x, "</li>\n</ul>\n");
    enum err err = proposals(x, v, body);
    heading(x, TEXT_MARKS_ONE);
    find_form(x, v, STR(""), NULL);
    if (!err)
        err = list(x, v, body, f);
    html_put(x, "</div>\n");
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}

void screen_marks(struct exchange *x)
{
    struct visit v;
    struct mark_body body;
    struct mark_filter filter = {0};
    if (!marks_stand(x, false, &v, &body))
        return;
    enum err err = read_filter(x, &filter);
    if (err)
        screen_fail(x, err);
    else
        home(x, &v, &body, &filter);
    if (!err)
        portal_note(&v, AUDIT_MARK_LOOK, body.party, 0, ERR_OK);
    portal_leave(&v);
}

/* ---- one IMEI ---- */

static void event(struct exchange *x, const struct visit *v, const struct mark_event *e)
{
    html_put(x, "<li>\n<h3>");
    html_say(x, e->cleared ? TEXT_MARKS_RESUMED : TEXT_MARKS_SUSPENDED);
    html_put(x, ": ");
    marks_say_kind(x, e->mark.kind);
    html_put(x, "</h3>\n<dl>\n");
    if (!e->cleared) {
        marks_row(x, TEXT_MARKS_DAYS);
        marks_say_days(x, e->mark.from, e->mark.last);
        marks_row_end(x);
    }
    entry_rows(x, v, &e->entry);
    html_put(x, "</dl>\n</li>\n");
}

/* How everybody hears of it, in the rows of the public answer. */
static void state_now(struct exchange *x, const struct visit *v, struct imei imei,
                      const struct verdict *now)
{
    const char *look = list_name(reason_list(now->reason));
    html_put(x, "<article class=\"answer ");
    html_put(x, look);
    html_put(x, "\">\n<header>");
    html_sign(x, look);
    html_put(x, "<div><h2>");
    html_say_key(x, "list", look, "title");
    html_put(x, "</h2><p>");
    html_say_key(x, "list", look, "meaning");
    html_put(x, "</p></div></header>\n<dl>\n");
    marks_row(x, TEXT_FIELD_IMEI);
    page_imei(x, imei);
    marks_row_end(x);
    marks_row(x, TEXT_FIELD_REASON);
    html_say_key(x, "reason", reason_public(now->reason), "public");
    marks_row_end(x);
    struct tac_info info;
    if (tac_find(v->office.registry->tac, imei_tac(imei), &info)) {
        marks_row(x, TEXT_FIELD_MODEL);
        marks_say_model(x, v, imei);
        marks_row_end(x);
    }
    html_put(x, "</dl>\n</article>\n");
}

static void one(struct exchange *x, struct visit *v, const struct mark_body *body, struct imei imei,
                const struct verdict *now)
{
    struct mark_event *events = calloc(MARKS_PAGE, sizeof *events);
    size_t n = 0;
    enum err err =
        events ? marks_history(v->office.registry, body, imei, events, &n, NULL) : ERR_MEMORY;
    state_now(x, v, imei, now);
    heading(x, TEXT_MARKS_OURS);
    if (!err && !n)
        tell(x, TEXT_MARKS_OURS_NONE);
    html_put(x, n ? "<ul class=\"sessions\">\n" : "");
    for (size_t i = 0; !err && i < n; i++)
        event(x, v, &events[i]);
    html_put(x, n ? "</ul>\n" : "");
    free(events);
    if (err)
        apply_fail(x, v, err);
}

static void found(struct exchange *x, struct visit *v, const struct mark_body *body,
                  struct str typed)
{
    struct imei imei = {0};
    struct verdict now = {0};
    enum text why = TEXT_ERROR_HEADING;
    enum err wrong = imei_parse_typed(typed, &imei), err = ERR_OK;
    if (wrong && !text_find_parts(err_info(wrong)->text_id, NULL, NULL, &why))
        why = TEXT_ERROR_HEADING;
    if (!wrong)
        err = registry_check(v->office.registry, imei, &now, NULL, NULL);
    if (err) {
        apply_fail(x, v, err);
        return;
    }
    screen_begin(x, v, TEXT_MARKS_ONE, "/marks");
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/marks", TEXT_MARKS_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_MARKS_ONE);
    html_put(x, "</h1>\n");
    size_t whole = x->out->n;
    if (!wrong) {
        portal_note(v, AUDIT_MARK_LOOK, body->party, imei.body, ERR_OK);
        one(x, v, body, imei, &now);
    }
    if (x->out->n < whole)
        return; /* it failed, and is answered */
    x->response->status = wrong ? 400 : 200;
    find_form(x, v, wrong ? typed : STR(""), wrong ? &why : NULL);
    screen_end(x);
}

void screen_marks_find(struct exchange *x)
{
    struct visit v;
    struct mark_body body;
    struct buf typed = {0};
    if (!marks_stand(x, true, &v, &body))
        return;
    enum err err = screen_value(x, "imei", &typed);
    if (err)
        screen_fail(x, err);
    else
        found(x, &v, &body, str_trim((struct str){typed.n ? (const char *)typed.p : "", typed.n}));
    buf_release(&typed);
    portal_leave(&v);
}

/* ---- what waits: confirmed, rejected ---- */

static void settle(struct exchange *x, bool confirm)
{
    struct visit v;
    struct mark_body body;
    struct batch_result result;
    uint64_t id;
    if (!marks_stand(x, true, &v, &body))
        return;
    enum err err = str_to_u64(x->param, INT64_MAX, &id) ? ERR_OK : ERR_NO_PROPOSAL;
    if (!err)
        err = marks_settle(&v, &body, id, confirm, &result, &v.fault);
    if (err)
        apply_fail(x, &v, err);
    else
        screen_go(x, confirm ? "/marks?done=confirmed" : "/marks?done=rejected");
    portal_leave(&v);
}

void screen_marks_confirm(struct exchange *x)
{
    settle(x, true);
}

void screen_marks_reject(struct exchange *x)
{
    settle(x, false);
}
