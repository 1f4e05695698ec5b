/* SPDX-License-Identifier: Apache-2.0
 *
 * A mobile operator's page: IMEIs, typed or pasted, with the public code and since when; its API keys; the files that
 * were loaded in its name. */
#include <stdlib.h>

#include "face/form.h"
#include "face/page_answer.h"
#include "portal/cabinet.h"
#include "portal/operator.h"
#include "portal/screen_reports.h"
#include "portal/screen_marks.h"
#include "portal/screens.h"

static bool stand(struct exchange *x, bool changes, struct visit *v, struct str *name)
{
    if (!screen_visit(x, ROLE_BIT(ROLE_OPERATOR), changes, v))
        return false;
    enum err err = operator_name(v, name, &v->fault);
    if (!err)
        return true;
    apply_fail(x, v, err);
    portal_leave(v);
    return false;
}

static void heading(struct exchange *x, enum text says)
{
    html_put(x, "<h2>");
    html_say(x, says);
    html_put(x, "</h2>\n");
}

static void tell(struct exchange *x, enum text says)
{
    html_put(x, "<p>");
    html_say(x, says);
    html_put(x, "</p>\n");
}

static void day(struct exchange *x, daynum d)
{
    struct buf date = {0};
    text_date(&date, x->lang, d);
    html_text(x, (struct str){date.n ? (const char *)date.p : "", date.n});
    buf_release(&date);
}

static void number(struct exchange *x, uint64_t n)
{
    struct buf digits = {0};
    text_number(&digits, x->lang, n);
    html_text(x, (struct str){digits.n ? (const char *)digits.p : "", digits.n});
    buf_release(&digits);
}

/* ---- checks ---- */

static void check_form(struct exchange *x, const struct visit *v, struct str typed, enum err wrong)
{
    static const enum text hint = TEXT_MARKS_IMEIS_HINT;
    enum text why = TEXT_ERROR_HEADING;
    if (wrong && !text_find_parts(err_info(wrong)->text_id, NULL, NULL, &why))
        why = TEXT_ERROR_HEADING;
    heading(x, TEXT_OPERATOR_CHECK);
    if (wrong && *v->fault.value) {
        html_put(x, "<p class=\"error\" role=\"alert\">");
        html_say_with(x, TEXT_MARKS_WRONG_ONE, "code", str_z(v->fault.value));
        html_put(x, "</p>\n");
    }
    screen_form(x, v, "/operator/check", "ask");
    screen_field(x, &(struct screen_field){.name = "imeis",
                                           .attributes = "rows=\"4\" autocomplete=\"off\" "
                                                         "spellcheck=\"false\" class=\"digits\"",
                                           .label = TEXT_MARKS_IMEIS,
                                           .hint = &hint,
                                           .wrong = wrong ? &why : NULL,
                                           .value = typed,
                                           .lines = true});
    html_put(x, "<p class=\"ways\">");
    screen_button(x, TEXT_OPERATOR_CHECK_BUTTON);
    html_put(x, "</p>\n</form>\n");
}

static void checked(struct exchange *x, const struct visit *v, const struct operator_check *c)
{
    html_put(x, "<li>\n<h3>");
    page_imei(x, c->imei);
    html_put(x, "</h3>\n<p>");
    marks_say_model(x, v, c->imei);
    html_put(x, "</p>\n<dl>\n");
    marks_row(x, TEXT_MARKS_NOW);
    marks_say_state(x, &c->now);
    html_put(x, "<br>");
    html_say_key(x, "reason", reason_public(c->now.reason), "public");
    marks_row_end(x);
    marks_row(x, TEXT_OPERATOR_CODE);
    html_put(x, "<code>");
    html_put(x, reason_public(c->now.reason));
    html_put(x, "</code>");
    marks_row_end(x);
    if (c->since != DAYNUM_NONE) {
        marks_row(x, TEXT_OPERATOR_SINCE);
        day(x, c->since);
        marks_row_end(x);
    }
    html_put(x, "</dl>\n</li>\n");
}

/* ---- keys ---- */

