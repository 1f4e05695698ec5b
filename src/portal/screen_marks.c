/* SPDX-License-Identifier: Apache-2.0
 *
 * A body's first page: what waits for a second officer and what either says to it, the search for one IMEI, its marks. */
#include "portal/screen_marks.h"

#include <stdlib.h>

#include "face/form.h"
#include "face/page_answer.h"
#include "portal/cabinet.h"
#include "portal/screens.h"

enum { SHOWN = 5 }; /* IMEIs of a proposal; of more it is said how many */

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
    marks_entry_rows(x, v, &b.entry);
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
        marks_tell(x, TEXT_MARKS_OWN_PROPOSAL);
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
    marks_heading(x, TEXT_MARKS_WAITING);
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
    marks_heading(x, TEXT_MARKS_LIST);
    filter_form(x, body, f);
    if (!err && !n)
        marks_tell(x, TEXT_MARKS_NONE);
    html_put(x, n ? "<ol class=\"queue\">\n" : "");
    for (size_t i = 0; !err && i < n; i++)
        row(x, v, &rows[i]);
    html_put(x, n ? "</ol>\n" : "");
    next_page(x, f, err ? 0 : next);
    free(rows);
    return err;
}

/* ---- the first page ---- */

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
    marks_heading(x, TEXT_MARKS_ONE);
    marks_find_form(x, v, STR(""), NULL);
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
