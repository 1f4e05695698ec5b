/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports on operators by page: how old the lists are by which each refuses, how many black phones he saw after he had applied
 * them, by day, and what his data are worth. The register's staff and the ministry see all, an operator's people their own. */
#include "portal/screen_reports.h"

#include <stdlib.h>

#include "app/lists_desk.h"
#include "face/page_answer.h"
#include "portal/reports_worker.h"
#include "portal/screen_marks.h"
#include "portal/screens.h"
#include "seen/quality.h"

enum { PATH = 3 * LIMIT_NAME + 64, ROWS_SHOWN = 20, WEEKS_SHOWN_DAYS = 14 };

static const uint32_t staff =
    ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_MINISTRY) | ROLE_BIT(ROLE_ADMIN);

/* ---- what the pages share ---- */

void reports_heading(struct exchange *x, enum text says)
{
    html_put(x, "<h2>");
    html_say(x, says);
    html_put(x, "</h2>\n");
}

void reports_tell(struct exchange *x, enum text says)
{
    html_put(x, "<p>");
    html_say(x, says);
    html_put(x, "</p>\n");
}

void reports_number(struct exchange *x, uint64_t n)
{
    struct buf digits = {0};
    text_number(&digits, x->lang, n);
    html_text(x, (struct str){digits.n ? (const char *)digits.p : "", digits.n});
    buf_release(&digits);
}

void reports_day(struct exchange *x, daynum day)
{
    struct buf date = {0};
    if (day != DAYNUM_NONE)
        text_date(&date, x->lang, day);
    html_text(x, (struct str){date.n ? (const char *)date.p : "", date.n});
    buf_release(&date);
}

void reports_table(struct exchange *x, enum text caption, const enum text *columns, size_t n)
{
    html_put(x, "<table class=\"rows figures\">\n<caption>");
    html_say(x, caption);
    html_put(x, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < n; i++) {
        html_put(x, "<th scope=\"col\">");
        html_say(x, columns[i]);
        html_put(x, "</th>");
    }
    html_put(x, "</tr></thead>\n<tbody>\n");
}

void reports_table_end(struct exchange *x)
{
    html_put(x, "</tbody>\n</table>\n");
}

/* "/operators/Altel%20KZ" and what follows (RFC 3986 2.1). */
static void path_of(struct str name, const char *before, const char *after, char out[PATH])
{
    struct buf path = {0};
    buf_str(&path, str_z(before));
    for (size_t i = 0; i < name.n; i++) {
        const uint8_t c = (uint8_t)name.p[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain)
            buf_put(&path, &c, 1);
        else
            buf_printf(&path, "%%%02X", (unsigned)c);
    }
    buf_str(&path, str_z(after));
    str_copy(out, PATH, (struct str){path.n ? (const char *)path.p : "", path.n});
    buf_release(&path);
}

void reports_link(struct exchange *x, struct str name, enum text says)
{
    char path[PATH];
    path_of(name, "/operators/", "", path);
    cabinet_link(x, "", path, says);
}

/* ---- lists ---- */

static void age(struct exchange *x, int64_t seconds)
{
    char h[24], m[24];
    struct buf text = {0};
    snprintf(h, sizeof h, "%lld", (long long)(seconds / 3600));
    snprintf(m, sizeof m, "%lld", (long long)(seconds / 60 % 60));
    const struct text_var vars[] = {{"h", str_z(h)}, {"m", str_z(m)}};
    text_format(&text, text_get(x->lang, TEXT_DESK_TIME), vars, 2);
    html_text(x, (struct str){text.n ? (const char *)text.p : "", text.n});
    buf_release(&text);
}

static void standing(struct exchange *x, const struct visit *v, const struct lists_standing *s)
{
    const bool late = s->age_s >= LISTS_LATE_S;
    html_put(x, "<dl>\n");
    marks_row(x, TEXT_REPORTS_LIST);
    html_say_key(x, "reports", "list", lists_kind_name(s->receipt.list));
    marks_row_end(x);
    marks_row(x, TEXT_REPORTS_APPLIED);
    reports_number(x, s->receipt.place.next_seq - 1);
    marks_row_end(x);
    marks_row(x, TEXT_REPORTS_APPLIED_AT);
    screen_time(x, v, s->receipt.at_ms / 1000);
    marks_row_end(x);
    marks_row(x, TEXT_REPORTS_WAITING);
    reports_number(x, s->waiting);
    marks_row_end(x);
    if (s->waiting) {
        marks_row(x, TEXT_REPORTS_AGE);
        age(x, s->age_s);
        marks_row_end(x);
    }
    marks_row(x, TEXT_MINISTRY_STATE);
    html_put(x, late ? "<span class=\"expect black\">" : "<span class=\"expect white\">");
    html_sign(x, late ? "black" : "white");
    html_say(x, late ? TEXT_REPORTS_LATE : TEXT_REPORTS_IN_TIME);
    html_put(x, "</span>");
    marks_row_end(x);
    html_put(x, "</dl>\n");
}