static void key(struct exchange *x, const struct visit *v, const struct api_key *k)
{
    char id[API_KEY_ID_TEXT], scopes[API_KEY_SCOPES_TEXT];
    api_key_id_format(k->id, id);
    api_key_scopes_format(k->scopes, scopes);
    html_put(x, "<li>\n<h3>");
    html_text(x, str_z(k->name));
    html_put(x, "</h3>\n<dl>\n");
    marks_row(x, TEXT_OPERATOR_KEY_ID);
    html_put(x, "<code>");
    html_put(x, id);
    html_put(x, "</code>");
    marks_row_end(x);
    marks_row(x, TEXT_OPERATOR_KEY_SCOPES);
    html_put(x, "<code>");
    html_put(x, scopes);
    html_put(x, "</code>");
    marks_row_end(x);
    marks_row(x, TEXT_OPERATOR_KEY_EXPIRES);
    day(x, k->expires);
    marks_row_end(x);
    if (k->revoked_ms) {
        marks_row(x, TEXT_OPERATOR_KEY_REVOKED);
        screen_time(x, v, k->revoked_ms / 1000);
        marks_row_end(x);
    }
    html_put(x, "</dl>\n");
    if (!k->revoked_ms) {
        screen_form(x, v, "/operator/keys/revoke", "inline");
        buf_printf(x->out,
                   "<input type=\"hidden\" name=\"id\" value=\"%s\"><button class=\"second\">", id);
        html_say(x, TEXT_OPERATOR_KEY_REVOKE);
        buf_printf(x->out, "<span class=\"heard\"> %s</span></button>\n</form>\n", id);
    }
    html_put(x, "</li>\n");
}

static enum err keys(struct exchange *x, struct visit *v, struct str name)
{
    struct api_key *all = calloc(OPERATOR_KEYS, sizeof *all);
    size_t n = 0;
    enum err err = all ? operator_keys(v, name, all, &n, NULL) : ERR_MEMORY;
    heading(x, TEXT_OPERATOR_KEYS);
    if (!err && !n)
        tell(x, TEXT_OPERATOR_KEYS_NONE);
    html_put(x, n ? "<ul class=\"sessions\">\n" : "");
    for (size_t i = 0; i < n; i++)
        key(x, v, &all[i]);
    html_put(x, n ? "</ul>\n" : "");
    free(all);
    return err;
}

/* ---- files ---- */

static void files_table(struct exchange *x, const struct visit *v, const struct operator_files *f)
{
    html_put(x, "<table class=\"rows figures\">\n<caption>");
    html_say(x, TEXT_OPERATOR_LOADS);
    html_put(x, "</caption>\n<thead><tr><th scope=\"col\">");
    html_say(x, TEXT_OPERATOR_LOADED);
    html_put(x, "</th><th scope=\"col\">");
    html_say(x, TEXT_OPERATOR_ROWS);
    html_put(x, "</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < f->load_count; i++) {
        html_put(x, "<tr><th scope=\"row\">");
        screen_time(x, v, f->loads[i].time_ms / 1000);
        html_put(x, "</th><td>");
        number(x, f->loads[i].rows);
        html_put(x, "</td></tr>\n");
    }
    html_put(x, "</tbody>\n</table>\n");
}

static void findings_table(struct exchange *x, const struct operator_files *f)
{
    html_put(x, "<table class=\"rows figures\">\n<caption>");
    html_say(x, TEXT_OPERATOR_FINDINGS);
    html_put(x, "</caption>\n<thead><tr><th scope=\"col\">");
    html_say(x, TEXT_OPERATOR_CODE);
    html_put(x, "</th><th scope=\"col\">");
    html_say(x, TEXT_OPERATOR_ROWS);
    html_put(x, "</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < f->finding_count; i++) {
        html_put(x, "<tr><th scope=\"row\"><code>");
        html_text(x, str_z(f->findings[i].kind));
        html_put(x, "</code></th><td>");
        number(x, f->findings[i].count);
        html_put(x, "</td></tr>\n");
    }
    html_put(x, "</tbody>\n</table>\n");
}

static enum err files(struct exchange *x, struct visit *v, struct str name)
{
    struct operator_files *f = calloc(1, sizeof *f);
    enum err err = f ? operator_files(v, name, f, NULL) : ERR_MEMORY;
    heading(x, TEXT_OPERATOR_FILES);
    if (!err && !f->load_count)
        tell(x, TEXT_OPERATOR_FILES_NONE);
    if (!err && f->load_count)
        files_table(x, v, f);
    if (!err && f->finding_count)
        findings_table(x, f);
    free(f);
    return err;
}

