/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings by page: phones in use whose TAC is missing, a test TAC or was allocated later, radio that a model does not have,
 * fleets. Counts by month, model and operator; nothing is decided by them. */
#include <inttypes.h>

#include "portal/reports_worker.h"
#include "portal/screen_marks.h"
#include "portal/screen_reports.h"
#include "portal/screens.h"
#include "seen/odd_json.h"

static const uint32_t staff =
    ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_MINISTRY) | ROLE_BIT(ROLE_ADMIN);

static void row_open(struct exchange *x)
{
    html_put(x, "<tr><th scope=\"row\">");
}

static void row_number(struct exchange *x, uint64_t n)
{
    html_put(x, "</th><td>");
    reports_number(x, n);
    html_put(x, "</td></tr>\n");
}

static void model(struct exchange *x, const struct registry *reg, uint32_t tac)
{
    char digits[16];
    struct tac_info info = {.brand = STR(""), .model = STR("")};
    snprintf(digits, sizeof digits, "%08" PRIu32, tac);
    (void)tac_find(reg->tac, tac, &info);
    html_put(x, "<code>");
    html_put(x, digits);
    html_put(x, "</code> ");
    html_text(x, info.brand);
    html_put(x, " ");
    html_text(x, info.model);
}

static void by_month(struct exchange *x, const struct odd_tacs *odd, const struct odd_kind *kind)
{
    static const enum text columns[] = {TEXT_REPORTS_MONTH, TEXT_REPORTS_IMEIS};
    reports_table(x, TEXT_REPORTS_BY_MONTH, columns, 2);
    for (unsigned back = 0; back < ODD_MONTHS; back++) {
        char month[ODD_MONTH_TEXT];
        if (!kind->months[back])
            continue;
        odd_month_format(odd, back, month);
        row_open(x);
        html_put(x, month);
        row_number(x, kind->months[back]);
    }
    reports_table_end(x);
}

static void by_model(struct exchange *x, const struct registry *reg, const struct odd_kind *kind)
{
    static const enum text columns[] = {TEXT_REPORTS_MODEL, TEXT_REPORTS_IMEIS};
    reports_table(x, TEXT_REPORTS_BY_MODEL, columns, 2);
    for (uint32_t i = 0; i < kind->models.n; i++) {
        row_open(x);
        model(x, reg, kind->models.list[i].tac);
        row_number(x, kind->models.list[i].imeis);
    }
    reports_table_end(x);
}

static void by_operator(struct exchange *x, const struct odd_tacs *odd, unsigned k)
{
    static const enum text columns[] = {TEXT_REPORTS_OPERATOR, TEXT_REPORTS_IMEIS};
    const struct group_list *list = &odd->groups.operators;
    unsigned told = 0;
    for (unsigned i = 0; list->told && i < list->n; i++)
        told += list->list[i].imeis[k] >= GROUPS_LEAST;
    if (!told)
        return;
    reports_table(x, TEXT_REPORTS_BY_OPERATOR, columns, 2);
    for (unsigned i = 0; i < list->n; i++) {
        if (list->list[i].imeis[k] < GROUPS_LEAST)
            continue;
        row_open(x);
        html_text(x, screen_body(x, str_z(list->list[i].name)));
        row_number(x, list->list[i].imeis[k]);
    }
    reports_table_end(x);
}

static void kind(struct exchange *x, const struct registry *reg, const struct odd_tacs *odd,
                 unsigned k)
{
    static const enum text says[ODD_KINDS] = {TEXT_REPORTS_TAC_MISSING, TEXT_REPORTS_TAC_TEST,
                                              TEXT_REPORTS_TAC_LATER};
    reports_heading(x, says[k]);
    if (k != ODD_TEST && !(k == ODD_MISSING ? odd->has_list : odd->has_details)) {
        reports_tell(x, k == ODD_MISSING ? TEXT_REPORTS_NO_LIST : TEXT_REPORTS_NO_DETAILS);
        return;
    }
    html_put(x, "<dl>\n");
    marks_row(x, TEXT_REPORTS_IMEIS);
    reports_number(x, odd->kinds[k].imeis);
    marks_row_end(x);
    html_put(x, "</dl>\n");
    if (!odd->kinds[k].imeis)
        return;
    by_month(x, odd, &odd->kinds[k]);
    by_model(x, reg, &odd->kinds[k]);
    by_operator(x, odd, k);
}

/* ---- radio ---- */