struct standings {
    struct lists_standing *all;
    size_t n;
};

static enum err take_standings(const struct exchange *x, struct standings *out)
{
    struct lists_desk *desk = service_lists(x->site->service);
    out->all = calloc(LISTS_DESK_OPERATORS, sizeof *out->all);
    out->n = desk && out->all ? lists_desk_standings(desk, out->all, LISTS_DESK_OPERATORS) : 0;
    return out->all ? ERR_OK : ERR_MEMORY;
}

static void standings_of(struct exchange *x, const struct visit *v, const struct standings *s,
                         struct str name)
{
    size_t told = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!str_eq(str_z(s->all[i].receipt.operator_name), name))
            continue;
        standing(x, v, &s->all[i]);
        told++;
    }
    if (!told)
        reports_tell(x, TEXT_REPORTS_NO_RECEIPT);
}

/* ---- violations ---- */

static void violations_short(struct exchange *x, const struct reports_operator *o)
{
    html_put(x, "<dl>\n");
    marks_row(x, TEXT_REPORTS_VIOLATIONS);
    if (!o || o->found.from == DAYNUM_NONE)
        html_say(x, TEXT_REPORTS_NOT_TOLD);
    else
        reports_number(x, o->imeis);
    marks_row_end(x);
    if (o && o->oldest != DAYNUM_NONE) {
        marks_row(x, TEXT_REPORTS_OLDEST);
        reports_day(x, o->oldest);
        marks_row_end(x);
    }
    html_put(x, "</dl>\n");
}

static void violation_rows(struct exchange *x, const struct lists_violations *found)
{
    html_put(x, "<h3>");
    html_say(x, TEXT_REPORTS_PHONES);
    html_put(x, "</h3>\n<ul class=\"sessions\">\n");
    for (size_t i = 0; i < found->count && i < ROWS_SHOWN; i++) {
        html_put(x, "<li>\n<h4>");
        page_imei(x, found->rows[i].imei);
        html_put(x, "</h4>\n<dl>\n");
        marks_row(x, TEXT_OPERATOR_CODE);
        html_put(x, "<code>");
        html_put(x, reason_public(found->rows[i].is.reason));
        html_put(x, "</code>");
        marks_row_end(x);
        marks_row(x, TEXT_REPORTS_DAYS);
        reports_number(x, found->rows[i].days);
        marks_row_end(x);
        html_put(x, "</dl>\n</li>\n");
    }
    html_put(x, "</ul>\n");
}

static void violations(struct exchange *x, const struct reports_operator *o, struct str name)
{
    static const enum text columns[] = {TEXT_REPORTS_DAY, TEXT_REPORTS_IMEIS};
    char path[PATH];
    reports_heading(x, TEXT_REPORTS_VIOLATIONS);
    violations_short(x, o);
    if (!o || !o->found.count)
        return;
    reports_table(x, TEXT_REPORTS_BY_DAY, columns, 2);
    for (size_t i = o->found.day_count; i-- > 0;) {
        html_put(x, "<tr><th scope=\"row\">");
        reports_day(x, o->found.days[i].day);
        html_put(x, "</th><td>");
        reports_number(x, o->found.days[i].imeis);
        html_put(x, "</td></tr>\n");
    }
    reports_table_end(x);
    violation_rows(x, &o->found);
    path_of(name, "/api/v1/operators/", "/violations.csv", path);
    html_put(x, "<p class=\"ways\"><a download href=\"");
    html_put(x, path);
    html_put(x, "\">");
    html_say(x, TEXT_REPORTS_TABLE);
    html_put(x, "</a></p>\n");
}

/* ---- quality ---- */