/* ---- the page ---- */

static void begin(struct exchange *x, const struct visit *v, struct str name)
{
    screen_begin(x, v, TEXT_OPERATOR_HEADING, "/operator");
    html_put(x, "<h1>");
    html_say(x, TEXT_OPERATOR_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_text(x, screen_body(x, name));
    html_put(x, "</p>\n<p class=\"ways\">");
    reports_link(x, name, TEXT_REPORTS_OWN);
    html_put(x, "</p>\n");
}

static void done(struct exchange *x)
{
    struct buf said = {0};
    bool found;
    if (form_value(x->query, "done", &said, &found) || !found)
        buf_clear(&said);
    if (str_eq((struct str){said.n ? (const char *)said.p : "", said.n}, STR("revoked"))) {
        html_put(x, "<div class=\"done\" role=\"status\">\n<p><strong>");
        html_say(x, TEXT_OPERATOR_KEY_DONE);
        html_put(x, "</strong></p>\n</div>\n");
    }
    buf_release(&said);
}

void screen_operator(struct exchange *x)
{
    struct visit v;
    struct str name;
    if (!stand(x, false, &v, &name))
        return;
    begin(x, &v, name);
    done(x);
    html_put(x, "<p><a href=\"");
    html_url(x, "/operator/lookup");
    html_put(x, "\">");
    html_say(x, TEXT_LOOKUP_HEADING);
    html_put(x, "</a></p>\n");
    check_form(x, &v, STR(""), ERR_OK);
    enum err err = keys(x, &v, name);
    if (!err)
        err = files(x, &v, name);
    if (err)
        apply_fail(x, &v, err);
    else
        screen_end(x);
    portal_leave(&v);
}

static enum err check(struct exchange *x, struct visit *v, struct str name, struct str typed)
{
    struct operator_check *all = calloc(MARKS_AT_ONCE, sizeof *all);
    struct imei imeis[MARKS_AT_ONCE];
    size_t n = 0;
    enum err err = all ? ERR_OK : ERR_MEMORY;
    enum err wrong = err ? ERR_OK : marks_read_imeis(typed, imeis, &n, &v->fault);
    if (!err && !wrong && !n)
        wrong = ERR_IMEI_FORM;
    if (!err && !wrong)
        err = operator_checks(v, imeis, n, all, &v->fault);
    if (!err) {
        begin(x, v, name);
        if (!wrong) {
            html_put(x, "<h2>");
            html_say_count(x, TEXT_MARKS_N_IMEIS, n);
            html_put(x, "</h2>\n<ul class=\"sessions\">\n");
        }
        for (size_t i = 0; !wrong && i < n; i++)
            checked(x, v, &all[i]);
        html_put(x, wrong ? "" : "</ul>\n");
        check_form(x, v, wrong ? typed : STR(""), wrong);
        x->response->status = !wrong ? 200 : wrong == ERR_TOO_MANY ? 413 : 400;
        screen_end(x);
    }
    free(all);
    return err;
}

void screen_operator_check(struct exchange *x)
{
    struct visit v;
    struct str name;
    struct buf text = {0};
    if (!stand(x, true, &v, &name))
        return;
    enum err err = screen_value(x, "imeis", &text);
    if (!err)
        err =
            check(x, &v, name, str_trim((struct str){text.n ? (const char *)text.p : "", text.n}));
    if (err)
        apply_fail(x, &v, err);
    buf_release(&text);
    portal_leave(&v);
}

void screen_operator_revoke(struct exchange *x)
{
    struct visit v;
    struct str name;
    struct api_key revoked;
    struct buf id = {0};
    if (!stand(x, true, &v, &name))
        return;
    enum err err = screen_value(x, "id", &id);
    if (!err)
        err = operator_key_revoke(&v, name, (struct str){id.n ? (const char *)id.p : "", id.n},
                                  &revoked, &v.fault);
    if (err)
        apply_fail(x, &v, err == ERR_KEY ? ERR_NOT_FOUND : err);
    else
        screen_go(x, "/operator?done=revoked");
    buf_release(&id);
    portal_leave(&v);
}
