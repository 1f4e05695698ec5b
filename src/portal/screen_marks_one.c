/* SPDX-License-Identifier: Apache-2.0
 *
 * One IMEI to a body: how everybody hears of it now, and what the body did with it. It stands in no address: a form
 * brings it. */
#include <stdlib.h>

#include "face/page_answer.h"
#include "portal/cabinet.h"
#include "portal/screen_marks.h"
#include "portal/screens.h"

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
    marks_entry_rows(x, v, &e->entry);
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
    marks_heading(x, TEXT_MARKS_OURS);
    if (!err && !n)
        marks_tell(x, TEXT_MARKS_OURS_NONE);
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
    marks_find_form(x, v, wrong ? typed : STR(""), wrong ? &why : NULL);
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