static void percent(struct exchange *x, uint64_t of_10000)
{
    char text[24];
    snprintf(text, sizeof text, "%llu%c%02llu %%", (unsigned long long)(of_10000 / 100),
             x->lang == LANG_EN ? '.' : ',', (unsigned long long)(of_10000 % 100));
    html_text(x, str_z(text));
}

static void level(struct exchange *x, enum text says, const struct quality_level *l)
{
    html_put(x, "<tr><th scope=\"row\">");
    html_say(x, says);
    html_put(x, "</th><td>");
    reports_number(x, l->rows);
    html_put(x, "</td><td>");
    percent(x, l->bad_share);
    html_put(x, "</td></tr>\n");
}

static void quality_days(struct exchange *x, const struct quality *q)
{
    static const enum text columns[] = {TEXT_REPORTS_DAY, TEXT_OPERATOR_ROWS,
                                        TEXT_REPORTS_SET_ASIDE};
    reports_table(x, TEXT_REPORTS_LATEST_DAYS, columns, 3);
    for (size_t i = q->count, shown = 0; i-- > 0 && shown < WEEKS_SHOWN_DAYS; shown++) {
        html_put(x, "<tr><th scope=\"row\">");
        reports_day(x, q->days[i].day);
        html_put(x, "</th><td>");
        reports_number(x, quality_rows(&q->days[i].report));
        html_put(x, "</td><td>");
        reports_number(x, quality_bad(&q->days[i].report));
        html_put(x, "</td></tr>\n");
    }
    reports_table_end(x);
}

static void quality_reasons(struct exchange *x, const struct quality *q)
{
    static const enum text columns[] = {TEXT_MINISTRY_REASON, TEXT_OPERATOR_ROWS};
    if (!quality_bad(&q->all))
        return;
    reports_table(x, TEXT_REPORTS_REASONS, columns, 2);
    for (int k = SEEN_ROW; k <= SEEN_OTHER; k++) {
        if (!q->all.of[k])
            continue;
        html_put(x, "<tr><th scope=\"row\"><code>");
        html_put(x, seen_count_name((enum seen_count)k));
        html_put(x, "</code></th><td>");
        reports_number(x, q->all.of[k]);
        html_put(x, "</td></tr>\n");
    }
    reports_table_end(x);
}

static enum err quality(struct exchange *x, struct visit *v, struct str name)
{
    static const enum text columns[] = {TEXT_REPORTS_TREND, TEXT_OPERATOR_ROWS,
                                        TEXT_REPORTS_SET_ASIDE};
    struct registry *reg = v->office.registry;
    struct quality q;
    enum err err = quality_read(reg, registry_party_id(reg, PARTY_OPERATOR, name), DAYNUM_NONE,
                                DAYNUM_NONE, &q, &v->fault);
    if (err)
        return err;
    reports_heading(x, TEXT_REPORTS_QUALITY);
    html_put(x, "<ul>\n");
    for (int i = 0; i < QUALITY_FINDINGS; i++) {
        if (!(q.findings & 1u << i))
            continue;
        html_put(x, "<li>");
        html_say_key(x, "quality", quality_finding_name((enum quality_finding)i), NULL);
        html_put(x, "</li>\n");
    }
    if (!q.findings) {
        html_put(x, "<li>");
        html_say(x, TEXT_QUALITY_OK);
        html_put(x, "</li>\n");
    }
    html_put(x, "</ul>\n");
    if (q.newest != DAYNUM_NONE) {
        reports_table(x, TEXT_REPORTS_PER_DAY, columns, 3);
        level(x, TEXT_REPORTS_LAST_WEEK, &q.late);
        level(x, TEXT_REPORTS_BEFORE, &q.early);
        reports_table_end(x);
        quality_reasons(x, &q);
        quality_days(x, &q);
    }
    quality_release(&q);
    return ERR_OK;
}

/* ---- the pages ---- */

static void back_link(struct exchange *x, const struct visit *v)
{
    html_put(x, "<p class=\"caption\">");
    if (v->who.role == ROLE_OPERATOR)
        cabinet_link(x, "", "/operator", TEXT_OPERATOR_HEADING);
    else
        cabinet_link(x, "", "/operators", TEXT_REPORTS_HEADING);
    html_put(x, "</p>\n");
}

