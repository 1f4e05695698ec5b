/* SPDX-License-Identifier: Apache-2.0
 *
 * One application, for its applicant: what was asked, what became of each device and why, the clock, what
 * can still be done. Acts have a page of their own each (screen_case_act.c). */
#include "cases/correction.h"
#include "face/page_answer.h"
#include "portal/cabinet.h"
#include "portal/papers_form.h"
#include "portal/screen_files.h"
#include "portal/screens.h"

enum { LOOKS_EVERY_S = 10 };

/* ---- reading it for a request ---- */

/* False: it is answered already. */
bool case_stand(struct exchange *x, bool changes, struct visit *v, struct application *a)
{
    uint64_t id = 0;
    if (!application_number_parse(x->param, &id)) {
        screen_fail(x, ERR_NOT_FOUND);
        return false;
    }
    if (!screen_visit(x, ROLES_APPLICANT, changes, v))
        return false;
    enum err err = filing_get(&v->office, &v->who, id, a, NULL);
    if (!err)
        return true;
    apply_fail(x, v, err);
    portal_leave(v);
    return false;
}

void case_leave(struct visit *v, struct application *a)
{
    application_release(a);
    portal_leave(v);
}

/* ---- rows ---- */

static void row(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

static void row_end(struct exchange *x)
{
    html_put(x, "</dd></div>\n");
}

static void text_row(struct exchange *x, enum text label, const char *value)
{
    if (!*value)
        return;
    row(x, label);
    html_text(x, str_z(value));
    row_end(x);
}

static void number_row(struct exchange *x, const struct application *a)
{
    char number[APPLICATION_NUMBER_TEXT];
    application_number(a, number);
    row(x, TEXT_CABINET_ROW_NUMBER);
    html_put(x, "<span class=\"number\">");
    html_text(x, str_z(number));
    html_put(x, "</span>");
    row_end(x);
}

static void receipt_row(struct exchange *x, const struct application *a)
{
    row(x, TEXT_CABINET_ROW_RECEIPT);
    html_put(x, "<span class=\"number\">");
    html_text(x, str_z(a->receipt));
    html_put(x, "</span><br><span class=\"hint\">");
    html_say(x, TEXT_CABINET_ROW_RECEIPT_HINT);
    html_put(x, "</span>");
    row_end(x);
}

static void asked_rows(struct exchange *x, const struct visit *v, const struct application *a)
{
    row(x, TEXT_CABINET_ROW_FILED);
    screen_time(x, v, a->filed_s);
    row_end(x);
    if (daynum_is_day(a->entered)) {
        row(x, TEXT_APPLY_ROW_ENTERED);
        text_date(x->out, x->lang, a->entered);
        row_end(x);
    }
    if (*a->country) {
        row(x, TEXT_APPLY_ROW_COUNTRY);
        screen_country(x, a->country);
        row_end(x);
    }
    if (a->way == WAY_GIFT) {
        row(x, TEXT_APPLY_ROW_CONSENT);
        html_say(x, a->consented_s ? TEXT_APPLY_CONSENT_GIVEN : TEXT_APPLY_CONSENT_NONE);
        row_end(x);
    }
    text_row(x, a->way == WAY_PARCEL ? TEXT_APPLY_DOCUMENT_PARCEL : TEXT_APPLY_DOCUMENT,
             a->document);
}

/* Of a correction: what it corrects, and what was wrong. */
static void correction_rows(struct exchange *x, const struct application *a)
{
    char number[APPLICATION_NUMBER_TEXT], path[APPLY_PATH];
    if (!a->corrects)
        return;
    application_number_corrected(a, number);
    snprintf(path, sizeof path, "/cabinet/%s", number);
    row(x, TEXT_CORRECTION_ROW_OF);
    html_put(x, "<a class=\"number\" href=\"");
    html_url(x, path);
    html_put(x, "\">");
    html_text(x, str_z(number));
    html_put(x, "</a>");
    row_end(x);
    row(x, TEXT_CORRECTION_HEADING);
    html_say_key(x, "correction", "ground", ground_name(a->ground));
    row_end(x);
}

/* Corrections of an approved application, the first one first. */
static void corrections(struct exchange *x, const struct visit *v, const struct application *a)
{
    enum { SHOWN = 50 };
    uint64_t ids[SHOWN];
    size_t n = 0;
    enum err err = correction_list(v->office.registry, a->id, 0, ids, SHOWN, &n, NULL);
    if (err || !n)
        return;
    html_put(x, "<section class=\"filed\">\n<h2>");
    html_say(x, TEXT_CORRECTION_LIST);
    html_put(x, "</h2>\n<ul>\n");
    for (size_t i = 0; i < n; i++) {
        struct application one;
        char number[APPLICATION_NUMBER_TEXT], path[APPLY_PATH];
        if (application_get(v->office.registry, ids[i], &one, NULL))
            continue;
        application_number(&one, number);
        cabinet_path(&one, "", path);
        html_put(x, "<li><a class=\"number\" href=\"");
        html_url(x, path);
        html_put(x, "\">");
        html_text(x, str_z(number));
        html_put(x, "</a> ");
        html_say_key(x, "correction", "ground", ground_name(one.ground));
        html_put(x, " ");
        cabinet_state(x, one.state);
        html_put(x, "</li>\n");
        application_release(&one);
    }
    html_put(x, "</ul>\n</section>\n");
}

/* ---- a device ---- */

/* The public page says how it stands now; by a form, so that no address keeps the IMEI. */
static void check_button(struct exchange *x, struct imei imei)
{
    char digits[IMEI_TEXT15];
    imei_format15(imei, digits);
    html_put(x, "<form class=\"inline\" method=\"post\" action=\"");
    html_check_url(x);
    html_put(x, "\"><input type=\"hidden\" name=\"imei\" value=\"");
    html_put(x, digits);
    html_put(x, "\"><button class=\"link\">");
    html_say(x, TEXT_CABINET_CHECK_IMEI);
    html_put(x, "<span class=\"heard\">");
    for (size_t i = 0; digits[i]; i++) { /* one by one, as page_imei */
        html_put(x, " ");
        html_text(x, (struct str){digits + i, 1});
    }
    html_put(x, "</span></button></form>");
}

static void imeis(struct exchange *x, enum text label, const struct imei *list, unsigned n)
{
    if (!n)
        return;
    row(x, label);
    html_put(x, "<ul class=\"codes\">\n");
    for (unsigned i = 0; i < n; i++) {
        html_put(x, "<li>");
        page_imei(x, list[i]);
        html_put(x, " ");
        check_button(x, list[i]);
        html_put(x, "</li>\n");
    }
    html_put(x, "</ul>");
    row_end(x);
}

/* What became of it: of one that was refused why, and what to bring. */
static void outcome(struct exchange *x, const struct application *a, const struct case_device *d)
{
    const char *why = refusal_name(d->refusal);
    row(x, TEXT_CABINET_ROW_OUTCOME);
    if (d->decided) {
        cabinet_state(x, d->approved ? APPLICATION_APPROVED : APPLICATION_REFUSED);
    } else {
        cabinet_state(x, a->state);
    }
    row_end(x);
    if (!d->decided || d->approved || !*why)
        return;
    row(x, TEXT_FIELD_REASON);
    html_put(x, "<strong>");
    html_say_key(x, "refusal", why, NULL);
    html_put(x, "</strong><br>");
    html_say_key(x, "refusal", why, "bring");
    row_end(x);
}

static void devices(struct exchange *x, const struct application *a)
{
    for (size_t i = 0; i < a->device_count; i++) {
        const struct case_device *d = &a->devices[i];
        char n[24];
        snprintf(n, sizeof n, "%zu", i + 1);
        html_put(x, "<section class=\"filed\">\n<h2>");
        html_say_with(x, TEXT_APPLY_DEVICE, "n", str_z(n));
        html_put(x, "</h2>\n<dl>\n");
        row(x, TEXT_APPLY_MODEL);
        apply_say_device(x, d);
        row_end(x);
        imeis(x,
              a->corrects                  ? TEXT_CORRECTION_ROW_AFTER
              : a->kind == APPROVAL_REPAIR ? TEXT_APPLY_ROW_NEW
                                           : TEXT_APPLY_ROW_IMEI,
              d->is.imeis, d->is.count);
        imeis(x, a->corrects ? TEXT_CORRECTION_ROW_LEAVES : TEXT_APPLY_ROW_OLD, d->is.old,
              d->is.old_count);
        outcome(x, a, d);
        html_put(x, "</dl>\n</section>\n");
    }
}

/* ---- what was attached ---- */

static void papers(struct exchange *x, const struct application *a)
{
    if (!a->paper_count)
        return;
    html_put(x, "<section class=\"filed\">\n<h2>");
    html_say(x, TEXT_PAPERS_TITLE);
    html_put(x, "</h2>\n<ul class=\"devices papers\">\n");
    for (size_t i = 0; i < a->paper_count; i++) {
        html_put(x, "<li><div>");
        papers_say(x, &a->papers[i]);
        html_put(x, "</div></li>\n");
    }
    html_put(x, "</ul>\n</section>\n");
}

/* ---- its life so far ---- */

static void events(struct exchange *x, const struct visit *v, const struct application *a)
{
    html_put(x, "<section>\n<h2>");
    html_say(x, TEXT_CABINET_HISTORY);
    html_put(x, "</h2>\n<ol class=\"life\">\n");
    for (size_t i = a->event_count; i > 0; i--) {
        const struct case_event *e = &a->events[i - 1];
        html_put(x, "<li><span class=\"hint\">");
        screen_time(x, v, e->time_s);
        html_put(x, "</span><br>");
        cabinet_state(x, e->state);
        if (*e->note) {
            html_put(x, "<blockquote>");
            html_text(x, str_z(e->note));
            html_put(x, "</blockquote>");
        }
        html_put(x, "</li>\n");
    }
    html_put(x, "</ol>\n</section>\n");
}

/* What an officer wrote last: which papers, or why. */
const char *case_last_note(const struct application *a)
{
    for (size_t i = a->event_count; i > 0; i--)
        if (a->events[i - 1].state == a->state)
            return a->events[i - 1].note;
    return "";
}

static void acts(struct exchange *x, const struct visit *v, const struct application *a)
{
    char path[APPLY_PATH];
    bool may = filing_may_act(a, &v->who);
    bool papers = may && a->state == APPLICATION_PAPERS_ASKED;
    bool may_appeal = may && filing_may_appeal(a);
    daynum keeps = filing_appeal_keeps(&v->office, a);
    if (may_appeal && registry_today(v->office.registry) <= keeps) {
        html_put(x, "<p class=\"note\">");
        html_say_day(x, TEXT_CABINET_APPEAL_KEEPS, keeps);
        html_put(x, "</p>\n");
    }
    html_put(x, "<p class=\"ways\">");
    if (papers) {
        cabinet_path(a, "/answer", path);
        cabinet_link(x, "main", path, TEXT_CABINET_TASK_ANSWER);
    }
    if (may_appeal) {
        cabinet_path(a, "/appeal", path);
        cabinet_link(x, "main", path, TEXT_CABINET_APPEAL);
    }
    if (may && correction_open(a)) {
        cabinet_path(a, "/correct", path);
        cabinet_link(x, "", path, TEXT_CORRECTION_LINK);
    }
    if (may && application_open(a)) {
        cabinet_path(a, "/withdraw", path);
        cabinet_link(x, "", path, TEXT_CABINET_WITHDRAW);
    }
    cabinet_path(a, "/filed", path);
    cabinet_link(x, "", path, TEXT_CABINET_RECEIPT_PAGE);
    html_put(x, "</p>\n");
}

/* ---- GET /cabinet/NUMBER ---- */

/* Who could not be asked yet, in the desk's words. */
static void waits_for(struct exchange *x, const struct application *a)
{
    const char *names[CHECKS_SOURCES];
    size_t n = 0;
    checks_waits_for(a, names, &n);
    if (!n)
        return;
    html_put(x, "<p class=\"note\">");
    for (size_t i = 0; i < n; i++) {
        char finding[32];
        snprintf(finding, sizeof finding, "%s_not_asked", names[i]);
        html_say_key(x, "desk.found", finding, NULL);
        html_put(x, ". ");
    }
    html_say(x, TEXT_CABINET_WAITS);
    html_put(x, "</p>\n");
}

static void head(struct exchange *x, const struct visit *v, const struct application *a)
{
    const char *note = case_last_note(a);
    html_put(x, "<article class=\"answer ");
    html_put(x, cabinet_look(a->state));
    html_put(x, "\">\n<header>");
    bool waits = a->state == APPLICATION_CHECKING || a->state == APPLICATION_DECIDING;
    html_sign(x, waits ? "grey" : cabinet_look(a->state));
    html_put(x, "<div><h2>");
    html_say_key(x, "cabinet", "state", application_state_name(a->state));
    html_put(x, "</h2><p>");
    cabinet_clock(x, v, a);
    html_put(x, "</p></div></header>\n<div class=\"body\"><p>");
    html_say_key(x, "cabinet", "now", application_state_name(a->state));
    html_put(x, "</p>\n");
    waits_for(x, a);
    if (*note && a->state != APPLICATION_CHECKING) {
        html_put(x, "<blockquote>");
        html_text(x, str_z(note));
        html_put(x, "</blockquote>\n");
    }
    acts(x, v, a);
    html_put(x, "</div>\n</article>\n");
}

void screen_case(struct exchange *x)
{
    struct visit v;
    struct application a;
    char path[APPLY_PATH];
    if (!case_stand(x, false, &v, &a))
        return;
    cabinet_path(&a, "", path);
    if (a.state == APPLICATION_DECIDING && !screen_still(x)) /* seconds, mostly */
        snprintf(x->response->refresh, sizeof x->response->refresh, "%d", LOOKS_EVERY_S);
    screen_begin(x, &v, TEXT_CABINET_APPLICATION, path);
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/cabinet", TEXT_CABINET_HEADING);
    html_put(x, " · ");
    apply_say_kind(x, a.kind);
    html_put(x, "</p>\n<h1>");
    cabinet_devices(x, &a);
    html_put(x, "</h1>\n");
    head(x, &v, &a);
    files_case(x, &v, &a);
    devices(x, &a);
    corrections(x, &v, &a);
    html_put(x, "<section class=\"filed\">\n<h2>");
    html_say(x, TEXT_CABINET_APPLICATION);
    html_put(x, "</h2>\n<dl>\n");
    number_row(x, &a);
    receipt_row(x, &a);
    correction_rows(x, &a);
    asked_rows(x, &v, &a);
    html_put(x, "</dl>\n</section>\n");
    papers(x, &a);
    events(x, &v, &a);
    screen_end(x);
    case_leave(&v, &a);
}

/* ---- GET /cabinet/NUMBER/filed: the receipt, to be printed ---- */

void screen_filed(struct exchange *x)
{
    static const enum text next[] = {TEXT_CABINET_NEXT_CHECKS, TEXT_CABINET_NEXT_OFFICER,
                                     TEXT_CABINET_NEXT_SERVICE};
    struct visit v;
    struct application a;
    char path[APPLY_PATH];
    if (!case_stand(x, false, &v, &a))
        return;
    cabinet_path(&a, "/filed", path);
    screen_begin(x, &v, TEXT_CABINET_FILED, path);
    html_put(x, "<h1>");
    html_say(x, TEXT_CABINET_FILED);
    html_put(x, "</h1>\n");
    screen_receipt_head(x, str_z(a.receipt));
    html_put(x, "<dl>\n");
    number_row(x, &a);
    text_row(x, TEXT_CABINET_ROW_WHO, *v.who.organisation ? v.who.organisation : v.who.name);
    row(x, TEXT_CABINET_ROW_KIND);
    apply_say_kind(x, a.kind);
    row_end(x);
    correction_rows(x, &a);
    row(x, TEXT_CABINET_ROW_STATE);
    cabinet_state(x, a.state);
    html_put(x, "<br>");
    cabinet_clock(x, &v, &a);
    row_end(x);
    asked_rows(x, &v, &a);
    html_put(x, "</dl>\n</article>\n");
    files_case(x, &v, &a);
    devices(x, &a);
    html_put(x, "<h2>");
    html_say(x, TEXT_CABINET_NEXT);
    html_put(x, "</h2>\n<ol>\n");
    for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
        html_put(x, "<li>");
        html_say(x, next[i]);
        html_put(x, "</li>\n");
    }
    html_put(x, "</ol>\n<p class=\"ways\">");
    cabinet_path(&a, "", path);
    cabinet_link(x, "main", path, TEXT_CABINET_OPEN);
    cabinet_link(x, "", "/cabinet", TEXT_CABINET_HEADING);
    html_put(x, "</p>\n");
    screen_end(x);
    case_leave(&v, &a);
}