static void radio_names(struct exchange *x, unsigned radio)
{
    for (unsigned k = 0, told = 0; k < RADIO_KINDS; k++) {
        if (!(radio >> k & 1))
            continue;
        html_put(x, told++ ? ", " : "");
        html_put(x, radio_name(k));
    }
}

static void radio(struct exchange *x, const struct registry *reg, const struct odd_tacs *odd)
{
    static const enum text columns[] = {TEXT_REPORTS_MODEL, TEXT_REPORTS_SEEN, TEXT_OPERATOR_ROWS};
    static const enum text wrong_columns[] = {TEXT_REPORTS_OPERATOR, TEXT_OPERATOR_ROWS};
    reports_heading(x, TEXT_REPORTS_RADIO_WRONG);
    if (!odd->has_details) {
        reports_tell(x, TEXT_REPORTS_NO_DETAILS);
        return;
    }
    html_put(x, "<dl>\n");
    marks_row(x, TEXT_REPORTS_TACS);
    reports_number(x, odd->wrong_tacs);
    marks_row_end(x);
    html_put(x, "</dl>\n");
    if (!odd->wrong_n)
        return;
    reports_table(x, TEXT_REPORTS_BY_MODEL, columns, 3);
    for (unsigned i = 0; i < odd->wrong_n; i++) {
        row_open(x);
        model(x, reg, odd->wrong[i].tac);
        html_put(x, "</th><td>");
        radio_names(x, odd->wrong[i].radio);
        html_put(x, "</td><td>");
        reports_number(x, odd->wrong[i].rows);
        html_put(x, "</td></tr>\n");
    }
    reports_table_end(x);
    reports_table(x, TEXT_REPORTS_RADIO_BY_OPERATOR, wrong_columns, 2);
    for (unsigned i = 0; i < odd->operators; i++) {
        uint64_t rows = 0;
        for (unsigned k = 0; k < RADIO_KINDS; k++)
            rows += odd->radio[i].wrong[k];
        row_open(x);
        html_text(x, screen_body(x, str_z(odd->radio[i].name)));
        row_number(x, rows);
    }
    reports_table_end(x);
}

static void fleets(struct exchange *x, const struct reports *r)
{
    static const enum text columns[] = {TEXT_REPORTS_MONTH, TEXT_MINISTRY_COUNT};
    uint64_t all = 0;
    reports_heading(x, TEXT_REPORTS_FLEETS);
    html_put(x, "<dl>\n");
    marks_row(x, TEXT_MINISTRY_COUNT);
    reports_number(x, r->fleets);
    marks_row_end(x);
    html_put(x, "</dl>\n");
    for (size_t i = 0; i < r->months; i++)
        all += r->month[i].moved[CLONE_FLEET];
    if (!all)
        return;
    reports_table(x, TEXT_REPORTS_FLEETS_BY_MONTH, columns, 2);
    for (size_t i = 0; i < r->months; i++) {
        char month[16];
        if (!r->month[i].moved[CLONE_FLEET])
            continue;
        snprintf(month, sizeof month, "%04d-%02d", r->month[i].year % 10000,
                 r->month[i].month % 100);
        row_open(x);
        html_put(x, month);
        row_number(x, r->month[i].moved[CLONE_FLEET]);
    }
    reports_table_end(x);
}

void screen_findings(struct exchange *x)
{
    struct visit v;
    if (!screen_visit(x, staff, false, &v))
        return;
    const struct reports *r = reports_take(portal_reports(v.portal));
    screen_begin(x, &v, TEXT_REPORTS_FINDINGS, "/findings");
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/operators", TEXT_REPORTS_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_REPORTS_FINDINGS);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_REPORTS_FINDINGS_LEAD);
    html_put(x, "</p>\n<p class=\"ways\"><a download href=\"/api/v1/findings.csv\">");
    html_say(x, TEXT_MINISTRY_TABLE);
    html_put(x, "</a></p>\n<p class=\"caption\">");
    html_say(x, r ? TEXT_MINISTRY_COUNTED : TEXT_MINISTRY_NOT_YET);
    html_put(x, r ? ": " : "");
    screen_time(x, &v, r ? r->at_s : 0);
    html_put(x, "</p>\n");
    for (unsigned k = 0; r && k < ODD_KINDS; k++)
        kind(x, v.office.registry, &r->odd, k);
    if (r) {
        radio(x, v.office.registry, &r->odd);
        fleets(x, r);
    }
    screen_end(x);
    reports_give(portal_reports(v.portal), r);
    portal_leave(&v);
}