static void counted(struct exchange *x, const struct visit *v, const struct reports *r)
{
    html_put(x, "<p class=\"caption\">");
    html_say(x, r ? TEXT_MINISTRY_COUNTED : TEXT_MINISTRY_NOT_YET);
    html_put(x, r ? ": " : "");
    screen_time(x, v, r ? r->at_s : 0);
    html_put(x, "</p>\n");
}

static void all_operators(struct exchange *x, const struct visit *v, const struct reports *r,
                          const struct standings *s)
{
    if (!r->count)
        reports_tell(x, TEXT_REPORTS_NONE);
    html_put(x, r->count ? "<ul class=\"sessions\">\n" : "");
    for (size_t i = 0; i < r->count; i++) {
        const struct str name = str_z(r->operators[i].name);
        char path[PATH];
        path_of(name, "/operators/", "", path);
        html_put(x, "<li>\n<h2><a href=\"");
        html_url(x, path);
        html_put(x, "\">");
        html_text(x, screen_body(x, name));
        html_put(x, "</a></h2>\n");
        standings_of(x, v, s, name);
        violations_short(x, &r->operators[i]);
        html_put(x, "</li>\n");
    }
    html_put(x, r->count ? "</ul>\n" : "");
}

void screen_operators(struct exchange *x)
{
    struct visit v;
    struct standings s = {0};
    if (!screen_visit(x, staff, false, &v))
        return;
    const struct reports *r = reports_take(portal_reports(v.portal));
    enum err err = take_standings(x, &s);
    if (err) {
        apply_fail(x, &v, err);
    } else {
        screen_begin(x, &v, TEXT_REPORTS_HEADING, "/operators");
        html_put(x, "<h1>");
        html_say(x, TEXT_REPORTS_HEADING);
        html_put(x, "</h1>\n<p class=\"lead\">");
        html_say(x, TEXT_REPORTS_LEAD);
        html_put(x, "</p>\n<p class=\"ways\">");
        cabinet_link(x, "", "/findings", TEXT_REPORTS_FINDINGS);
        html_put(x, "<a download href=\"/api/v1/violations.csv\">");
        html_say(x, TEXT_REPORTS_TABLE);
        html_put(x, "</a></p>\n");
        counted(x, &v, r);
        if (r)
            all_operators(x, &v, r, &s);
        screen_end(x);
    }
    free(s.all);
    reports_give(portal_reports(v.portal), r);
    portal_leave(&v);
}

static enum err may_see(struct exchange *x, struct visit *v)
{
    struct str own;
    if (!x->param.n || x->param.n > LIMIT_NAME || !str_printable(x->param))
        return ERR_NOT_FOUND;
    if (v->who.role != ROLE_OPERATOR)
        return ERR_OK;
    enum err err = operator_name(v, &own, &v->fault);
    if (!err && !str_eq(own, x->param)) {
        err = ERR_ROLE;
        portal_note(v, AUDIT_REFUSED, 0, 0, err);
    }
    return err;
}

static enum err one_operator(struct exchange *x, struct visit *v, const struct reports *r,
                             const struct standings *s)
{
    char path[PATH];
    const struct str name = x->param;
    path_of(name, "/operators/", "", path);
    screen_begin(x, v, TEXT_REPORTS_OWN, path);
    back_link(x, v);
    html_put(x, "<h1>");
    html_text(x, screen_body(x, name));
    html_put(x, "</h1>\n");
    reports_heading(x, TEXT_REPORTS_LISTS);
    standings_of(x, v, s, name);
    violations(x, r ? reports_find(r, name) : NULL, name);
    counted(x, v, r);
    enum err err = quality(x, v, name);
    if (!err)
        screen_end(x);
    return err;
}

void screen_operators_one(struct exchange *x)
{
    struct visit v;
    struct standings s = {0};
    if (!screen_visit(x, staff | ROLE_BIT(ROLE_OPERATOR), false, &v))
        return;
    const struct reports *r = reports_take(portal_reports(v.portal));
    enum err err = may_see(x, &v);
    if (!err)
        err = take_standings(x, &s);
    if (!err)
        err = one_operator(x, &v, r, &s);
    if (!err)
        portal_note(&v, AUDIT_CHECK, registry_party_id(v.office.registry, PARTY_OPERATOR, x->param),
                    0, err);
    if (err)
        apply_fail(x, &v, err);
    free(s.all);
    reports_give(portal_reports(v.portal), r);
    portal_leave(&v);
}
